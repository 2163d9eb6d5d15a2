"""A folder written whole or not at all: under a temporary name beside its place, then renamed."""

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

from mapgap.errors import AccessError

SCHEMA_PREFIX = "mapgap/"


def write_folder(output: str | os.PathLike[str], files: Iterable[tuple[str, bytes]], *, known: Collection[str]) -> Path:
    """The folder's path, holding `files` (relative name, content) and nothing else.

    A folder that is there already is replaced if it is empty, or holds a mapgap summary and only entries named in
    `known`; anything else raises AccessError and is left alone, as it is if writing fails.
    """
    target = Path(output)
    _require_replaceable(target, known)
    parent = target.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=parent))
    except OSError as error:
        raise _cannot_write(parent, error) from error
    try:
        for name, content in files:
            place = fresh / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        fresh.chmod(0o777 & ~_umask())
        _put_in_place(fresh, target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _require_replaceable(target: Path, known: Collection[str]) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if target.is_symlink() or not target.is_dir():
        raise AccessError(f"{target} is there and is not a folder. Choose another output folder with -o")
    try:
        entries = sorted(entry.name for entry in target.iterdir())
    except OSError as error:
        raise AccessError(f"cannot read {target}: {error.strerror}. Choose another output folder with -o") from error
    strangers = [name for name in entries if name not in known]
    if strangers or (entries and not _is_ours(target)):
        reason = f"it holds {strangers[0]!r}" if strangers else "it holds no mapgap summary"
        raise AccessError(f"{target} is not a mapgap folder ({reason}). Choose another output folder with -o")


def _is_ours(folder: Path) -> bool:
    for candidate in (folder / "summary.json", folder / "report" / "summary.json"):
        try:
            summary = json.loads(candidate.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(summary, dict) and str(summary.get("schema", "")).startswith(SCHEMA_PREFIX):
            return True
    return False


def _put_in_place(fresh: Path, target: Path) -> None:
    if not target.exists():
        fresh.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.absolute().parent))
    target.rename(old / target.name)
    try:
        fresh.rename(target)
    except OSError:
        (old / target.name).rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cannot_write(place: Path, error: OSError) -> AccessError:
    return AccessError(f"cannot write {place}: {error.strerror or error}. Choose another output folder with -o")
