"""Columns of numbers as bytes that compress well and come back bit for bit."""

import base64
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.report.json_values import Record

COMPRESSION = 6
MOST_DECIMALS = 9
SAMPLE = 1000
"""So many values are tried before all are."""
WHOLE_TYPES = ("u1", "u2", "u4", "i1", "i2", "i4")
MEMORY = 9
GZIP_WINDOW = 31
"""zlib's number for its largest window inside a gzip header, which it writes without a time or a name."""


@dataclass
class Chunk:
    """Columns that are compressed together and decoded together."""

    name: str
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, values: NDArray[Any], *, falling_or_rising: bool = False) -> Record:
        """Put a column into the chunk; the record tells where it is and how to read it.

        Whole numbers take the narrowest of 1, 2 or 4 bytes. Floats that are decimals with few digits become whole
        numbers, others keep their 4 or 8 bytes. `falling_or_rising` stores differences.
        """
        if values.dtype.kind == "f":
            whole, decimals = as_decimals(values)
            if whole is None:
                return self._put(_narrowed(values), {})
            return self._put_whole(whole, falling_or_rising, {"decimals": decimals} if decimals else {})
        return self._put_whole(values, falling_or_rising, {})

    def _put_whole(self, values: NDArray[Any], as_differences: bool, facts: Record) -> Record:
        narrow = values.astype(_whole_type(values))
        if as_differences:
            differences = narrow.copy()
            differences[1:] -= narrow[:-1]  # wraps, and comes back by wrapping
            return self._put(differences, {**facts, "delta": True})
        return self._put(narrow, facts)

    def _put(self, values: NDArray[Any], facts: Record) -> Record:
        little = values.astype(values.dtype.newbyteorder("<"), copy=False)
        width = little.dtype.itemsize
        # All first bytes, then all second ones: bytes that are alike stand together.
        shuffled = np.ascontiguousarray(little).view(np.uint8).reshape(-1, width).T
        record = {
            "chunk": self.name,
            "at": self.size,
            "rows": len(values),
            "type": f"{values.dtype.kind}{width * 8}",
            **facts,
        }
        self.parts.append(shuffled.tobytes())
        self.size += len(values) * width
        return record

    def text(self) -> str:
        """The chunk as text: base64 of gzip, the same bytes for the same columns.

        zlib looks for runs of equal bytes only. On numbers this is as small as its search for any repetition, or a
        tenth larger, in a third of the time.
        """
        packer = zlib.compressobj(COMPRESSION, zlib.DEFLATED, GZIP_WINDOW, MEMORY, zlib.Z_RLE)
        packed = b"".join([*(packer.compress(part) for part in self.parts), packer.flush()])
        return base64.b64encode(packed).decode("ascii")


def as_decimals(values: NDArray[np.float64]) -> tuple[NDArray[np.int64] | None, int]:
    """(whole numbers, decimals): each value is its whole number / 10^decimals, to the last bit; None where that fails.

    One division of two exact numbers rounds as reading the decimal does, so a browser finds the same float64.
    """
    for decimals in range(MOST_DECIMALS + 1):
        if _scaled(values[:SAMPLE], decimals) is not None:
            whole = _scaled(values, decimals)
            if whole is not None:
                return whole, decimals
    return None, 0


def _scaled(values: NDArray[np.float64], decimals: int) -> NDArray[np.int64] | None:
    power = 10.0**decimals
    with np.errstate(invalid="ignore", over="ignore"):
        whole = np.rint(values * power)
        fits = (np.abs(whole) < 2**31) & (whole / power == values) & ~(np.signbit(values) & (values == 0))
    return whole.astype(np.int64) if bool(fits.all()) else None


def _narrowed(values: NDArray[np.float64]) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)
    is_same = (short == values) | np.isnan(values)
    return short if bool(is_same.all()) else values


def _whole_type(values: NDArray[Any]) -> str:
    lowest, highest = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    fitting = (kind for kind in WHOLE_TYPES if np.iinfo(kind).min <= lowest and highest <= np.iinfo(kind).max)
    kind = next(fitting, None)
    if kind is None:
        raise ValueError(f"no type of 4 bytes holds {lowest} and {highest}")
    return kind
