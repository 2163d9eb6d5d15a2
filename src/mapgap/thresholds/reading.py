"""Score thresholds one a class, as a file or a mapping gives them, and as the classes of the data have them."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mapgap.alikeness import listed, most_alike_first
from mapgap.errors import InputError
from mapgap.tables import Categories, ClassThreshold, ClassThresholds

SCHEMA = "mapgap/thresholds/1"
EXAMPLE = '{"person": 0.4, "car": 0.35}'
FORMS = f"Give what mapgap thresholds writes, or a score for each class, as in {EXAMPLE}"


@dataclass(frozen=True)
class NamedThreshold:
    """One class of a file, by name, and by id where the file has it; None for a class left to the threshold for all."""

    id: int | None
    name: str
    score_threshold: float | None


@dataclass(frozen=True)
class GivenThresholds:
    """One entry a class that was named, and the threshold of all others."""

    source: str | None
    """Name of the file."""
    sha256: str | None
    for_all: float | None
    classes: tuple[NamedThreshold, ...]


def parse_thresholds(text: bytes, source: str, sha256: str | None) -> GivenThresholds:
    """What a JSON file says: one of `mapgap thresholds`, or an object of class names and scores.

    Raises InputError for what is neither, naming file, place and value.
    """
    try:
        content = json.loads(text, object_pairs_hook=lambda pairs: _distinct(pairs, source))
    except RecursionError:
        raise InputError("the JSON is nested too deeply", file=source, fix=FORMS) from None
    except json.JSONDecodeError as error:
        raise InputError(f"is no JSON: {error}", file=source, fix=FORMS) from None
    except ValueError:  # Python reads no integer of thousands of digits
        raise InputError("an integer has thousands of digits", file=source, fix=FORMS) from None
    return thresholds_of_mapping(content, source, sha256)


def thresholds_of_mapping(content: object, source: str | None = None, sha256: str | None = None) -> GivenThresholds:
    """The same of what such a file holds, as Python values. Raises InputError."""
    if not isinstance(content, Mapping):
        _refuse(source, None, f"thresholds are {_shown(content)}, which names no class", FORMS)
    if isinstance(content.get("schema"), str):
        return _of_file(content, source, sha256)
    classes = (NamedThreshold(None, _name(name, source), _score(at, source, str(name))) for name, at in content.items())
    return GivenThresholds(source, sha256, None, tuple(classes))


def resolve_thresholds(given: GivenThresholds, categories: Categories) -> ClassThresholds:
    """One threshold for each category, in their order: its own, else that for all.

    A class is meant by its name; where several share one, by its id. Raises InputError for a class that there is not,
    for two entries of one, and for classes that are left without a threshold.
    """
    places: dict[str, list[int]] = {}
    for place, name in enumerate(categories.names):
        places.setdefault(name, []).append(place)
    scores: list[float | None] = [None] * len(categories.names)
    named: set[int] = set()
    for entry in given.classes:
        place = _place(entry, places, categories, given.source)
        if place in named:
            _refuse(given.source, None, f"two thresholds of class {entry.name!r}", "Keep one")
        named.add(place)
        scores[place] = entry.score_threshold
    found = [given.for_all if score is None else score for score in scores]
    without = [name for name, score in zip(categories.names, found, strict=True) if score is None]
    if without:
        what = f"no threshold for {len(without)} of {len(found)} classes: {listed(without)}"
        _refuse(given.source, None, what, 'Name every class, or give a threshold for the others as "all" of a '
                f'file with "schema": "{SCHEMA}"')  # fmt: skip
    rows = zip(categories.ids.tolist(), categories.names, found, strict=True)
    return ClassThresholds(
        given.source,
        given.sha256,
        tuple(ClassThreshold(*row) for row in rows if row[2] is not None),  # type: ignore[arg-type]
    )


def _of_file(content: Mapping[Any, Any], source: str | None, sha256: str | None) -> GivenThresholds:
    if content["schema"] != SCHEMA:
        _refuse(source, "schema", f"{content['schema']!r} is not {SCHEMA}", FORMS)
    classes = content.get("classes", [])
    if not isinstance(classes, list | tuple):
        _refuse(source, "classes", f"is {_shown(classes)} and no list", FORMS)
    entries = [_entry(entry, source, f"classes[{at}]") for at, entry in enumerate(classes)]
    return GivenThresholds(source, sha256, _score_or_none(content.get("all"), source, "all"), tuple(entries))


def _entry(entry: object, source: str | None, where: str) -> NamedThreshold:
    if not isinstance(entry, Mapping) or "name" not in entry:
        _refuse(
            source,
            where,
            f"is {_shown(entry)}, which names no class",
            'Give {"name": "person", "score_threshold": 0.4}',
        )
    identifier = entry.get("id")
    if identifier is not None and (isinstance(identifier, bool) or not isinstance(identifier, int)):
        _refuse(source, f"{where}.id", f"{_shown(identifier)} is no id", "Give a whole number, or leave it out")
    name = _name(entry["name"], source, f"{where}.name")
    return NamedThreshold(
        identifier, name, _score_or_none(entry.get("score_threshold"), source, f"{where}.score_threshold")
    )


def _name(name: object, source: str | None, where: str | None = None) -> str:
    if not isinstance(name, str):
        _refuse(source, where, f"{_shown(name)} is no name of a class", FORMS)
    return name


def _score_or_none(score: object, source: str | None, where: str) -> float | None:
    return None if score is None else _score(score, source, where)


def _score(score: object, source: str | None, where: str) -> float:
    is_number = not isinstance(score, bool) and (isinstance(score, int | float) or type(score).__module__ == "numpy")
    try:
        number = float(score) if is_number else math.nan  # type: ignore[arg-type]
    except (OverflowError, TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        _refuse(source, where, f"{_shown(score)} is no score threshold", "Give a finite number such as 0.4")
    return number


def _place(entry: NamedThreshold, places: Mapping[str, list[int]], categories: Categories, source: str | None) -> int:
    at = places.get(entry.name, [])
    if not at:
        alike = listed(most_alike_first(entry.name, categories.names))
        _refuse(source, None, f"there is no class {entry.name!r}", f"Classes: {alike}")
    of_id = [place for place in at if len(at) == 1 or categories.ids[place] == entry.id]
    if not of_id:
        ids = ", ".join(str(categories.ids[place]) for place in at)
        _refuse(source, None, f"{len(at)} classes are called {entry.name!r}", f'Give the "id" too, one of {ids}')
    return of_id[0]


def _distinct(pairs: Iterable[tuple[str, Any]], source: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            _refuse(source, None, f"{name!r} is there twice", "Keep one")
        found[name] = value
    return found


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refuse(source: str | None, where: str | None, what: str, fix: str) -> NoReturn:
    raise InputError(what, file=source or "thresholds", where=where, fix=fix)
