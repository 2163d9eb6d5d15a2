"""The kernel refuses arrays that do not fit together, instead of reading beyond them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mapgap import _kernel

pytestmark = pytest.mark.kernel

INDEX = np.zeros(2, dtype=np.int32)
SCORE = np.array([0.5, 0.9])
BOX = np.array([[0.0, 0.0, 10.0, 10.0], [5.0, 5.0, 10.0, 10.0]])
FLAG = np.zeros(2, dtype=np.uint8)
BITS = np.zeros(2, dtype=np.uint32)
ORDER = np.array([1, 0], dtype=np.int32)
RECALL = np.linspace(0, 1, 101)

ARGUMENTS: dict[str, dict[str, Any]] = {
    "order_detections": {"image": INDEX, "category": INDEX, "score": SCORE, "images": 1, "categories": 1},
    "box_pairs": {
        "order": ORDER,
        "image": INDEX,
        "category": INDEX,
        "box": BOX,
        "object_image": INDEX,
        "object_category": INDEX,
        "object_box": BOX,
        "crowd": FLAG,
        "images": 1,
        "minimum_iou": 0.5,
        "across_classes": True,
    },
    "match": {
        "order": ORDER,
        "rank": INDEX,
        "image": INDEX,
        "category": INDEX,
        "pair_offsets": np.array([0, 1, 2]),
        "pair_object": INDEX,
        "pair_iou": SCORE,
        "object_category": INDEX,
        "crowd": FLAG,
        "object_ignored": FLAG.reshape(1, 2),
        "detection_outside": FLAG.reshape(1, 2),
        "thresholds": np.array([0.5]),
        "max_detections": 100,
        "matched_areas": 1,
    },
    "precision_recall": {
        "class_order": ORDER,
        "class_offsets": np.array([0, 2]),
        "score": SCORE,
        "rank": INDEX,
        "true_positive": np.array([1, 0], dtype=np.uint32),
        "ignored": np.zeros(2, dtype=np.uint32),
        "positives": np.array([2]),
        "thresholds": 1,
        "recall_thresholds": RECALL,
        "max_detections": 100,
    },
    "nearest_objects": {
        "order": ORDER,
        "rank": INDEX,
        "category": INDEX,
        "pair_offsets": np.array([0, 1, 2]),
        "pair_object": INDEX,
        "pair_iou": SCORE,
        "object_category": INDEX,
        "is_object": FLAG + np.uint8(1),
        "max_detections": 100,
    },
    "error_causes": {
        "rank": INDEX,
        "true_positive": np.array([1, 0], dtype=np.uint32),
        "ignored": BITS,
        "matched": np.array([[0, -1]], dtype=np.int32),
        "same_object": INDEX,
        "same_iou": SCORE,
        "other_object": INDEX,
        "other_iou": SCORE,
        "kept_iou": SCORE,
        "is_object": FLAG + np.uint8(1),
        "thresholds": np.array([0.5]),
        "background_iou": 0.1,
        "max_detections": 100,
    },
    "thresholds_by_cause": {"cause": np.array([[-1, 2]], dtype=np.int8), "causes": 3},
    "percentile_intervals": {"samples": np.zeros((1, 2)), "low": 0.1, "high": 0.9},
    "resampled_average_precision": {
        "group_offsets": np.array([0, 2]),
        "image": INDEX,
        "counted_at": BITS + np.uint32(1),
        "true_positive_at": np.array([1, 0], dtype=np.uint32),
        "object_offsets": np.array([0, 2]),
        "object_image": INDEX,
        "object_at": BITS + np.uint32(1),
        "cell_of_group": np.zeros(1, dtype=np.int32),
        "cells": 1,
        "drawn": np.ones((1, 3), dtype=np.uint16),
        "thresholds": 1,
        "recall_thresholds": RECALL,
    },
    "resampled_counts": {
        "columns": [INDEX],
        "sizes": np.array([1]),
        "image": INDEX,
        "kind": FLAG,
        "kinds": 1,
        "drawn": np.ones((1, 3), dtype=np.uint16),
    },
    "resampled_gap": {
        "class_order": ORDER,
        "class_offsets": np.array([0, 2]),
        "image": INDEX,
        "counted_at": BITS + np.uint32(1),
        "true_positive_at": np.array([1, 0], dtype=np.uint32),
        "detection_cause": np.array([[-1, 2]], dtype=np.int8),
        "object_offsets": np.array([0, 2]),
        "object_image": INDEX,
        "object_cause": np.array([[-1, 2]], dtype=np.int8),
        "drawn": np.ones((1, 3), dtype=np.uint16),
        "recall_thresholds": RECALL,
        "causes": 3,
    },
    "resample_images": {"images": 3, "resamples": 2, "seed": 0},
    "divide_gap": {
        "class_order": ORDER,
        "class_offsets": np.array([0, 2]),
        "counted_at": BITS + np.uint32(1),
        "true_positive_at": np.array([1, 0], dtype=np.uint32),
        "detection_cause": np.array([[-1, 2]], dtype=np.int8),
        "object_category": INDEX,
        "object_cause": np.array([[-1, 2]], dtype=np.int8),
        "positives": np.array([2]),
        "recall_thresholds": RECALL,
        "weight": 1.0,
        "causes": 3,
    },
    "average_precision": {
        "class_order": ORDER,
        "class_offsets": np.array([0, 2]),
        "status": np.array([1, 2], dtype=np.uint8),
        "positives": np.array([2]),
        "recall_thresholds": RECALL,
    },
    "exact_sums": {"values": SCORE, "group": np.array([0, 1], dtype=np.int8), "groups": 2},
    "falling_order": {"values": SCORE},
    "reorder_classes": {
        "class_order": ORDER,
        "class_offsets": np.array([0, 2]),
        "category": INDEX,
        "score": SCORE,
        "turn": np.array([1, 0]),
    },
    "image_presence": {
        "class_order": ORDER,
        "class_offsets": np.array([0, 2]),
        "image": INDEX,
        "score": SCORE,
        "counted": FLAG,
        "kept": FLAG,
        "object_image": INDEX,
        "object_category": INDEX,
        "is_object": FLAG,
        "images": 1,
    },
    "match_leftovers": {
        "order": ORDER,
        "image": INDEX,
        "score": SCORE,
        "left_detection": FLAG + np.uint8(1),
        "left_object": FLAG + np.uint8(1),
        "pair_offsets": np.array([0, 1, 2]),
        "pair_object": INDEX,
        "pair_iou": SCORE,
        "minimum_iou": 0.5,
        "images": 1,
    },
    "tide_types": {
        "order": ORDER,
        "image": INDEX,
        "category": INDEX,
        "score": SCORE,
        "pair_offsets": np.array([0, 1, 2]),
        "pair_object": INDEX,
        "pair_iou": SCORE,
        "object_category": INDEX,
        "crowd": FLAG,
        "images": 1,
        "positive_iou": 0.5,
        "background_iou": 0.1,
        "max_detections": 100,
    },
    "SliceAveragePrecision": {
        "class_order": ORDER,
        "class_offsets": np.array([0, 2]),
        "counted_at": BITS + np.uint32(1),
        "true_positive_at": np.array([1, 0], dtype=np.uint32),
        "matched": np.array([[0, -1]], dtype=np.int32),
        "cause": np.array([[-1, 2]], dtype=np.int8),
        "same_object": INDEX,
        "other_object": INDEX,
        "target_of_cause": np.array([0, 1, 2], dtype=np.uint8),
        "object_category": INDEX,
        "is_object": FLAG + np.uint8(1),
        "recall_thresholds": RECALL,
    },
    "average_precision_by_threshold": {
        "class_offsets": np.array([0, 2]),
        "counted_at": np.array([1, 1], dtype=np.uint32),
        "true_positive_at": np.array([1, 0], dtype=np.uint32),
        "positives": np.array([[2]]),
        "recall_thresholds": RECALL,
    },
    "count_slices": {
        "columns": [INDEX, INDEX],
        "sizes": np.array([1, 2]),
        "crosses": np.array([[0, 1], [1, -1]], dtype=np.int32),
        "gap": SCORE,
        "objects": np.array([0, 1]),
        "image": INDEX,
        "found": np.array([0]),
        "false_positives": np.array([1]),
    },
    "sum_cells": {
        "columns": [INDEX, INDEX],
        "sizes": np.array([1, 2]),
        "crosses": np.array([[0, 1], [1, -1]], dtype=np.int32),
        "weights": SCORE.reshape(1, 2),
    },
    "cluster_sums": {
        "columns": [INDEX, INDEX],
        "sizes": np.array([1, 2]),
        "crosses": np.array([[0, 1], [1, -1]], dtype=np.int32),
        "image": INDEX,
        "members": np.array([1, 1]),
        "error_row": np.array([1]),
        "error_kind": np.zeros(1, dtype=np.int32),
        "kinds": 1,
        "least_members": 0,
        "least_images": 0,
    },
    "grow_cluster_sums": {
        "columns": [INDEX, INDEX, INDEX],
        "sizes": np.array([1, 2, 1]),
        "parents": np.array([[0, 1, 0, 0, 0]], dtype=np.int32),
        "image": INDEX,
        "members": np.array([1, 1]),
        "error_row": np.array([1]),
        "error_kind": np.zeros(1, dtype=np.int32),
        "kinds": 1,
        "least_members": 0,
        "least_images": 0,
    },
    "stratified_sums": {
        "columns": [INDEX, INDEX],
        "sizes": np.array([1, 2]),
        "crosses": np.array([[0, 1], [1, -1]], dtype=np.int32),
        "stratum": INDEX,
        "members": np.array([1, 1]),
        "errors": np.array([1, 0]),
    },
    "covered_share": {"image": INDEX, "box": BOX, "is_object": FLAG + np.uint8(1), "images": 1},
    "count_overlaps": {
        "image": INDEX,
        "box": BOX,
        "is_object": FLAG + np.uint8(1),
        "images": 1,
        "minimum_iou": 0.1,
    },
    "measure_windows": {
        "luma": np.zeros((9, 9), dtype=np.uint8),
        "window": np.array([[0, 0, 9, 9]], dtype=np.int32),
        "inside": np.array([[1, 1, 8, 8]], dtype=np.int32),
        "around": np.array([[0, 0, 9, 9]], dtype=np.int32),
    },
}
# These arrays set a length themselves.
IGNORED_LENGTHS = {("measure_windows", "luma"), ("average_precision", "status"), ("match_leftovers", "left_object")}
IGNORED_LENGTHS |= {("thresholds_by_cause", "cause"), ("falling_order", "values")}
IGNORED_LENGTHS |= {("SliceAveragePrecision", "target_of_cause")}
IGNORED_LENGTHS |= {("count_slices", name) for name in ("crosses", "found", "false_positives")} | {
    ("sum_cells", "crosses")
}
IGNORED_LENGTHS |= {("cluster_sums", "crosses"), ("stratified_sums", "crosses")}
IGNORED_LENGTHS |= {("percentile_intervals", "samples")}
IGNORED_LENGTHS |= {("resampled_average_precision", "drawn"), ("resampled_counts", "drawn")}
IGNORED_LENGTHS |= {("resampled_gap", "drawn")}


def _kernel_function(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(_kernel, name)
    return function


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_the_arguments_of_these_tests_are_accepted(name: str) -> None:
    assert _kernel_function(name)(**ARGUMENTS[name]) is not None


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        (name, argument)
        for name, arguments in sorted(ARGUMENTS.items())
        for argument, value in arguments.items()
        if isinstance(value, np.ndarray)
        and argument not in ("recall_thresholds", "thresholds")
        and (name, argument) not in IGNORED_LENGTHS
    ],
)
def test_a_longer_array_is_refused(name: str, argument: str) -> None:
    value = ARGUMENTS[name][argument]
    longer = np.concatenate([value, value], axis=-1 if argument != "box" and argument != "object_box" else 0)
    with pytest.raises(ValueError, match=r"differ|offsets|range|entry|shape"):
        _kernel_function(name)(**{**ARGUMENTS[name], argument: np.ascontiguousarray(longer)})


@pytest.mark.parametrize(
    ("name", "argument", "bad"),
    [
        ("order_detections", "image", np.array([0, 1], dtype=np.int32)),
        ("order_detections", "category", np.array([-1, 0], dtype=np.int32)),
        ("box_pairs", "order", np.array([0, 2], dtype=np.int32)),
        ("box_pairs", "object_image", np.array([0, 9], dtype=np.int32)),
        ("match", "pair_object", np.array([0, 5], dtype=np.int32)),
        ("match", "pair_offsets", np.array([0, 3, 2])),
        ("precision_recall", "class_order", np.array([0, 7], dtype=np.int32)),
        ("divide_gap", "class_offsets", np.array([0, 1])),
        ("average_precision", "class_order", np.array([0, -1], dtype=np.int32)),
        ("divide_gap", "class_order", np.array([0, 2], dtype=np.int32)),
        ("divide_gap", "object_category", np.array([0, 1], dtype=np.int32)),
        ("divide_gap", "object_cause", np.array([[3, 0]], dtype=np.int8)),
        ("error_causes", "matched", np.array([[2, -1]], dtype=np.int32)),
        ("error_causes", "matched", np.array([[-1, -1]], dtype=np.int32)),
        ("error_causes", "same_object", np.array([0, 2], dtype=np.int32)),
        ("error_causes", "other_object", np.array([-2, 0], dtype=np.int32)),
        ("thresholds_by_cause", "cause", np.array([[3]], dtype=np.int8)),
        ("exact_sums", "group", np.array([0, 2], dtype=np.int8)),
        ("reorder_classes", "category", np.array([0, 1], dtype=np.int32)),
        ("reorder_classes", "class_order", np.array([0, 2], dtype=np.int32)),
        ("image_presence", "image", np.array([0, 1], dtype=np.int32)),
        ("image_presence", "object_image", np.array([0, 1], dtype=np.int32)),
        ("image_presence", "object_category", np.array([0, 1], dtype=np.int32)),
        ("image_presence", "class_offsets", np.array([0, 1])),
        ("SliceAveragePrecision", "matched", np.array([[4, -1]], dtype=np.int32)),
        ("SliceAveragePrecision", "matched", np.array([[-1, 0]], dtype=np.int32)),
        ("SliceAveragePrecision", "same_object", np.array([0, 2], dtype=np.int32)),
        ("SliceAveragePrecision", "other_object", np.array([-2, 0], dtype=np.int32)),
        ("SliceAveragePrecision", "is_object", np.array([0, 1], dtype=np.uint8)),
        ("SliceAveragePrecision", "object_category", np.array([0, 1], dtype=np.int32)),
        ("average_precision_by_threshold", "class_offsets", np.array([0, 1])),
        ("count_slices", "crosses", np.array([[0, 2]], dtype=np.int32)),
        ("count_slices", "crosses", np.array([[-1, 0]], dtype=np.int32)),
        ("count_slices", "sizes", np.array([1, 0])),
        ("count_slices", "sizes", np.array([1 << 30, 1 << 30])),
        ("sum_cells", "crosses", np.array([[1, 2]], dtype=np.int32)),
        ("count_slices", "objects", np.array([0, 2])),
        ("count_slices", "found", np.array([-1])),
        ("count_slices", "false_positives", np.array([2])),
        ("cluster_sums", "crosses", np.array([[2, 0]], dtype=np.int32)),
        ("cluster_sums", "members", np.array([1, -1])),
        ("cluster_sums", "members", np.array([1, 1 << 31])),
        ("cluster_sums", "error_row", np.array([2])),
        ("cluster_sums", "error_kind", np.array([1], dtype=np.int32)),
        ("grow_cluster_sums", "parents", np.array([[0, 3, 0, 0, 0]], dtype=np.int32)),
        ("grow_cluster_sums", "parents", np.array([[0, 1, 0, 0, 1]], dtype=np.int32)),
        ("grow_cluster_sums", "sizes", np.array([1, 2, 0])),
        ("stratified_sums", "sizes", np.array([1, 0])),
        ("resampled_average_precision", "image", np.array([0, 1], dtype=np.int32)),
        ("resampled_average_precision", "object_image", np.array([-1, 0], dtype=np.int32)),
        ("resampled_average_precision", "cell_of_group", np.ones(1, dtype=np.int32)),
        ("resampled_average_precision", "group_offsets", np.array([0, 3])),
        ("resampled_average_precision", "object_offsets", np.array([1, 2])),
        ("resampled_gap", "class_order", np.array([0, 2], dtype=np.int32)),
        ("resampled_gap", "class_offsets", np.array([0, 3])),
        ("resampled_gap", "image", np.array([0, 1], dtype=np.int32)),
        ("resampled_gap", "detection_cause", np.array([[-1, 3]], dtype=np.int8)),
        ("resampled_gap", "detection_cause", np.array([[-1, -1]], dtype=np.int8)),
        ("resampled_gap", "object_offsets", np.array([1, 2])),
        ("resampled_gap", "object_image", np.array([-1, 0], dtype=np.int32)),
        ("resampled_gap", "object_cause", np.array([[-1, 3]], dtype=np.int8)),
        ("resampled_counts", "image", np.array([0, 1], dtype=np.int32)),
        ("resampled_counts", "kind", np.array([0, 1], dtype=np.uint8)),
        ("resampled_counts", "sizes", np.array([0])),
        ("tide_types", "pair_object", np.array([0, 2], dtype=np.int32)),
        ("match_leftovers", "order", np.array([0, 2], dtype=np.int32)),
        ("covered_share", "image", np.array([0, 1], dtype=np.int32)),
        ("measure_windows", "window", np.array([[0, 0, 10, 9]], dtype=np.int32)),
        ("measure_windows", "window", np.array([[0, -1, 9, 9]], dtype=np.int32)),
        ("measure_windows", "inside", np.array([[0, 0, 9, 10]], dtype=np.int32)),
        ("measure_windows", "around", np.array([[-1, 0, 9, 9]], dtype=np.int32)),
    ],
)
def test_an_index_out_of_range_is_refused(name: str, argument: str, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"range|offsets"):
        _kernel_function(name)(**{**ARGUMENTS[name], argument: bad})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("match", {"thresholds": np.linspace(0, 1, 33)}),
        ("resampled_average_precision", {"thresholds": 33}),
        ("resampled_gap", {"detection_cause": np.zeros((33, 2), np.int8), "object_cause": np.zeros((33, 2), np.int8)}),
        ("precision_recall", {"thresholds": 33}),
        ("average_precision_by_threshold", {"positives": np.full((33, 1), 2)}),
        ("SliceAveragePrecision", {"matched": np.zeros((33, 2), np.int32), "cause": np.zeros((33, 2), np.int8)}),
        ("error_causes", {"matched": np.zeros((33, 2), np.int32), "thresholds": np.linspace(0, 1, 33)}),
        ("thresholds_by_cause", {"cause": np.zeros((33, 2), np.int8)}),
        ("divide_gap", {"detection_cause": np.zeros((33, 2), np.int8), "object_cause": np.zeros((33, 2), np.int8)}),
    ],
)
def test_more_than_32_thresholds_are_refused(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="32"):
        _kernel_function(name)(**{**ARGUMENTS[name], **arguments})


@pytest.mark.parametrize("points", [[0.0], [0.0, 0.4, 1.0], [0.1, 0.55, 1.0], []])
def test_recall_points_at_uneven_distances_are_refused(points: list[float]) -> None:
    with pytest.raises(ValueError, match="evenly spaced"):
        _kernel.resampled_average_precision(
            **{**ARGUMENTS["resampled_average_precision"], "recall_thresholds": np.array(points)}
        )


def test_more_resampled_true_positives_than_objects_are_refused() -> None:
    right = np.ones(2, dtype=np.uint32)
    only_one = {"object_offsets": np.array([0, 1]), "object_image": INDEX[:1], "object_at": right[:1]}
    with pytest.raises(ValueError, match="more true positives"):
        _kernel.resampled_average_precision(
            **{**ARGUMENTS["resampled_average_precision"], "true_positive_at": right, **only_one}
        )


@pytest.mark.parametrize("object_cause", [[[2, 2]], [[-1, -1]]])
def test_resampled_objects_found_without_a_true_positive_are_refused(object_cause: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="as there are true positives"):
        _kernel.resampled_gap(**{**ARGUMENTS["resampled_gap"], "object_cause": np.array(object_cause, dtype=np.int8)})


def test_draws_that_might_overflow_are_refused() -> None:
    rows = 40_000
    image, kind = np.zeros(rows, dtype=np.int32), np.zeros(rows, dtype=np.uint8)
    drawn = np.full((1, 1), 65535, dtype=np.uint16)
    with pytest.raises(ValueError, match="too many"):
        _kernel.resampled_counts([image], np.array([1]), image, kind, 1, drawn)


def test_two_true_positives_at_one_object_are_refused() -> None:
    arguments = {**ARGUMENTS["SliceAveragePrecision"], "true_positive_at": BITS + np.uint32(1)}
    with pytest.raises(ValueError, match="one object"):
        _kernel.SliceAveragePrecision(**{**arguments, "matched": np.zeros((1, 2), np.int32)})


@pytest.mark.parametrize("cause", [-1, 3])
def test_a_false_positive_that_owes_without_a_known_cause_is_refused(cause: int) -> None:
    # The wrong one of the two stands first.
    arguments = {**ARGUMENTS["divide_gap"], "true_positive_at": np.array([1, 0], dtype=np.uint32)}
    with pytest.raises(ValueError, match="detection_cause"):
        _kernel.divide_gap(**{**arguments, "detection_cause": np.array([[-1, cause]], dtype=np.int8)})


@pytest.mark.parametrize("code", [-1, 1])
@pytest.mark.parametrize("crosses", [[[0, -1]], [[0, 1]]])
def test_codes_that_do_not_fit_the_slices_are_refused(code: int, crosses: list[list[int]]) -> None:
    prepared = _kernel.SliceAveragePrecision(**ARGUMENTS["SliceAveragePrecision"])
    codes = np.zeros(len(prepared.places()), np.int32)
    partitions = np.array([1, 1]), np.array(crosses, np.int32)
    assert prepared.average_precision([codes, codes], *partitions).shape == (1,)
    for bad in (codes + np.int32(code), codes[1:]):
        with pytest.raises(ValueError, match=r"range|differ"):
            prepared.average_precision([codes, bad], *partitions)


def test_the_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="not defined"):
        _kernel.pairwise_mean(np.zeros(0))


def test_32_thresholds_fill_every_bit() -> None:
    arguments = {**ARGUMENTS["match"], "thresholds": np.full(32, 0.1), "detection_outside": np.ones((1, 2), np.uint8)}
    arguments["pair_offsets"] = np.array([0, 0, 0])
    arguments["pair_object"], arguments["pair_iou"] = np.zeros(0, np.int32), np.zeros(0)
    _, true_positive, ignored = _kernel.match(**arguments)
    assert true_positive.tolist() == [[0, 0]]
    assert ignored.tolist() == [[2**32 - 1] * 2]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"around": np.array([[2, 0, 9, 9]], dtype=np.int32)}, "does not hold"),
        ({"inside": np.zeros((2, 4), dtype=np.int32)}, "differ in number"),
        ({"luma": np.zeros((1, (1 << 16) + 1), dtype=np.uint8)}, "too many pixels"),
        ({"luma": np.zeros((1 << 12, (1 << 11) + 1), dtype=np.uint8)}, "too many pixels"),
    ],
)
def test_windows_that_do_not_fit_the_picture_are_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        _kernel.measure_windows(**{**ARGUMENTS["measure_windows"], **change})


@pytest.mark.parametrize(
    ("name", "argument", "bad", "complaint"),
    [
        ("cluster_sums", "image", np.array([1, 0], dtype=np.int32), "must not fall"),
        ("cluster_sums", "kinds", -1, "negative"),
        ("grow_cluster_sums", "image", np.array([1, 0], dtype=np.int32), "must not fall"),
        ("stratified_sums", "stratum", np.array([1, 0], dtype=np.int32), "must not fall"),
        ("stratified_sums", "errors", np.array([2, 0]), "more errors"),
        ("stratified_sums", "errors", np.array([-1, 0]), "more errors"),
    ],
)
def test_rows_out_of_order_and_impossible_counts_are_refused(
    name: str, argument: str, bad: Any, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        _kernel_function(name)(**{**ARGUMENTS[name], argument: bad})


def test_errors_out_of_order_are_refused() -> None:
    errors = {"error_row": np.array([1, 0]), "error_kind": INDEX}
    with pytest.raises(ValueError, match="must not fall"):
        _kernel.cluster_sums(**{**ARGUMENTS["cluster_sums"], **errors})
