"""The two big tables as columns: one row an object, one row a detection of the file."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mapgap import _kernel
from mapgap.report.column_values import (
    Column,
    attribute_column,
    attribute_names,
    float_or_none,
    identifiers,
    labels,
    pandas_columns,
)
from mapgap.report.sums import sum_by
from mapgap.tables import (
    CAUSES,
    DETECTION_POPULATION_CAUSES,
    GAP_CAUSES,
    Attribute,
    BoolArray,
    CodeArray,
    Debts,
    FloatArray,
    GroundTruth,
    IdArray,
    IndexArray,
    Results,
)

if TYPE_CHECKING:
    from mapgap.report.column_values import PandasColumn

OBJECT_CAUSES = tuple(cause for cause in GAP_CAUSES if cause not in DETECTION_POPULATION_CAUSES)
DETECTION_CAUSES = tuple(cause for cause in GAP_CAUSES if cause not in ("missed", "crowded_out"))
OUTCOMES = ("tp", "fp", "ignored", "cut")


def objects_columns(results: Results) -> dict[str, "PandasColumn"]:
    """`objects_table` as pandas takes it."""
    return pandas_columns(objects_table(results))


def detections_columns(results: Results) -> dict[str, "PandasColumn"]:
    """`detections_table` as pandas takes it."""
    return pandas_columns(detections_table(results))


def objects_table(results: Results) -> dict[str, Column]:
    """Columns of objects.parquet, name -> rows; one row an object (no crowds), in file order.

    `outcome` and `cause` are at the operating point; `detection` is the record of the detection that matched the
    object at the analysis IoU, whatever its score. `gap` is what the object itself owes (not what false positives
    owe at its address), so the gaps of both tables add up to 1 - AP. Missing values are null.
    """
    truth = results.ground_truth
    rows = np.flatnonzero(truth.is_object)
    matched = detection_of_objects(results)[rows]
    found = results.operating_point.found[rows]
    cause, recovering = missed_causes(results)
    own = results.debts.detection < 0
    columns: dict[str, Column] = {
        **identity_columns(truth, rows),
        "outcome": labels(np.where(found, 0, 1), ("tp", "fn")),
        "cause": labels(cause[rows], CAUSES),
        "detection": identifiers(results.detections.record, matched),
        "detection_score": float_or_none(results.detections.score, matched),
        "recovering_score": recovering[rows],
        **{
            name: gap[rows]
            for name, gap in _gap_columns(results.debts, results.debts.object, own, len(truth.ids), OBJECT_CAUSES)
        },
    }
    return columns | object_attribute_columns(results.attributes, rows, columns)


def identity_columns(truth: GroundTruth, rows: IdArray) -> dict[str, Column]:
    """What these annotations are: ids, file name, class, box and area."""
    return {
        "object_id": truth.ids[rows],
        "image_id": truth.images.ids[truth.image[rows]],
        "file_name": labels(truth.image[rows], truth.images.file_names),
        "category_id": truth.categories.ids[truth.category[rows]],
        "class": labels(truth.category[rows], truth.categories.names),
        **_box_columns(truth.box[rows]),
        "area": truth.area[rows],
    }


def object_attribute_columns(
    attributes: Sequence[Attribute], rows: IdArray, taken: Collection[str]
) -> dict[str, Column]:
    """The attributes of these annotations under names that are not taken."""
    names = attribute_names(attributes, taken)
    return {
        name: attribute_column(attribute.object_codes[rows], attribute.values)
        for name, attribute in zip(names, attributes, strict=True)
        if name is not None
    }


def detections_table(results: Results) -> dict[str, Column]:
    """Columns of detections.parquet, name -> rows; one row a detection of the file, in file order.

    `outcome` and `cause` are at the analysis IoU, whatever the score; `kept` says if the operating point keeps it.
    `object_id` is the object it matched or points at and `iou` the overlap with that. Attributes are those of that
    object, else the detection's own. Missing values are null.
    """
    truth, detections = results.ground_truth, results.detections
    cause = np.asarray(results.causes.detection[results.analysis_threshold])
    target, iou = target_of_detections(results)
    owes = results.debts.detection >= 0
    columns: dict[str, Column] = {
        "detection": detections.record,
        "image_id": truth.images.ids[detections.image],
        "category_id": truth.categories.ids[detections.category],
        "class": labels(detections.category, truth.categories.names),
        **_box_columns(detections.box),
        "score": detections.score,
        "outcome": labels(detection_outcomes(results), OUTCOMES),
        "kept": np.asarray(results.operating_point.kept, dtype=bool),
        "cause": labels(cause, CAUSES),
        "object_id": identifiers(truth.ids, target),
        "iou": iou,
        **dict(_gap_columns(results.debts, results.debts.detection, owes, len(detections.record), DETECTION_CAUSES)),
    }
    pointing = np.flatnonzero(target >= 0)
    pointed_at = target[pointing]
    names = attribute_names(results.attributes, columns)
    for name, attribute in zip(names, results.attributes, strict=True):
        if name is not None:
            codes = attribute.detection_codes.astype(np.min_scalar_type(-1 - len(attribute.values)))
            codes[pointing] = attribute.object_codes[pointed_at]
            columns[name] = attribute_column(codes, attribute.values)
    return columns


def detection_of_objects(results: Results) -> IndexArray:
    """(N,) the detection that matched each object at the analysis IoU, whatever its score, or -1."""
    matched = results.matches.matched[0, results.analysis_threshold]
    hits = np.flatnonzero(_is_hit(results))
    detection = np.full(len(results.ground_truth.ids), -1, dtype=np.int32)
    detection[matched[hits]] = hits
    return detection


def missed_causes(results: Results) -> tuple[CodeArray, FloatArray]:
    """(N,) cause of each object missed at the operating point (-1 if found), and its recovering score (else NaN)."""
    errors = results.errors
    rows = errors.is_false_negative
    cause = np.full(len(results.ground_truth.ids), -1, dtype=np.int8)
    recovering = np.full(len(cause), np.nan)
    cause[errors.object[rows]] = errors.cause[rows]
    recovering[errors.object[rows]] = errors.recovering_score[rows]
    return cause, recovering


def detection_outcomes(results: Results) -> CodeArray:
    """(D,) code in OUTCOMES at the analysis IoU: matched, unmatched, ignored, or cut by max_detections."""
    outcome = np.full(len(results.detections.record), OUTCOMES.index("fp"), dtype=np.int8)
    outcome[_is_hit(results)] = OUTCOMES.index("tp")
    is_cut = results.matches.rank >= results.settings.max_detections
    is_counted = results.matches.is_counted(results.analysis_threshold, results.settings.max_detections)
    outcome[~is_counted] = OUTCOMES.index("ignored")
    outcome[is_cut] = OUTCOMES.index("cut")
    return outcome


def target_of_detections(results: Results) -> tuple[IndexArray, FloatArray]:
    """(D,) the object each detection matched or points at (-1: none), and their IoU (NaN: none)."""
    t, nearest = results.analysis_threshold, results.causes.nearest
    is_hit = _is_hit(results)
    target = np.where(is_hit, results.matches.matched[0, t], results.causes.points_at(t)).astype(np.int32)
    iou = np.full(len(target), np.nan)
    is_same = (target >= 0) & (target == nearest.same_class_object)
    is_other = (target >= 0) & (target == nearest.other_class_object) & ~is_same
    iou[is_same] = nearest.same_class_iou[is_same]
    iou[is_other] = nearest.other_class_iou[is_other]
    # A detection may match an object that is not its nearest, because that one was taken.
    unknown = np.flatnonzero((target >= 0) & ~is_same & ~is_other)
    if len(unknown) and results.settings.iou_type == "bbox":
        iou[unknown] = _iou_with(results, unknown, target[unknown])
    return target, iou


def _is_hit(results: Results) -> BoolArray:
    return results.matches.is_true_positive(results.analysis_threshold, results.settings.max_detections)


def _iou_with(results: Results, rows: NDArray[np.intp], target: IndexArray) -> FloatArray:
    """(len(rows),) IoU of chosen detections with one object of their class each, by the kernel's formula."""
    truth, detections = results.ground_truth, results.detections
    # Every pair gets an image of its own, so that the kernel compares each detection with its object alone.
    place = np.arange(len(rows), dtype=np.int32)
    same = np.zeros(len(rows), dtype=np.int32)
    offsets, _, iou = _kernel.box_pairs(
        place,
        place,
        same,
        np.ascontiguousarray(detections.box[rows]),
        place,
        same,
        np.ascontiguousarray(truth.box[target]),
        np.zeros(len(rows), dtype=np.uint8),
        len(rows),
        0.0,
        False,
    )
    overlaps: FloatArray = np.zeros(len(rows))
    has_pair = np.diff(offsets) > 0
    overlaps[has_pair] = iou[offsets[:-1][has_pair]]
    return overlaps


def _box_columns(box: FloatArray) -> Mapping[str, FloatArray]:
    return {name: box[:, axis] for axis, name in enumerate(("x", "y", "width", "height"))}


def _gap_columns(
    debts: Debts, debtor: IndexArray, is_debtor: BoolArray, length: int, causes: Iterable[str]
) -> Iterator[tuple[str, FloatArray]]:
    """(name, (length,) what each debtor owes): in all, at IoU .5, and by cause."""
    rows = np.flatnonzero(is_debtor)
    debtors, gap, cause = debtor[rows], debts.gap[rows], debts.cause[rows]
    yield "gap", sum_by(debtors, gap, length)
    yield "gap_at_iou_50", sum_by(debtors, debts.gap_at_50[rows], length)
    for name in causes:
        of_cause = np.flatnonzero(cause == CAUSES.index(name))
        yield f"gap_{name}", sum_by(debtors[of_cause], gap[of_cause], length)


def gap_of_objects(results: Results) -> FloatArray:
    """(N,) what each object itself owes."""
    own = results.debts.detection < 0
    return sum_by(results.debts.object[own], results.debts.gap[own], len(results.ground_truth.ids))
