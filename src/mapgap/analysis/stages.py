"""The whole chain for one run: match, give causes, divide the gap, slice, rank."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from mapgap.advice import recommend
from mapgap.analysis.evaluation import evaluate
from mapgap.analysis.examining import data_findings, notices_of, reading_findings
from mapgap.analysis.intervals import with_intervals
from mapgap.analysis.notices import threshold_notice
from mapgap.analysis.quirks import as_pycocotools_reads
from mapgap.analysis.sources import DetectionsSource, read_pair, require_iou_type, telling_of_both
from mapgap.analysis.truth import Truth
from mapgap.attributes import apply_bins, build_attributes, named_slices, parse_slices
from mapgap.causes import find_causes, list_errors
from mapgap.error_costs import require_cost_of_missing, require_rankable
from mapgap.errors import InputError
from mapgap.gap import build_oracle, counted_and_right, divide_gap, summarize_gap
from mapgap.matching import class_average_precision, coco_metrics, match_detections, precision_of
from mapgap.operating_point import (
    choose_score_threshold,
    confusion_matrix,
    costs_of_keeping,
    image_level,
    list_candidates,
    operate,
)
from mapgap.pixels.attributes import NAMES as PIXEL_NAMES
from mapgap.pixels.attributes import pixel_attributes
from mapgap.ranking import RANK_BY, rank_failure_modes, total_causes
from mapgap.slices import build_slices, cross, search_slices
from mapgap.slices.average_precision import average_precision_by_slice
from mapgap.tables import (
    IOU_THRESHOLDS,
    MAX_DETECTIONS,
    Attribute,
    Causes,
    Detections,
    FloatArray,
    GroundTruth,
    Matches,
    Notice,
    OperatingPoint,
    Results,
    Settings,
    SliceStatistics,
)
from mapgap.thresholds import GivenThresholds, resolve_thresholds
from mapgap.tide import tide

Progress = Callable[[str], None]
"""Told the name of each stage as it begins."""


@runtime_checkable
class CountingProgress(Protocol):
    """Progress that also wants to know how far a long stage is."""

    def __call__(self, stage: str) -> None:
        """The stage begins."""

    def count(self, done: int, of: int) -> None:
        """So many of its parts are done."""


STAGES = (
    "reading",
    "matching",
    "causes",
    "gap",
    "confusion",
    "attributes",
    "pixels",
    "slices",
    "ranking",
    "intervals",
    "advice",
)
COCO_THRESHOLDS = len(IOU_THRESHOLDS)


def run_stages(
    truth: Truth,
    dt: DetectionsSource,
    settings: Settings,
    progress: Progress | None = None,
    thresholds: GivenThresholds | None = None,
) -> Results:
    """Everything mapgap finds out about one run, stage after stage; `thresholds` go before those of the settings.

    Raises InputError for input or settings without a meaning, AccessError for unreadable files.
    """
    check_settings(settings)
    expressions = parse_slices(settings.slices)
    begin = progress or _silent
    begin("reading")
    with telling_of_both(truth.source, [dt], settings.iou_type, truth.reading):
        ground_truth, detections = read_pair(truth.table, dt, settings.iou_type, reading=truth.reading)
    settings = replace(settings, reading=truth.reading.record)
    joined = None
    if truth.joined is not None:
        joined, joined_file = truth.joined
        settings = replace(settings, attributes=joined_file)
    if thresholds is not None:
        resolved = resolve_thresholds(thresholds, ground_truth.categories)
        settings = replace(settings, score_threshold=None, thresholds=resolved)
    begin("matching")
    threshold, iou_thresholds = _with_analysis_iou(settings.iou_threshold)
    matches, pairs = match_detections(
        ground_truth,
        detections,
        iou_thresholds=iou_thresholds,
        minimum_pair_iou=settings.background_iou,
        across_classes=True,
    )
    # The bit of another analysis IoU comes after those of the ten, where nobody looks.
    ten = replace(matches, iou_thresholds=IOU_THRESHOLDS)
    metrics = coco_metrics(detections, [ten])
    begin("causes")
    causes = find_causes(ground_truth, detections, matches, pairs, background_iou=settings.background_iou)
    operating_point = _operate(ground_truth, detections, matches, causes, settings, threshold)
    errors = list_errors(ground_truth, detections, matches, pairs, causes, operating_point, threshold=threshold)
    begin("gap")
    debts = divide_gap(ground_truth, detections, matches, causes)
    gap = summarize_gap(debts, ap=metrics["AP"], ap50=metrics["AP50"])
    oracle = build_oracle(ground_truth, detections, matches, causes)
    begin("confusion")
    tide_numbers = tide(ground_truth, detections, matches, pairs)
    matrix = confusion_matrix(ground_truth, detections, matches, pairs, operating_point)
    candidates = list_candidates(ground_truth, matches, pairs, threshold=threshold)
    presence = image_level(ground_truth, detections, matches, operating_point)
    begin("attributes")
    measured_names = PIXEL_NAMES if truth.images is not None else frozenset()
    unnamed, attribute_notices = build_attributes(ground_truth, detections, joined, reserved=measured_names)
    if truth.images is not None:
        begin("pixels")
        measured, pixel_notices = _pixels(truth, detections, progress)
        unnamed = tuple(sorted([*unnamed, *measured], key=lambda attribute: attribute.name))
        attribute_notices = (*attribute_notices, *pixel_notices)
    unnamed = apply_bins(unnamed, settings.bins, ground_truth.is_object)
    named, slice_notices = named_slices(unnamed, expressions, ground_truth.is_object, len(detections.score))
    attributes = tuple(sorted((*unnamed, *named), key=lambda attribute: attribute.name))
    begin("slices")
    average_precision_of = average_precision_by_slice(
        ground_truth, matches, causes, *counted_and_right(matches, COCO_THRESHOLDS), COCO_THRESHOLDS
    )
    cut = (ground_truth, detections, attributes, operating_point, errors, debts, average_precision_of)
    slices, tests = search_slices(
        ground_truth,
        attributes,
        operating_point,
        build_slices(*cut, crosses=settings.by, single_only=settings.slices),
        lambda crosses: cross(*cut, crosses),
        single_only=settings.slices,
    )
    unknown = np.full((len(slices.where), 2), np.nan)
    slice_statistics = SliceStatistics(
        recall_interval=unknown,
        ap_interval=unknown,
        q_value=tests.q_value,
        adjusted_odds_ratio=tests.adjusted_odds_ratio,
        is_reversed=tests.is_reversed,
        images_to_halve=tests.images_to_halve,
    )
    begin("ranking")
    failure_modes = rank_failure_modes(
        ground_truth,
        detections,
        unnamed,  # a named slice repeats what other attributes say; it moves no hot spot
        operating_point,
        errors,
        debts,
        matches.matched[0, threshold],
        lambda cause, objects, own: oracle.gain([cause], objects, own),
        rank_by=settings.rank_by,
        costs=settings.costs,
    )
    evaluation_notices = _coco_notices(ground_truth, detections)
    degenerate = threshold_notice(
        ground_truth, operating_point, matches.is_counted(threshold), matches.is_true_positive(threshold)
    )
    precision = precision_of(detections, [ten], 0, 100)
    results = Results(
        settings=settings,
        ground_truth=ground_truth,
        detections=detections,
        matches=matches,
        analysis_threshold=threshold,
        metrics=metrics,
        class_ap=class_average_precision(precision, matches.positives[0]),
        class_ap50=class_average_precision(precision[:1], matches.positives[0]),
        causes=causes,
        operating_point=operating_point,
        errors=errors,
        debts=debts,
        gap=gap,
        tide=tide_numbers,
        confusion_matrix=matrix,
        candidates=candidates,
        image_level=presence,
        attributes=attributes,
        slices=slices,
        cause_totals=total_causes(errors, debts, lambda cause: oracle.gain([cause])),
        failure_modes=failure_modes,
        slice_statistics=slice_statistics,
        slices_tried=tests.tried,
        notices=(
            *evaluation_notices,
            *notices_of(reading_findings(ground_truth, detections, metrics["AP50"], truth.reading)),
            *notices_of(data_findings(ground_truth, detections)),
            *attribute_notices,
            *slice_notices,
            *([degenerate] if degenerate else []),
        ),
    )
    begin("intervals")
    results = with_intervals(results, oracle, average_precision_of)
    begin("advice")
    return replace(results, failure_modes=recommend(results, measured_names))


def _silent(stage: str) -> None:
    """Reports to nobody."""


def _pixels(
    truth: Truth, detections: Detections, progress: Progress | None
) -> tuple[tuple[Attribute, ...], tuple[Notice, ...]]:
    """What is measured on the pictures, and what is to be said of them."""
    measurements = truth.measurements(progress.count if isinstance(progress, CountingProgress) else None)
    return pixel_attributes(measurements, truth.table, detections), measurements.notices


def check_settings(settings: Settings) -> None:
    """Raises InputError for settings without a meaning."""
    require_iou_type(settings.iou_type)
    if not 0 < settings.iou_threshold <= 1:
        raise InputError(f"iou_threshold {settings.iou_threshold!r} is not in (0, 1]", fix="Give an IoU such as 0.5")
    if settings.rank_by not in RANK_BY:
        raise InputError(f"cannot rank by {settings.rank_by!r}", fix=f"Use one of: {', '.join(RANK_BY)}")
    require_rankable(settings.rank_by, settings.costs)
    if settings.score_threshold == "cost":
        require_cost_of_missing(settings.costs)


def _with_analysis_iou(iou_threshold: float) -> tuple[int, FloatArray]:
    """Position of the analysis IoU, and COCO's thresholds with it behind them if it is none of them."""
    if iou_threshold in IOU_THRESHOLDS:
        return int(np.flatnonzero(iou_threshold == IOU_THRESHOLDS)[0]), IOU_THRESHOLDS
    return COCO_THRESHOLDS, np.append(IOU_THRESHOLDS, iou_threshold)


def _coco_notices(ground_truth: GroundTruth, detections: Detections) -> tuple[Notice, ...]:
    """What `evaluate` says of the input; it must compare with pycocotools only where pycocotools may differ."""
    if as_pycocotools_reads(ground_truth, MAX_DETECTIONS) is not None:
        return evaluate(ground_truth, detections).notices
    return (*ground_truth.notices, *detections.notices)


def _operate(
    ground_truth: GroundTruth,
    detections: Detections,
    matches: Matches,
    causes: Causes,
    settings: Settings,
    threshold: int,
) -> OperatingPoint:
    if settings.thresholds is not None:
        of_classes = np.array([of_class.score_threshold for of_class in settings.thresholds.classes], dtype=np.float64)
        return operate(
            ground_truth,
            detections,
            matches,
            threshold=threshold,
            score_threshold=None,
            class_score_thresholds=of_classes,
        )
    assert settings.score_threshold is not None
    by_cost = settings.score_threshold == "cost"
    score_threshold = choose_score_threshold(
        settings.score_threshold,
        detections.score,
        matches.is_counted(threshold),
        matches.is_true_positive(threshold),
        int(matches.positives[0].sum()),
        costs_of_keeping(ground_truth, detections, matches, causes, settings, threshold) if by_cost else None,
    )
    return operate(ground_truth, detections, matches, threshold=threshold, score_threshold=score_threshold)
