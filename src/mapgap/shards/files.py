"""From the patterns that a user gives to the files of the shards."""

import glob
import os
from collections.abc import Sequence

from mapgap.errors import AccessError, InputError
from mapgap.visible_text import visible


def shard_files(patterns: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> tuple[str, ...]:
    """The files that the patterns name, sorted, each once; a folder stands for all files in it.

    A star does not match names that begin with a dot. AccessError for a pattern that names none.
    """
    given = [patterns] if isinstance(patterns, str | os.PathLike) else list(patterns)
    if not given:
        raise InputError("no shards are given", fix="Name their files, as in 'runs/*.parquet'")
    found: dict[str, str] = {}
    for pattern in map(os.fsdecode, given):
        paths = [path for path in _matching(pattern) if os.path.isfile(path)]
        if not paths:
            fix = "Give a path, a folder or a pattern such as 'runs/*.parquet'"
            raise AccessError(f"{visible(pattern)}: no file has such a name. {fix}")
        for path in paths:
            found.setdefault(os.path.realpath(path), path)
    return tuple(sorted(found.values()))


def _matching(pattern: str) -> list[str]:
    if os.path.isdir(pattern):
        return glob.glob(os.path.join(glob.escape(pattern), "*"))
    if os.path.exists(pattern):  # a name with brackets or stars of its own
        return [pattern]
    return glob.glob(pattern, recursive=True)
