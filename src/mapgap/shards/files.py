"""From the patterns that a user gives to the files of the shards."""

import glob
import os
import stat
from collections.abc import Sequence

from mapgap.errors import AccessError, InputError
from mapgap.visible_text import visible


def shard_files(patterns: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """The files that the patterns name, sorted, each once; a folder stands for all files in it.

    A star does not match names that begin with a dot, and folders in a folder are passed over. AccessError for a
    pattern that names none, and for what is neither file nor folder.
    """
    given = [patterns] if isinstance(patterns, str | os.PathLike) else list(patterns)
    if not given:
        raise InputError("no shards are given", fix="Name their files, as in 'runs/*.parquet'")
    found: dict[str, str] = {}
    for pattern in map(os.fsdecode, given):
        paths = [path for path in sorted(_matching(pattern)) if not os.path.isdir(path)]
        if not paths:
            fix = "Give a path, a folder or a pattern such as 'runs/*.parquet'"
            raise AccessError(f"{visible(pattern)}: no file has such a name. {fix}")
        for path in paths:
            _require_file(path)
            found.setdefault(os.path.realpath(path), path)
    return tuple(sorted(found.values()))


def _matching(pattern: str) -> list[str]:
    if os.path.isdir(pattern):
        return glob.glob(os.path.join(glob.escape(pattern), "*"))
    if os.path.lexists(pattern):  # a name with brackets or stars of its own
        return [pattern]
    return glob.glob(pattern, recursive=True)


def _require_file(path: str) -> None:
    """A shard is read twice, so that it cannot be a pipe; one that cannot be looked at would be a shard less."""
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)
    except OSError as error:
        what = "a link that leads nowhere" if os.path.islink(path) else "cannot be looked at"
        raise AccessError(f"{visible(path)}: {what}: {error.strerror}. Mend it, or leave the name out") from None
    if not is_file:
        what = "is no file (a pipe, socket or device)"
        raise AccessError(f"{visible(path)}: {what}. Write the shard to a file there, or leave the name out")
