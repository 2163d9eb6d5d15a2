"""The fast way from a file to columns: the kernel scans what is written as usual; everything else it leaves alone.

No NumPy here: `mapgap evaluate` goes from files to numbers without it.
"""

import os
import stat
from collections.abc import Callable

from mapgap import _kernel

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` itself would be imported for nothing
    from typing import TypeVar

    from mapgap._kernel import IdBuffer

    Columns = TypeVar("Columns")

GZIP_MAGIC = b"\x1f\x8b"


def scan_ground_truth(path: str | os.PathLike[str], *, with_attributes: bool) -> _kernel.ScannedGroundTruth | None:
    """The columns of a COCO ground-truth file, or None where only the careful reader can read or refuse it."""
    return _scan(path, lambda source, size: _kernel.scan_ground_truth(source, size, with_attributes))


def scan_detections(
    path: str | os.PathLike[str], image_ids: "IdBuffer", category_ids: "IdBuffer"
) -> _kernel.ScannedDetections | None:
    """The columns of a COCO results file, or None where only the careful reader can read or refuse it.

    `image_ids` and `category_ids` are the ground truth's, rising.
    """
    return _scan(path, lambda source, size: _kernel.scan_detections(source, size, image_ids, category_ids))


def _scan(path: str | os.PathLike[str], scan: "Callable[[int | bytes, int], Columns | None]") -> "Columns | None":
    try:
        # A pipe can be opened and read once only, which the careful reader does.
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb", buffering=0) as file:
            if os.pread(file.fileno(), len(GZIP_MAGIC), 0) != GZIP_MAGIC:
                return scan(file.fileno(), os.fstat(file.fileno()).st_size)
            return _scan_packed(file.readall(), scan)
    except (OSError, ValueError, MemoryError):
        return None


def _scan_packed(packed: bytes, scan: "Callable[[int | bytes, int], Columns | None]") -> "Columns | None":
    import gzip
    import zlib

    try:
        return scan(gzip.decompress(packed), -1)
    except (OSError, EOFError, zlib.error):
        return None
