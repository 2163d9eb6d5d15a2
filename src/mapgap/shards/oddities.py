"""What is read as it stands but misleads, counted shard by shard and told once.

Examples are told by their image, so that they are the same however the data is split.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mapgap import _kernel
from mapgap.coco_parameters import MAX_DETECTIONS
from mapgap.doctor.odd_rows import (
    DETECTION_WORDS,
    OBJECT_WORDS,
    TOLERANCE_PIXELS,
    DetectionRows,
    Extents,
    ObjectRows,
    box_text,
    odd_detections,
    score_finding,
)
from mapgap.doctor.totals import beyond_limit, classes_without_objects, equal_scores
from mapgap.findings import MOST_EXAMPLES, Finding, Place
from mapgap.matching import match_detections
from mapgap.tables import Detections, GroundTruth, IdArray, IntegerArray

Oddities = Mapping[str, tuple[int, tuple[tuple[int, str], ...]]]
"""Code -> (how many rows, the image id and the value of the first of them, by image id)."""

OF_DETECTIONS = (*DETECTION_WORDS, "scores_above_one", "scores_below_zero")
AT_50 = 0


@dataclass(frozen=True)
class DetectionOddities:
    """What is odd about the detections of one shard, or of several."""

    rows: Oddities
    lowest_score: float
    """Infinite where there is no detection."""
    highest_score: float
    cut_images: tuple[int, ...]
    """The first images with detections beyond the limit."""
    cut: int
    """Such detections."""
    lost: int
    """Objects that only those would find, at IoU .5."""


def object_oddities(truth: GroundTruth) -> Oddities:
    """Those of annotations."""
    order = np.argsort(truth.image, kind="stable")
    rows, extents = _object_rows(truth, order), _extents(truth)
    odd = _kernel.examine_objects(
        rows.image, rows.box, rows.area, rows.crowd, extents.width, extents.height, extents.order, TOLERANCE_PIXELS
    )
    images = truth.images.ids[rows.image]
    return {code: (count, _object_examples(rows, code, images, first)) for code, (count, first) in odd.items()}


def detection_oddities(truth: GroundTruth, detections: Detections) -> DetectionOddities:
    """Those of detections."""
    # By image, so that the first of them are the first of any other split too.
    order = np.argsort(detections.image, kind="stable")
    rows = DetectionRows(
        detections.name,
        record=detections.record[order],
        image=detections.image[order],
        category=detections.category[order],
        box=np.ascontiguousarray(detections.box[order]),
        score=detections.score[order],
    )
    objects = _object_rows(truth, np.arange(len(truth.ids)))
    odd = odd_detections(rows, objects, _extents(truth), len(truth.categories.ids))
    ids = truth.images.ids[rows.image]
    found = {code: (odd[code][0], _examples(rows, code, ids, odd[code][1])) for code in OF_DETECTIONS if code in odd}
    cut = _cut(truth, detections) if "detections_cut" in odd else ((), 0, 0)
    lowest, highest = (float(rows.score.min()), float(rows.score.max())) if len(ids) else (np.inf, -np.inf)
    return DetectionOddities(found, lowest, highest, *cut)


def join_oddities(each: Iterable[Oddities]) -> Oddities:
    """All shards together."""
    joined: dict[str, tuple[int, tuple[tuple[int, str], ...]]] = {}
    for oddities in each:
        for code, (count, examples) in oddities.items():
            others, first = joined.get(code, (0, ()))
            by_image = sorted((*first, *examples), key=lambda example: example[0])
            joined[code] = (others + count, tuple(by_image[:MOST_EXAMPLES]))
    return joined


def join_detection_oddities(each: Iterable[DetectionOddities]) -> DetectionOddities:
    """All shards together."""
    shards = list(each)
    return DetectionOddities(
        join_oddities(shard.rows for shard in shards),
        min((shard.lowest_score for shard in shards), default=np.inf),
        max((shard.highest_score for shard in shards), default=-np.inf),
        tuple(sorted(image for shard in shards for image in shard.cut_images)[:MOST_EXAMPLES]),
        sum(shard.cut for shard in shards),
        sum(shard.lost for shard in shards),
    )


def object_findings(name: str, odd: Oddities) -> list[Finding]:
    """In the words of an evaluation of two files."""
    return [_finding(name, "annotations", code, OBJECT_WORDS[code], odd[code]) for code in OBJECT_WORDS if code in odd]


def detection_findings(
    name: str, odd: DetectionOddities, classes: Sequence[str], class_detections: IdArray, objects: IdArray
) -> list[Finding]:
    """The same of detections; `class_detections` and `objects` (K,) count those of each class."""
    rows = odd.rows
    told = [code for code in DETECTION_WORDS if code in rows]
    found = [_finding(name, "detections", code, DETECTION_WORDS[code], rows[code]) for code in told]
    total = int(class_detections.sum())
    above, below = (rows.get(code, (0, ())) for code in ("scores_above_one", "scores_below_zero"))
    if above[0] or below[0]:
        places = [_place(*example, "score") for example in above[1] or below[1]]
        found.append(score_finding(name, (odd.lowest_score, odd.highest_score), above[0], below[0], total, places))
    if total > 1 and odd.lowest_score == odd.highest_score:
        found.append(equal_scores(name, total, odd.lowest_score))
    empty = np.flatnonzero((objects == 0) & (class_detections > 0))
    if len(empty) and objects.any():
        names = [classes[k] for k in empty.tolist()]
        found.append(classes_without_objects(name, int(class_detections[empty].sum()), names, int((objects > 0).sum())))
    if odd.cut:
        found.append(beyond_limit(name, odd.cut, odd.lost, int(objects.sum()), odd.cut_images))
    return found


def _object_rows(table: GroundTruth, order: IntegerArray) -> ObjectRows:
    return ObjectRows(
        table.name,
        ids=table.ids[order],
        record=table.record[order],
        image=table.image[order],
        category=table.category[order],
        box=np.ascontiguousarray(table.box[order]),
        area=table.area[order],
        crowd=table.crowd[order].view(np.uint8),
    )


def _extents(table: GroundTruth) -> Extents:
    images = table.images
    return Extents(images.width, images.height, np.arange(len(images.ids), dtype=np.int64))


def _object_examples(rows: ObjectRows, code: str, images: IdArray, first: Sequence[int]) -> tuple[tuple[int, str], ...]:
    values = [str(rows.place(row, OBJECT_WORDS[code][0]).value) for row in first]
    return tuple(zip(images[first].tolist(), values, strict=True))


def _examples(rows: DetectionRows, code: str, images: IdArray, first: Sequence[int]) -> tuple[tuple[int, str], ...]:
    is_score = code.startswith("scores")
    values = [f"{float(rows.score[row]):g}" if is_score else box_text(rows.box, row) for row in first]
    return tuple(zip(images[first].tolist(), values, strict=True))


def _cut(truth: GroundTruth, detections: Detections) -> tuple[tuple[int, ...], int, int]:
    most = int(np.bincount(detections.image).max())
    limits = (*MAX_DETECTIONS, max(most, MAX_DETECTIONS[-1] + 1))
    matches, _ = match_detections(truth, detections, max_detections=limits)
    is_cut = matches.rank >= MAX_DETECTIONS[-1]
    with_all = int(matches.is_true_positive(AT_50, limits[-1]).sum())
    images = truth.images.ids[np.unique(detections.image[is_cut])][:MOST_EXAMPLES]
    lost = with_all - int(matches.is_true_positive(AT_50, MAX_DETECTIONS[-1]).sum())
    return tuple(images.tolist()), int(is_cut.sum()), lost


def _finding(
    name: str, records: str, code: str, words: tuple[str | None, str, str], odd: tuple[int, tuple[tuple[int, str], ...]]
) -> Finding:
    field, message, fix = words
    count, examples = odd
    value = "" if field is None else f"{examples[0][1]}: "
    first_of_images = dict(reversed(examples))
    places = [_place(image, first_of_images[image], field) for image in sorted(first_of_images)]
    return Finding(
        code, f"{value}{message}", file=name, fix=fix, count=count, examples=places, list_name=records, field=field
    )


def _place(image_id: int, value: str, field: str | None) -> Place:
    words = f"image {image_id}" if field is None else f"image {image_id}, field {field!r}"
    return Place(words, identifier=image_id, value=value)
