"""The bytes of an input, read and unpacked piece by piece: never more than the user allows or the memory holds.

No NumPy here: `mapgap evaluate` goes from files to numbers without it.
"""

import os
import stat

from mapgap.errors import AccessError, InputError, ResourceError
from mapgap.memory import free_memory
from mapgap.visible_text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` itself would be imported for nothing
    from io import FileIO

GZIP_MAGIC = b"\x1f\x8b"
SMALLEST_PIECE, LARGEST_PIECE = 1 << 9, 1 << 16
"""Bytes unpacked at a time, of which gzip makes at most a thousand each; small ones first, as members may be many."""
SHARE_OF_MEMORY = 2
"""The text of an input may take a half of the memory that is free; what is made of it needs room too."""
GZIP_FORMAT = 31
"""zlib's `wbits` for a gzip header and its checksum."""


class Limit:
    """How many bytes an input may have, and who says so; `name` is the file as messages call it."""

    __slots__ = ("_memory", "_most", "_name")

    def __init__(self, name: str, max_input_bytes: int | None):
        self._name = name
        self._most = max_input_bytes
        self._memory = free_memory() // SHARE_OF_MEMORY

    def require(self, count: int, what: str = "the file has") -> None:
        """InputError for more bytes than the user allows, ResourceError for more than the memory holds."""
        if self._most is not None and count > self._most:
            raise InputError(
                f"{what} more than the {self._most:,} bytes that an input may have",
                file=self._name,
                fix="Give a larger --max-input-bytes if the file is meant to be so large",
                code="input_too_large",
            )
        if count > self._memory:
            raise ResourceError(
                f"{self._name}: {what} more than {self._memory:,} bytes, half of the memory that is free. "
                "Free some, or give a smaller file"
            )


def read_input(path: str, name: str, max_input_bytes: int | None = None) -> bytes:
    """The file's bytes as they are; a pipe is read to its end.

    InputError and ResourceError as `Limit.require`; OSError if it cannot be read, AccessError for a device.
    """
    limit = Limit(name, max_input_bytes)
    with open(path, "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if is_device(status):
            raise AccessError(f"{visible(path)}: is a device, not a file. Give a file or a pipe")
        if stat.S_ISREG(status.st_mode):
            limit.require(status.st_size)
        return _pieces_of(file, limit)


def unpacked_bytes(packed: bytes, name: str, max_input_bytes: int | None = None) -> bytes:
    """What a gzip file of one or several members unpacks to.

    InputError if it is broken, ends too early, has something else behind it or holds gzip again; InputError and
    ResourceError as `Limit.require`.
    """
    import zlib

    limit = Limit(name, max_input_bytes)
    try:
        text = _members(packed, limit)
    except (zlib.error, EOFError) as error:
        fix = "Compress or copy the file again, whole"
        raise InputError(f"invalid gzip: {error}", file=name, fix=fix, code="invalid_gzip") from None
    if text.startswith(GZIP_MAGIC):
        raise InputError("gzip within gzip", file=name, fix="Unpack the file once", code="invalid_gzip")
    return text


def is_device(status: os.stat_result) -> bool:
    """Whether reading may never end or do something; the null device is an empty file like others."""
    if not (stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)):
        return False
    return status.st_rdev != os.stat(os.devnull).st_rdev


def _pieces_of(file: "FileIO", limit: Limit) -> bytes:
    import io

    content = io.BytesIO()  # which gives its bytes away without a copy
    while piece := file.read(LARGEST_PIECE << 4):
        content.write(piece)
        limit.require(content.tell())
    return content.getvalue()


def _members(packed: bytes, limit: Limit) -> bytes:
    import io
    import zlib

    content, place = io.BytesIO(), 0
    while place < len(packed):
        if not packed.startswith(GZIP_MAGIC, place):
            raise EOFError(f"something else begins at byte {place}")
        member, size = zlib.decompressobj(GZIP_FORMAT), SMALLEST_PIECE
        while not member.eof:
            piece = packed[place : place + size]
            if not piece:
                raise EOFError("it ends too early")
            content.write(member.decompress(piece))
            limit.require(content.tell(), "it unpacks to")
            place += len(piece)
            size = min(2 * size, LARGEST_PIECE)
        place = _behind_zeros(packed, place - len(member.unused_data))
    return content.getvalue()


def _behind_zeros(packed: bytes, place: int) -> int:
    """Tapes pad with zeros behind the last member."""
    while piece := packed[place : place + SMALLEST_PIECE]:
        rest = piece.lstrip(b"\0")
        place += len(piece) - len(rest)
        if rest:
            break
    return place
