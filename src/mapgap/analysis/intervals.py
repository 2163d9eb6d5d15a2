"""Intervals of everything that has one, from one set of resamples."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mapgap.bootstrap import draw_images, interval_of, slice_intervals, whole_intervals
from mapgap.bootstrap.slices import GroupsOf
from mapgap.gap import Oracle, ResampledOracle, resample_oracle
from mapgap.tables import (
    GAP_CAUSES,
    Attribute,
    BoolArray,
    CauseTotal,
    FailureMode,
    GroundTruth,
    Results,
    Scalar,
    Where,
)

MODES_WITH_INTERVAL = 20
"""So many failure modes have an interval of their gain: those ranked first."""


def with_intervals(results: Results, oracle: Oracle, groups_of: GroupsOf) -> Results:
    """The results with their intervals, all of the same draws of the images; as they are without resamples."""
    settings = results.settings
    if not settings.resamples:
        return results
    truth, detections, point = results.ground_truth, results.detections, results.operating_point
    drawn = draw_images(len(truth.images.ids), resamples=settings.resamples, seed=settings.seed)
    resampled = resample_oracle(oracle, truth, detections, drawn)
    recall, ap = slice_intervals(truth, detections, results.attributes, point, results.slices, groups_of, drawn)
    statistics = results.slice_statistics
    return replace(
        results,
        intervals=whole_intervals(truth, detections, point, drawn, ap=resampled.ap, ap50=resampled.ap50),
        slice_statistics=statistics and replace(statistics, recall_interval=recall, ap_interval=ap),
        cause_totals=tuple(_with_gain(total, resampled) for total in results.cause_totals),
        failure_modes=_modes_with_gain(results.failure_modes, truth, results.attributes, resampled),
    )


def _with_gain(total: CauseTotal, resampled: ResampledOracle) -> CauseTotal:
    """A cause that owes nothing gains nothing, whatever is drawn: it needs no interval."""
    if total.cause not in GAP_CAUSES:
        return total
    return replace(total, gain_interval=interval_of(resampled.gain([total.cause])))


def _modes_with_gain(
    modes: Sequence[FailureMode], truth: GroundTruth, attributes: Sequence[Attribute], resampled: ResampledOracle
) -> tuple[FailureMode, ...]:
    by_name = {attribute.name: attribute for attribute in attributes}
    first, others = modes[:MODES_WITH_INTERVAL], modes[MODES_WITH_INTERVAL:]
    return (*(_mode_with_gain(mode, truth, by_name, resampled) for mode in first), *others)


def _mode_with_gain(
    mode: FailureMode, truth: GroundTruth, attributes: Mapping[str, Attribute], resampled: ResampledOracle
) -> FailureMode:
    if mode.cause not in GAP_CAUSES:
        return mode
    in_slice, own_in_slice = _members(mode.where, attributes)
    samples = resampled.gain([mode.cause], truth.is_object & in_slice, own_in_slice)
    return replace(mode, gain_interval=interval_of(samples))


def _members(where: Where, attributes: Mapping[str, Attribute]) -> tuple[BoolArray, BoolArray]:
    """(N,) annotations in a slice, (D,) detections whose own values are in it."""
    chosen = [(attributes[name], _code_of(attributes[name], value)) for name, value in where.items()]
    of_objects = [attribute.object_codes == code for attribute, code in chosen]
    of_detections = [attribute.detection_codes == code for attribute, code in chosen]
    return np.logical_and.reduce(of_objects), np.logical_and.reduce(of_detections)


def _code_of(attribute: Attribute, value: Scalar) -> int:
    # True == 1 in Python, and here they are two values.
    return next(code for code, known in enumerate(attribute.values) if type(known) is type(value) and known == value)
