"""COCO evaluation: from files to the 12 numbers and the arrays behind them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import ArrayLike

from mapgap.analysis.examining import data_findings, notices_of, reading_findings
from mapgap.analysis.parameters import AreaRanges, Parameters, check_parameters
from mapgap.analysis.quirks import as_pycocotools_reads, compare_with_pycocotools, quirk_findings
from mapgap.analysis.sources import DetectionsSource, GroundTruthSource, read_pair, require_iou_type, telling_of_both
from mapgap.coco.agnostic import merge_classes
from mapgap.coco.selection import select
from mapgap.errors import InputError
from mapgap.findings import Finding
from mapgap.matching import Curves, accumulate, class_average_precision, coco_metrics, match_detections, precision_of
from mapgap.readings import USUAL, Reading
from mapgap.tables import (
    MAX_DETECTIONS,
    Detections,
    FloatArray,
    GroundTruth,
    Matches,
    Notice,
)

if TYPE_CHECKING:
    import pandas as pd

    from mapgap.analysis.copied import CopiedEvaluation

KERNEL_THRESHOLDS = 32
"""The kernel keeps one bit a threshold; longer lists are matched in pieces."""


@dataclass(frozen=True)
class Evaluation:
    """What COCO's rules say of one run; arrays and DataFrames are made when asked for."""

    ground_truth: GroundTruth
    results: Detections
    """The detections, one row a record."""
    matches: tuple[Matches, ...]
    """Pieces of at most 32 IoU thresholds, in order."""
    metrics: Mapping[str, float | None]
    """AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl as fractions of 1; None where not defined."""
    notices: tuple[Notice, ...]

    @property
    def iou_thresholds(self) -> FloatArray:
        """(T,) the IoU thresholds."""
        return np.concatenate([piece.iou_thresholds for piece in self.matches])

    @cached_property
    def precision(self) -> FloatArray:
        """(T, R, K, A, M) precision at 101 recall points, as pycocotools' eval["precision"]; NaN where not defined."""
        return self._stack(lambda curves: curves.precision)

    @cached_property
    def recall(self) -> FloatArray:
        """(T, K, A, M) recall, as pycocotools' eval["recall"]; NaN where not defined."""
        return self._stack(lambda curves: curves.recall)

    @cached_property
    def scores(self) -> FloatArray:
        """(T, R, K, A, M) score at each recall point, as pycocotools' eval["scores"]; NaN where not defined."""
        return self._stack(lambda curves: curves.scores)

    def per_class(self) -> "pd.DataFrame":
        """One row a category, by id: objects, detections, AP and AP50 (NaN for a class without ground truth)."""
        import pandas as pd

        first = self.matches[0]
        area, limit = self._main_cell()
        precision = precision_of(self.results, self.matches, area, limit)
        at_50 = precision[self.iou_thresholds == 0.5]
        categories = self.ground_truth.categories
        return pd.DataFrame(
            {
                "id": categories.ids,
                "name": list(categories.names),
                "objects": first.positives[area],
                "detections": np.bincount(self.results.category, minlength=len(categories.ids)),
                "AP": class_average_precision(precision, first.positives[area]),
                "AP50": class_average_precision(at_50, first.positives[area]),
            }
        )

    def objects(self) -> "pd.DataFrame":
        """One row an annotation, in file order, with the detection that matched it at the first IoU threshold.

        `detection` is the detection's place in its file (NA if none), `score` its score.
        """
        import pandas as pd

        ground_truth, results = self.ground_truth, self.results
        matched = self.matches[0].matched[0, 0]
        matching = np.full(len(ground_truth.ids), -1, dtype=np.int64)
        hits = np.flatnonzero(matched >= 0)[::-1]
        matching[matched[hits]] = hits
        is_matched = matching >= 0
        frame = self._boxes(ground_truth, "object_id", ground_truth.ids)
        frame["area"] = ground_truth.area
        frame["iscrowd"] = ground_truth.crowd
        record = results.record[matching] if len(results.record) else matching
        score = results.score[matching] if len(results.score) else np.zeros(len(matching))
        frame["detection"] = pd.Series(record, dtype="Int64").where(pd.Series(is_matched))
        frame["score"] = np.where(is_matched, score, np.nan)
        return frame

    def detections(self) -> "pd.DataFrame":
        """One row a detection, in file order, with its outcome at the first IoU threshold.

        `outcome` is "tp", "fp", "ignored" (absorbed by an ignored annotation or out of range) or "cut" (beyond the
        largest limit of detections an image and class); `object_id` is the annotation it matched, NA if none.
        """
        import pandas as pd

        first, limit = self.matches[0], max(self.matches[0].max_detections)
        matched = first.matched[0, 0]
        outcome = np.select(
            [first.rank >= limit, first.is_true_positive(0, limit), first.is_counted(0, limit)],
            ["cut", "tp", "fp"],
            default="ignored",
        )
        frame = self._boxes(self.results, "detection", self.results.record)
        frame["score"] = self.results.score
        frame["outcome"] = outcome
        ids = self.ground_truth.ids[matched] if len(self.ground_truth.ids) else matched.astype(np.int64)
        frame["object_id"] = pd.Series(ids, dtype="Int64").where(pd.Series(matched >= 0))
        return frame

    def _boxes(self, table: GroundTruth | Detections, key: str, values: ArrayLike) -> "pd.DataFrame":
        import pandas as pd

        categories = self.ground_truth.categories
        names = np.array(categories.names, dtype=object)
        return pd.DataFrame(
            {
                key: values,
                "image_id": self.ground_truth.images.ids[table.image],
                "category_id": categories.ids[table.category],
                "class": names[table.category],
                **dict(zip(("x", "y", "width", "height"), table.box.T, strict=True)),
            }
        )

    def _main_cell(self) -> tuple[int, int]:
        first = self.matches[0]
        names, limits = list(first.area_ranges), first.max_detections
        return names.index("all") if "all" in names else 0, 100 if 100 in limits else limits[-1]

    def _stack(self, array_of: Callable[[Curves], FloatArray]) -> FloatArray:
        first = self.matches[0]
        areas = []
        for area, positives in enumerate(first.positives):
            limits = [array_of(curves_over(self.results, self.matches, area, limit)) for limit in first.max_detections]
            # Where the kernel has -1, nothing is defined; scores may truly be -1.
            areas.append(np.where((positives > 0)[:, np.newaxis], np.stack(limits, axis=-1), np.nan))
        return np.stack(areas, axis=-2)


@overload
def evaluate(
    gt: GroundTruthSource,
    dt: DetectionsSource,
    *,
    iou_type: str = "bbox",
    iou_thresholds: ArrayLike | None = None,
    max_detections: Sequence[int] = MAX_DETECTIONS,
    area_ranges: AreaRanges | None = None,
    image_ids: Sequence[int] | None = None,
    category_ids: Sequence[int] | None = None,
    class_agnostic: bool = False,
    reading: Reading = USUAL,
    compat: None = None,
) -> Evaluation: ...


@overload
def evaluate(
    gt: GroundTruthSource,
    dt: DetectionsSource,
    *,
    iou_type: str = "bbox",
    iou_thresholds: ArrayLike | None = None,
    max_detections: Sequence[int] = MAX_DETECTIONS,
    area_ranges: AreaRanges | None = None,
    image_ids: Sequence[int] | None = None,
    category_ids: Sequence[int] | None = None,
    class_agnostic: bool = False,
    reading: Reading = USUAL,
    compat: str,
) -> "Evaluation | CopiedEvaluation": ...


def evaluate(
    gt: GroundTruthSource,
    dt: DetectionsSource,
    *,
    iou_type: str = "bbox",
    iou_thresholds: ArrayLike | None = None,
    max_detections: Sequence[int] = MAX_DETECTIONS,
    area_ranges: AreaRanges | None = None,
    image_ids: Sequence[int] | None = None,
    category_ids: Sequence[int] | None = None,
    class_agnostic: bool = False,
    reading: Reading = USUAL,
    compat: str | None = None,
) -> "Evaluation | CopiedEvaluation":
    """COCO evaluation of detections against ground truth, equal to pycocotools 2.0.11 to the last bit.

    `gt` is a path, a COCO dict or a pycocotools COCO object; `dt` a path, a list of results, a dict with
    "annotations", an (N, 7) array [image_id, x, y, w, h, score, category_id] or a COCO object. `area_ranges` maps
    names to (low, high) in square pixels, both ends inside. `class_agnostic` compares without regard to the class and
    reports one class of id -1 (pycocotools' useCats = 0). `reading` says how both inputs are read where they are not in
    COCO's format, or leniently. `compat="pycocotools"` copies pycocotools where it is wrong
    (annotation id 0, duplicate annotation ids, no 100 in `max_detections`); otherwise those are corrected and a notice
    gives pycocotools' number. Raises InputError for input without a meaning, AccessError for unreadable files.
    """
    require_iou_type(iou_type)
    if compat not in (None, "pycocotools"):
        raise InputError(f"compat {compat!r} is not known", fix='Use compat="pycocotools" or leave it out')
    parameters = check_parameters(
        iou_thresholds, max_detections, area_ranges, category_ids=category_ids, class_agnostic=class_agnostic
    )
    try:
        with telling_of_both(gt, [dt], iou_type, reading):
            whole_truth, whole_detections = read_pair(gt, dt, iou_type, with_attributes=False, reading=reading)
        ground_truth, detections = select(whole_truth, whole_detections, image_ids=image_ids, category_ids=category_ids)
    except InputError as refusal:
        if compat is None or refusal.tells("input_too_large"):  # pycocotools' way to read has no limit
            raise
        from mapgap.analysis.copied import evaluate_as_pycocotools

        return evaluate_as_pycocotools(gt, dt, iou_type, parameters, image_ids, refusal)
    copied = as_pycocotools_reads(whole_truth, parameters.limits, image_ids=image_ids, category_ids=category_ids)
    if compat is not None:
        evaluation = _evaluate_tables(copied or ground_truth, detections, parameters, copy_quirks=True)
        return replace(evaluation, notices=(*ground_truth.notices, *detections.notices))
    evaluation = _evaluate_tables(ground_truth, detections, parameters)
    ap50 = evaluation.metrics.get("AP50")
    other_reading = reading_findings(ground_truth, detections, ap50, reading)
    found = notices_of((*other_reading, *data_findings(whole_truth, whole_detections)))
    notices = (*ground_truth.notices, *detections.notices, *found)
    if copied is not None:
        theirs = _evaluate_tables(copied, detections, parameters, copy_quirks=True)
        notices = (*notices, *compare_with_pycocotools(ground_truth, evaluation.metrics, theirs.metrics))
    return replace(evaluation, notices=notices)


def misread_ids(ground_truth: GroundTruth, detections: Detections) -> tuple[Finding, ...]:
    """What pycocotools makes of an annotation id 0 or of ids that come twice, where its numbers differ from ours."""
    copied = as_pycocotools_reads(ground_truth, MAX_DETECTIONS)
    if copied is None:
        return ()
    parameters = check_parameters(None, MAX_DETECTIONS, None)
    ours = _evaluate_tables(ground_truth, detections, parameters)
    theirs = _evaluate_tables(copied, detections, parameters, copy_quirks=True)
    return quirk_findings(ground_truth, ours.metrics, theirs.metrics)


def curves_over(detections: Detections, pieces: Sequence[Matches], area: int, limit: int) -> Curves:
    """Precision, recall and scores of one cell over all pieces of thresholds."""
    parts = [accumulate(detections, piece, area=area, max_detections=limit) for piece in pieces]
    if len(parts) == 1:
        return parts[0]
    return Curves(
        np.concatenate([part.precision for part in parts]),
        np.concatenate([part.recall for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def _evaluate_tables(
    ground_truth: GroundTruth,
    detections: Detections,
    parameters: Parameters,
    *,
    copy_quirks: bool = False,
) -> Evaluation:
    if parameters.class_agnostic:
        ground_truth, detections = merge_classes(ground_truth, detections, parameters.category_ids)
    pieces = tuple(
        match_detections(
            ground_truth,
            detections,
            iou_thresholds=parameters.thresholds[start : start + KERNEL_THRESHOLDS],
            area_ranges=parameters.area_ranges,
            max_detections=parameters.limits,
            id_zero_is_no_match=copy_quirks and bool(np.any(ground_truth.ids == 0)),
        )[0]
        for start in range(0, len(parameters.thresholds), KERNEL_THRESHOLDS)
    )
    metrics = coco_metrics(detections, pieces, pycocotools_limits=copy_quirks)
    return Evaluation(ground_truth, detections, pieces, metrics, ())
