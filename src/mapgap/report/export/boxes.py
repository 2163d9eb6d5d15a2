"""The boxes that are exported: missed objects and kept false positives, and with them, if wanted, what was found."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mapgap.report.column_values import attribute_names
from mapgap.report.columns import (
    detection_of_objects,
    gap_of_objects,
    missed_causes,
    target_of_detections,
)
from mapgap.report.sums import sum_by
from mapgap.report.wording import CAUSE_WORDS
from mapgap.tables import CAUSES, Attribute, BoolArray, CodeArray, FloatArray, IndexArray, Results, Scalar

OUTCOMES = ("fn", "fp", "tp")
MISSED, FALSE_POSITIVE, FOUND = range(3)


@dataclass(frozen=True)
class ExportedBoxes:
    """One row a box, by image, objects before detections, both in file order."""

    image: IndexArray
    category: IndexArray
    """The object's; of a false positive the predicted one."""
    box: FloatArray
    area: FloatArray
    outcome: CodeArray
    """Code in OUTCOMES."""
    cause: CodeArray
    """Code in CAUSES, -1 for what was found."""
    gap: FloatArray
    """What it owes of 1 - AP itself."""
    score: FloatArray
    """Of the false positive, or of the detection that found the object; NaN for a missed one."""
    iou: FloatArray
    """Of a false positive with the object it points at, NaN if there is none."""
    object: IndexArray
    """The object itself, or the one a false positive points at; -1 for none."""
    detection: IndexArray
    """The false positive itself, or the detection that found the object; -1 for a missed one."""

    def by_image(self) -> Iterator[tuple[int, range]]:
        """(image index, its rows) of each image with a box."""
        distinct, starts = np.unique(self.image, return_index=True)
        ends = [*starts[1:].tolist(), len(self.image)]
        for image, start, end in zip(distinct.tolist(), starts.tolist(), ends, strict=False):
            yield image, range(start, end)

    def take(self, rows: BoolArray) -> "ExportedBoxes":
        """Some of them."""
        return ExportedBoxes(**{name: column[rows] for name, column in vars(self).items()})


def failures_of(results: Results, *, with_found: bool = False) -> ExportedBoxes:
    """Every object missed and every kept false positive, once; `with_found` every found object too."""
    truth, detections = results.ground_truth, results.detections
    found = results.operating_point.found
    objects = np.flatnonzero(truth.is_object & (~found | with_found))
    wrong = np.flatnonzero(results.operating_point.kept & ~results.operating_point.true_positive)
    cause, _ = missed_causes(results)
    finder = np.where(found, detection_of_objects(results), -1).astype(np.int32)
    own = results.debts.detection >= 0
    owed = sum_by(results.debts.detection[own], results.debts.gap[own], len(detections.record))
    target, iou = target_of_detections(results)
    score = np.append(detections.score, np.nan)
    joined = ExportedBoxes(
        image=np.concatenate([truth.image[objects], detections.image[wrong]]),
        category=np.concatenate([truth.category[objects], detections.category[wrong]]),
        box=np.concatenate([truth.box[objects], detections.box[wrong]]),
        area=np.concatenate([truth.area[objects], detections.area[wrong]]),
        outcome=np.concatenate([np.where(found[objects], FOUND, MISSED), np.full(len(wrong), FALSE_POSITIVE)]).astype(
            np.int8
        ),
        cause=np.concatenate([cause[objects], results.causes.detection[results.analysis_threshold][wrong]]),
        gap=np.concatenate([gap_of_objects(results)[objects], owed[wrong]]),
        score=np.concatenate([score[finder[objects]], detections.score[wrong]]),
        iou=np.concatenate([np.full(len(objects), np.nan), iou[wrong]]),
        object=np.concatenate([objects, target[wrong]]).astype(np.int32),
        detection=np.concatenate([finder[objects], wrong]).astype(np.int32),
    )
    return joined.take(np.argsort(joined.image, kind="stable"))  # type: ignore[arg-type]


def attributes_of(
    attributes: tuple[Attribute, ...], boxes: ExportedBoxes, taken: Collection[str]
) -> Mapping[str, list[Scalar]]:
    """Name -> values, one a box: the object's, or for background the detection's own; the class is left out."""
    named: dict[str, list[Scalar]] = {}
    for name, attribute in zip(attribute_names(attributes, taken), attributes, strict=True):
        if name is not None:
            values = (*attribute.values, None)
            codes = attribute.codes_at(boxes.object, np.where(boxes.object >= 0, -1, boxes.detection))
            named[name] = [values[code] for code in codes.tolist()]
    return named


def words_of(boxes: ExportedBoxes) -> Iterator[str]:
    """What to say of each box, in a few words."""
    for outcome, cause in zip(boxes.outcome.tolist(), boxes.cause.tolist(), strict=True):
        if outcome == FOUND:
            yield "found"
        else:
            yield f"{'missed' if outcome == MISSED else 'false positive'}: {CAUSE_WORDS[CAUSES[cause]]}"
