"""The fast way from a file to columns: the kernel scans what is written as usual; everything else it leaves alone.

No NumPy here: `mapgap evaluate` goes from files to numbers without it.
"""

import os
import stat
from collections.abc import Callable

from mapgap import _kernel
from mapgap.coco.file_identity import base_name
from mapgap.coco.input_bytes import GZIP_MAGIC, read_input, unpacked_bytes
from mapgap.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` itself would be imported for nothing
    from typing import TypeVar

    from mapgap._kernel import IdBuffer

    Columns = TypeVar("Columns")

IN_MEMORY = -1
"""What the kernel takes for the size of a text that is no file."""


def scan_ground_truth(
    path: str | os.PathLike[str] | bytes, *, with_attributes: bool, max_input_bytes: int | None = None
) -> _kernel.ScannedGroundTruth | None:
    """The columns of a COCO ground-truth file, or None where only the careful reader can read or refuse it.

    Bytes are the text itself, not a path.
    """
    return _scan(path, lambda source, size: _kernel.scan_ground_truth(source, size, with_attributes), max_input_bytes)


def scan_detections(
    path: str | os.PathLike[str] | bytes,
    image_ids: "IdBuffer",
    category_ids: "IdBuffer",
    *,
    max_input_bytes: int | None = None,
) -> _kernel.ScannedDetections | None:
    """The columns of a COCO results file, or None where only the careful reader can read or refuse it.

    `image_ids` and `category_ids` are the ground truth's, rising.
    """
    return _scan(
        path, lambda source, size: _kernel.scan_detections(source, size, image_ids, category_ids), max_input_bytes
    )


def _scan(
    path: str | os.PathLike[str] | bytes,
    scan: "Callable[[int | bytes, int], Columns | None]",
    max_input_bytes: int | None,
) -> "Columns | None":
    try:
        if isinstance(path, bytes):
            return scan(path, IN_MEMORY)
        # A pipe can be opened and read once only, which the careful reader does.
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if max_input_bytes is not None and size > max_input_bytes:
                return None
            if os.pread(file.fileno(), len(GZIP_MAGIC), 0) != GZIP_MAGIC:
                return scan(file.fileno(), size)
        return scan(_unpacked(path, max_input_bytes), IN_MEMORY)
    except (OSError, ValueError, MemoryError, InputError):
        return None


def _unpacked(path: str | os.PathLike[str], max_input_bytes: int | None) -> bytes:
    """The text; ResourceError goes up, so that a file as large as the memory is not unpacked once more."""
    name = base_name(path)
    return unpacked_bytes(read_input(os.fsdecode(path), name, max_input_bytes), name, max_input_bytes)
