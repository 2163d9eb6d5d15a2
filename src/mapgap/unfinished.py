"""Files and folders that are being written: what to remove where the process ends before its time."""

from collections.abc import Iterator
from contextlib import contextmanager

_PATHS: set[str] = set()


@contextmanager
def unfinished(path: str) -> Iterator[None]:
    """While this is open, the path is debris if the process ends."""
    _PATHS.add(path)
    try:
        yield
    finally:
        _PATHS.discard(path)


def remove_unfinished() -> None:
    """Removes them; for a process that ends without its `finally` blocks."""
    import os
    import shutil
    from contextlib import suppress

    for path in list(_PATHS):
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            os.unlink(path)
