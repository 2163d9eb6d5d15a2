"""What runs are called: names that are folders on every system, and that nobody takes for one another."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from mapgap.errors import InputError

LONGEST_NAME = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*", re.ASCII)
_SUFFIXES = (".gz", ".json", ".jsonl", ".bbox", ".segm")
_TAKEN = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
"""Names that Windows keeps for devices, with any ending."""
RULE = "Names have letters, digits and . _ + - and begin with a letter or digit, as in big=big.json"


def is_run_name(name: str) -> bool:
    """Whether a run may be called so."""
    is_plain = _NAME.fullmatch(name) is not None and len(name) <= LONGEST_NAME
    return is_plain and not name.endswith(".") and name.split(".")[0].lower() not in _TAKEN


def checked_run_names(names: Iterable[object]) -> tuple[str, ...]:
    """The names. Raises InputError for one that cannot be a folder, or two that differ in capitals at most."""
    known: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not is_run_name(name):
            raise InputError(f"a run cannot be called {name!r}", fix=RULE)
        if name.lower() in known:
            both = f"{known[name.lower()]} and {name}" if known[name.lower()] != name else name
            raise InputError(f"two runs are called {both}", fix="Give each a name of its own, as in big=big.json")
        known[name.lower()] = name
    if not known:
        raise InputError("there is no run", fix="Give at least one, as in {'big': 'big.json'}")
    return tuple(known.values())


def names_of_files(paths: Sequence[str]) -> tuple[str, ...]:
    """A name for each file: what it is called without its ending, behind that of its folder where that is not enough.

    Signs that a name cannot have become "-".
    """
    own = [_plain(_stem(PurePath(path).name)) for path in paths]
    times = Counter(name.lower() for name in own)
    with_folder = [_plain(f"{PurePath(path).parent.name}-{name}") for path, name in zip(paths, own, strict=True)]
    return tuple(longer if times[name.lower()] > 1 else name for name, longer in zip(own, with_folder, strict=True))


def _stem(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
    return name


def _plain(text: str) -> str:
    """The text as a name; "run" where nothing of it can stay."""
    plain = re.sub(r"[^A-Za-z0-9._+-]+", "-", text).strip(".-_+")[:LONGEST_NAME].rstrip(".")
    if not plain:
        return "run"
    return plain if is_run_name(plain) else f"run-{plain}"[:LONGEST_NAME]
