"""The matched rows of all shards, by class: kept in memory up to a limit, beyond it in a file without a name."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mapgap.errors import ResourceError
from mapgap.shards.matching import MatchedRows
from mapgap.tables import AREA_RANGES, FloatArray, IdArray, IndexArray

AREAS = len(AREA_RANGES)
ROW = np.dtype([("score", "<f8"), ("image", "<i4"), ("true_positive", "<u2", (AREAS,)), ("ignored", "<u2", (AREAS,))])
"""28 bytes a detection."""
MOST_IN_MEMORY = 256 << 20
"""Bytes of rows that stay in memory before they are written out."""
MOST_OF_A_CLASS = (1 << 31) - 1
"""Rows are numbered by 32 bits."""
ROWS_AT_ONCE = 1 << 21
"""Classes are taken together up to so many rows, because sorting a class costs a pass over the images."""


@dataclass(frozen=True)
class ClassRows:
    """The rows of some neighbouring classes; those of one image in the order in which they were matched."""

    first: int
    """The first of the classes."""
    classes: int
    """How many they are."""
    category: IndexArray
    """(R,) counted from `first`."""
    rows: NDArray[np.void]
    """(R,) of the type ROW."""

    @property
    def score(self) -> FloatArray:
        """(R,)"""
        return np.ascontiguousarray(self.rows["score"])

    @property
    def image(self) -> IndexArray:
        """(R,) place among all images."""
        return np.ascontiguousarray(self.rows["image"])

    def true_positive(self, area: int) -> NDArray[np.uint32]:
        """(R,) bits in one area range: right at the IoU threshold."""
        return self.rows["true_positive"][:, area].astype(np.uint32)

    def ignored(self, area: int) -> NDArray[np.uint32]:
        """(R,) bits in one area range: not counted at the IoU threshold."""
        return self.rows["ignored"][:, area].astype(np.uint32)


class RowStore:
    """Rows by class. Close it, or use it in a `with` statement."""

    def __init__(self, image_ids: IdArray, classes: int, most_in_memory: int = MOST_IN_MEMORY):
        self._image_ids, self._classes = image_ids, classes
        self._most_in_memory = most_in_memory
        self._in_memory: list[tuple[IdArray, NDArray[np.void]]] = []
        """(where each class starts, the rows) of every shard that is not written out."""
        self._bytes = 0
        self._open = ExitStack()
        self._file: IO[bytes] | None = None
        self._written: list[tuple[IdArray, int]] = []
        """(where each class starts, the offset in the file) of every run of rows there."""

    def __enter__(self) -> "RowStore":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def class_counts(self) -> IdArray:
        """(K,) rows of each class."""
        counts = np.zeros(self._classes, dtype=np.int64)
        for offsets, _ in (*self._in_memory, *self._written):
            counts += np.diff(offsets)
        return counts

    def add(self, rows: MatchedRows) -> None:
        """The rows of one shard. ResourceError where there is no room for the file."""
        packed = np.empty(len(rows.score), dtype=ROW)
        packed["score"], packed["image"] = rows.score, np.searchsorted(self._image_ids, rows.image_id)
        packed["true_positive"], packed["ignored"] = rows.true_positive.T, rows.ignored.T
        offsets = np.concatenate([[0], np.cumsum(rows.class_counts)]).astype(np.int64)
        self._in_memory.append((offsets, packed))
        self._bytes += packed.nbytes
        if self._bytes > self._most_in_memory:
            self._write_out()

    def batches(self) -> Iterator[ClassRows]:
        """All rows, in batches of whole classes, each class once."""
        counts = self.class_counts
        if counts.max(initial=0) > MOST_OF_A_CLASS:
            raise ResourceError(
                f"one class has {int(counts.max()):,} detections, and at most {MOST_OF_A_CLASS:,} can be put in order. "
                "Raise the detector's score threshold"
            )
        first = 0
        while first < self._classes:
            last = first + 1
            while last < self._classes and counts[first : last + 1].sum() <= ROWS_AT_ONCE:
                last += 1
            yield self._rows_of(first, last)
            first = last

    def _write_out(self) -> None:
        """All rows in memory as one run by class: reading a class of many shards is then one read."""
        offsets = np.sum([offsets for offsets, _ in self._in_memory], axis=0)
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="mapgap-")  # noqa: SIM115 - closed with the store
                self._open.callback(_close, self._file)
            start = self._file.seek(0, 2)
            for k in range(self._classes):
                for starts, rows in self._in_memory:
                    self._file.write(rows[starts[k] : starts[k + 1]].tobytes())
            self._file.flush()
        except OSError as error:
            where = f" in {tempfile.tempdir}" if tempfile.tempdir else ""
            fix = "Free some, or set TMPDIR to another folder"
            raise ResourceError(f"no room{where} for matched detections ({error.strerror}). {fix}") from error
        self._written.append((offsets.astype(np.int64), start))
        self._in_memory, self._bytes = [], 0

    def _rows_of(self, first: int, last: int) -> ClassRows:
        pieces: list[NDArray[np.void]] = []
        categories: list[IndexArray] = []
        of_classes = np.arange(last - first, dtype=np.int32)
        for offsets, start in self._written:
            pieces.append(self._read(start + int(offsets[first]) * ROW.itemsize, int(offsets[last] - offsets[first])))
            categories.append(np.repeat(of_classes, np.diff(offsets[first : last + 1])))
        for offsets, rows in self._in_memory:
            pieces.append(rows[offsets[first] : offsets[last]])
            categories.append(np.repeat(of_classes, np.diff(offsets[first : last + 1])))
        no_rows, no_classes = np.zeros(0, dtype=ROW), np.zeros(0, dtype=np.int32)
        return ClassRows(
            first, last - first, np.concatenate([no_classes, *categories]), np.concatenate([no_rows, *pieces])
        )

    def _read(self, offset: int, count: int) -> NDArray[np.void]:
        assert self._file is not None
        self._file.seek(offset)
        return np.frombuffer(self._file.read(count * ROW.itemsize), dtype=ROW)


def _close(file: IO[bytes]) -> None:
    """On a full disk closing fails too, at what could not be written before."""
    with suppress(OSError):
        file.close()
