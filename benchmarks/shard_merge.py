"""Collects and accumulates so many matched rows, in shards of 100,000 of 1,000 images each: the part of a run in shards
that is done in one place. 80 classes; a seventh of the rows is right.

    python benchmarks/shard_merge.py 10000000
"""

import sys
import time

import numpy as np

from mapgap.shards.collecting import RowStore
from mapgap.shards.matching import MatchedRows
from mapgap.shards.numbers import curves_of_rows
from mapgap.tables import AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS

CLASSES, IMAGES, ROWS = 80, 1_000, 100_000


def main(count: int) -> None:
    """Prints wall and CPU seconds of the merge alone, without drawing the rows."""
    shards = max(1, count // ROWS)
    chance = np.random.default_rng(0)
    found = np.zeros((len(MAX_DETECTIONS), len(AREA_RANGES), len(IOU_THRESHOLDS), CLASSES), dtype=np.int64)
    positives = np.full((len(AREA_RANGES), CLASSES), max(1, count // 7 // CLASSES), dtype=np.int64)
    with RowStore(np.arange(shards * IMAGES), CLASSES) as store:
        wall = cpu = 0.0
        for shard in range(shards):
            rows = rows_of(chance, shard)
            begin = time.perf_counter(), time.process_time()
            store.add(rows)
            wall, cpu = wall + time.perf_counter() - begin[0], cpu + time.process_time() - begin[1]
        begin = time.perf_counter(), time.process_time()
        curves_of_rows(store, found, positives, shards * IMAGES)
        wall, cpu = wall + time.perf_counter() - begin[0], cpu + time.process_time() - begin[1]
    print(wall, cpu)


def rows_of(chance: np.random.Generator, shard: int) -> MatchedRows:
    """One shard's rows."""
    category = np.sort(chance.integers(0, CLASSES, ROWS))
    score = chance.random(ROWS)
    order = np.lexsort((-score, category))
    is_right = chance.random(ROWS) < 1 / 7
    bits = np.where(is_right, (1 << chance.integers(0, len(IOU_THRESHOLDS) + 1, ROWS)) - 1, 0).astype(np.uint16)
    return MatchedRows(
        np.bincount(category, minlength=CLASSES).astype(np.int64),
        score[order],
        chance.integers(shard * IMAGES, (shard + 1) * IMAGES, ROWS),
        np.tile(bits, (len(AREA_RANGES), 1)),
        np.zeros((len(AREA_RANGES), ROWS), dtype=np.uint16),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
