"""What a command line will take of memory, from its words and the sizes of the files it names."""

import os
import stat

from mapgap.memory import MEGABYTE, require_addresses, require_memory

GZIP_MAGIC = b"\x1f\x8b"

RESIDENT = {
    "evaluate": (20, 0.6),
    "doctor": (45, 5.0),
    "missed": (60, 4.0),
    "slices": (60, 4.0),
    "thresholds": (60, 4.0),
    "compare": (60, 4.5),
    "check": (100, 5.5),
    "report": (100, 5.5),
}
"""MB a command takes in any case, and bytes for each byte of its inputs; a tenth below what was measured on files of 2
to 54 MB, so that nothing is refused that would fit."""
ADDRESSES_OF_NUMPY = 120 * MEGABYTE
"""OpenBLAS, which comes with NumPy, ends the process where it gets less."""
ADDRESSES_OF_ANALYSIS = 200 * MEGABYTE
"""With less to spare NumPy itself may crash in the middle of a computation."""
ADDRESSES_OF_TABLES = 870 * MEGABYTE
"""DuckDB, which writes and reads Parquet, may crash where it gets less."""
WAY_OUT = "Free some, give fewer images at once, or use a machine with more memory"


def require_room(arguments: list[str]) -> None:
    """Raises ResourceError where the command cannot do with the memory that is free."""
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command not in RESIDENT or {"--help", "-h"} & set(arguments):
        return
    inputs = sum(_size(word.partition("=")[2] or word) or _size(word) for word in arguments)
    base, a_byte = RESIDENT[command]
    needed = int(base * MEGABYTE + a_byte * inputs)
    require_memory(needed, f"mapgap {command} on inputs of {inputs / MEGABYTE:,.0f} MB", WAY_OUT)
    writes_tables = command in ("report", "check") or any(word.startswith("--attributes") for word in arguments)
    if writes_tables or (command == "compare" and any(word.startswith(("-o", "--output")) for word in arguments)):
        require_addresses(ADDRESSES_OF_TABLES, f"mapgap {command}")
    elif command != "evaluate":
        require_addresses(ADDRESSES_OF_ANALYSIS + int(a_byte * inputs), f"mapgap {command}")


def _size(path: str) -> int:
    """Bytes of the file, unpacked where it is gzip; 0 for what is no file."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return 0
        with open(path, "rb") as file:
            is_packed = file.read(2) == GZIP_MAGIC
            size = file.seek(0, os.SEEK_END)
            if is_packed and size > 4:
                # A gzip file ends with the length of what it holds, modulo 2^32.
                file.seek(-4, os.SEEK_END)
                size = max(size, int.from_bytes(file.read(4), "little"))
        return size
    except (OSError, ValueError):
        return 0
