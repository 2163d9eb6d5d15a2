"""Columns of numbers as bytes that compress well and come back bit for bit."""

import base64
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapgap.report.json_values import Record

COMPRESSION = 6
MOST_DECIMALS = 12
SAMPLE = 4096
"""So many values are tried before all are."""
WHOLE_TYPES = ("u1", "u2", "u4", "i1", "i2", "i4")
FEWEST_DIFFERENCES = 2
FLOAT32_BYTES = 4
LARGEST_WHOLE = 1 << 31
MEMORY = 9
GZIP_WINDOW = 31
"""zlib's number for its largest window inside a gzip header, which it writes without a time or a name."""


@dataclass
class Chunk:
    """Columns that are compressed together and decoded together."""

    name: str
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, values: NDArray[Any]) -> Record:
        """Put a column into the chunk; the record tells where it is and how to read it.

        Whole numbers take the narrowest of 1, 2 or 4 bytes, as differences where those look smaller. Floats that are
        decimals with few digits become whole numbers, others keep their 4 or 8 bytes; 4 bytes may be differences too.
        """
        if values.dtype.kind != "f":
            return self._put_whole(values, {})
        whole, decimals = as_decimals(values)
        if whole is None:
            narrowed = _narrowed(values)
            if narrowed.dtype.itemsize > FLOAT32_BYTES:
                return self._put(narrowed, {})
            return self._put_whole(narrowed.view(np.int32), {"is_float": True})
        return self._put_whole(whole, {"divisor": 10**decimals} if decimals else {})

    def add_rounded(self, values: NDArray[np.float64], parts: int) -> Record:
        """Put a column into the chunk, rounded to that part of one: 4 for quarters."""
        whole = np.rint(values * parts)
        if len(whole) and np.abs(whole).max() >= LARGEST_WHOLE:
            return self.add(whole / parts)
        exact = whole.astype(np.int64)
        common = _common_divisor(exact, parts)
        return self._put_whole(exact // common, {"divisor": parts // common} if parts > common else {})

    def add_repeating(self, values: NDArray[Any]) -> Record:
        """Put a column into the chunk that has few different values: those, as they come, and the place of each."""
        different, first, place = np.unique(values, return_index=True, return_inverse=True)
        by_coming = np.argsort(first)
        places = np.empty(len(first), dtype=np.int64)
        places[by_coming] = np.arange(len(first))
        return {"values": self.add(different[by_coming]), "places": self.add(places[place])}

    def _put_whole(self, values: NDArray[Any], facts: Record) -> Record:
        kind = _whole_type(values)
        if kind is None:
            raise ValueError(f"no type of 4 bytes holds {values.min()} and {values.max()}")
        narrow = values.astype(kind)
        differences = _smaller_differences(narrow)
        if differences is None:
            return self._put(narrow, facts)
        # They are summed up in the type of the column.
        return self._put(differences, {**facts, "sums": f"{kind[0]}{int(kind[1]) * 8}"})

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
        fits = (np.abs(whole) < LARGEST_WHOLE) & (whole / power == values) & ~(np.signbit(values) & (values == 0))
    return whole.astype(np.int64) if bool(fits.all()) else None


def _narrowed(values: NDArray[np.float64]) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)
    is_same = (short == values) | np.isnan(values)
    return short if bool(is_same.all()) else values


def _common_divisor(values: NDArray[np.int64], parts: int) -> int:
    """What all values and the number of parts can be divided by."""
    common = parts
    for some in (values[:SAMPLE], values):
        common = int(np.gcd.reduce(some, initial=common))
        if common == 1:
            break
    return common


def _whole_type(values: NDArray[Any]) -> str | None:
    lowest, highest = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    return next((kind for kind in WHOLE_TYPES if np.iinfo(kind).min <= lowest and highest <= np.iinfo(kind).max), None)


def _smaller_differences(values: NDArray[Any]) -> NDArray[Any] | None:
    """The first value, then what each adds to the one before, in the narrowest type; None where that is no gain.

    Decided by the bytes of some neighbours in the middle, where a file is like most of itself.
    """
    begin = max(0, (len(values) - SAMPLE) // 2)
    sample = values[begin : begin + SAMPLE].astype(np.int64)
    if len(sample) < FEWEST_DIFFERENCES:
        return None
    kind = _whole_type(np.diff(sample))
    if kind is None or _bits(np.diff(sample).astype(kind)) >= _bits(sample[1:].astype(values.dtype)):
        return None
    differences = np.diff(values.astype(np.int64), prepend=0)
    kind = _whole_type(differences)
    return None if kind is None or np.dtype(kind).itemsize > values.dtype.itemsize else differences.astype(kind)


def _bits(values: NDArray[Any]) -> float:
    """About the size of a packed column: the entropy of each place of its bytes."""
    places = values.view(np.uint8).reshape(len(values), -1)
    counts = np.concatenate([np.bincount(places[:, place]) for place in range(places.shape[1])])
    used = counts[counts > 0]
    return float((used * np.log2(len(values) / used)).sum())
