"""The bootstrap taken literally: images are copied as often as they are drawn, and everything is counted again."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from tests.generated import CocoPair
from tests.naive.gap import average_precision

WORD = (1 << 64) - 1


def draws(images: int, resample: int, seed: int) -> list[int]:
    """How often each image is drawn: xoshiro256++ seeded by SplitMix64, numbers below `images` as Lemire takes them."""
    words = _SplitMix(_SplitMix(seed).next() ^ _SplitMix(~resample & WORD).next())
    state = [words.next() for _ in range(4)]
    drawn = [0] * images
    for _ in range(images):
        while True:
            product = (_xoshiro(state) >> 32) * images
            # Of the 2**32 numbers, so many at the start would make some images likelier than others.
            if product & 0xFFFFFFFF >= (1 << 32) % images:
                break
        drawn[product >> 32] += 1
    return drawn


class _SplitMix:
    def __init__(self, state: int):
        self.state = state

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & WORD
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & WORD
        return mixed ^ (mixed >> 31)


def _xoshiro(s: list[int]) -> int:
    result = (_turned((s[0] + s[3]) & WORD, 23) + s[0]) & WORD
    shifted = (s[1] << 17) & WORD
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= shifted
    s[3] = _turned(s[3], 45)
    return result


def _turned(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (64 - bits))) & WORD


@dataclass(frozen=True)
class Copied:
    """A data set in which each image stands as often as it was drawn, and where each record was copied from."""

    pair: CocoPair
    annotation: list[int]
    detection: list[int]


def copied(pair: CocoPair, drawn: list[int]) -> Copied:
    """Copies of the images; `drawn` counts the images in rising order of their ids."""
    ids = sorted(image["id"] for image in pair.ground_truth["images"])
    most = max([1, *drawn])
    truth: dict[str, Any] = {**pair.ground_truth, "images": [], "annotations": []}
    run: list[dict[str, Any]] = []
    annotations, detections = [], []
    by_id = {image["id"]: image for image in pair.ground_truth["images"]}
    for image_id, times in zip(ids, drawn, strict=True):
        for copy in range(times):
            new_id = image_id * most + copy
            truth["images"].append({**by_id[image_id], "id": new_id, "file_name": f"{new_id}.jpg"})
            for place, record in enumerate(pair.ground_truth["annotations"]):
                if record["image_id"] == image_id:
                    annotations.append(place)
                    truth["annotations"].append({**record, "image_id": new_id, "id": len(annotations)})
            for place, record in enumerate(pair.detections):
                if record["image_id"] == image_id:
                    detections.append(place)
                    run.append({**record, "image_id": new_id})
    return Copied(CocoPair(truth, run), annotations, detections)


def resampled_average_precision(
    rows: list[tuple[int, int, int, int]],
    objects: list[tuple[int, int, int]],
    cells: list[int],
    drawn: list[int],
    thresholds: int,
) -> list[Fraction | None]:
    """AP of each group (its cell is its entry of `cells`), then the mean over the groups of each cell.

    Rows are (group, image, counted, right), objects (group, image, there): bits are thresholds.
    """
    of_cell: dict[int, list[Fraction]] = {cell: [] for cell in cells}
    for group, cell in enumerate(cells):
        repeated = [row for row in rows if row[0] == group for _ in range(drawn[row[1]])]
        there = [one for one in objects if one[0] == group for _ in range(drawn[one[1]])]
        if there:
            aps = [_at(repeated, there, threshold) for threshold in range(thresholds)]
            of_cell[cell].append(sum(aps, Fraction(0)) / thresholds)
    return [
        sum(of_cell[cell], Fraction(0)) / len(of_cell[cell]) if of_cell.get(cell) else None
        for cell in range(max(cells, default=-1) + 1)
    ]


def _at(rows: list[tuple[int, int, int, int]], objects: list[tuple[int, int, int]], threshold: int) -> Fraction:
    ranked = [(0.0, 0, 0, bool(right >> threshold & 1)) for _, _, counted, right in rows if counted >> threshold & 1]
    positives = sum(there >> threshold & 1 for _, _, there in objects)
    return average_precision(ranked, positives) if positives else Fraction(0 if ranked else 1)


def interval(samples: list[float]) -> tuple[float, float]:
    """The 2.5th and 97.5th percentiles of what is defined, as NumPy takes them."""
    defined = [sample for sample in samples if not np.isnan(sample)]
    if len(defined) < 2:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - 0.95) / 2, 1 - (1 - 0.95) / 2]).tolist()
    return low, high
