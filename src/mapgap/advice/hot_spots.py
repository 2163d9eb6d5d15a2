"""One hot spot as the rules see it: its errors, its objects, and the tables of the analysis behind them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mapgap.advice.halves import Half, split_in_halves
from mapgap.advice.overlaps import Overlaps, find_overlaps
from mapgap.advice.suppression import Suppression, best_suppression
from mapgap.tables import (
    CAUSES,
    Attribute,
    BoolArray,
    FailureMode,
    IdArray,
    IndexArray,
    Interval,
    Results,
    Scalar,
    Where,
)

Place = tuple[tuple[str, type, Scalar], ...]


@dataclass(frozen=True)
class Case:
    """The analysis, and what several hot spots ask of it."""

    results: Results
    measured: frozenset[str] = frozenset()
    """Names of attributes that were measured on pictures."""

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """By name."""
        return {attribute.name: attribute for attribute in self.results.attributes}

    @cached_property
    def counted(self) -> BoolArray:
        """(D,) which detections count at the analysis IoU, at any score."""
        return self.results.matches.is_counted(self.results.analysis_threshold)

    @cached_property
    def right(self) -> BoolArray:
        """(D,) which detections are true positives at the analysis IoU, at any score."""
        return self.results.matches.is_true_positive(self.results.analysis_threshold)

    @cached_property
    def finder(self) -> IndexArray:
        """(N,) the kept detection that found each object, or -1."""
        results = self.results
        kept = np.flatnonzero(results.operating_point.true_positive)
        finder = np.full(len(results.ground_truth.ids), -1, dtype=np.int32)
        finder[results.matches.matched[0, results.analysis_threshold][kept]] = kept
        return finder

    @cached_property
    def overlaps(self) -> Overlaps:
        """Pairs of kept detections of one image and class that overlap."""
        results = self.results
        order = results.matches.order[results.operating_point.kept[results.matches.order]]
        return find_overlaps(results.detections, order, len(results.ground_truth.images.ids))

    @cached_property
    def suppression(self) -> Suppression:
        """What suppression of the kept detections does best."""
        return best_suppression(self.overlaps, self.results.operating_point.kept, *self.halves)

    @cached_property
    def halves(self) -> tuple[Half, Half]:
        """The counted detections of the half of the images to choose on, and of the half to try on."""
        return split_in_halves(self.results, self.counted, self.right)

    @cached_property
    def lost_by_cause(self) -> dict[str, BoolArray]:
        """For each cause (N,) which objects are missed for it at the operating point."""
        errors = self.results.errors
        lost = {}
        for code, cause in enumerate(CAUSES):
            lost[cause] = np.zeros(len(self.results.ground_truth.ids), dtype=np.bool_)
            lost[cause][errors.object[errors.is_false_negative & (errors.cause == code)]] = True
        return lost

    def recall_interval(self, where: Where) -> Interval | None:
        """The bootstrap interval of a slice's recall, None where there is none."""
        statistics, row = self.results.slice_statistics, self._row_of_slice.get(_place(where))
        if statistics is None or row is None or np.isnan(statistics.recall_interval[row]).any():
            return None
        low, high = statistics.recall_interval[row].tolist()
        return low, high

    @cached_property
    def _row_of_slice(self) -> dict[Place, int]:
        return {_place(where): row for row, where in enumerate(self.results.slices.where)}


def _place(where: Where) -> Place:
    """The slice with the types of its values, as true and 1 are equal in Python."""
    return tuple(sorted((name, type(value), value) for name, value in where.items()))


@dataclass(frozen=True)
class HotSpot:
    """One failure mode with its rows."""

    case: Case
    mode: FailureMode
    objects: BoolArray
    """(N,) which objects are in its slice."""
    error_rows: IdArray
    """Rows of `Errors`: those of its cause in its slice."""

    @property
    def results(self) -> Results:
        """All tables of the analysis."""
        return self.case.results

    @cached_property
    def lost(self) -> IdArray:
        """Indices of the objects in the slice that are missed for the mode's cause, ascending."""
        return np.flatnonzero(self.objects & self.case.lost_by_cause[self.mode.cause])

    @cached_property
    def false_positives(self) -> IndexArray:
        """Indices of the kept detections that are errors of this cause here, ascending."""
        errors = self.results.errors
        rows = self.error_rows[~errors.is_false_negative[self.error_rows]]
        return np.sort(errors.detection[rows])

    def holds_detection(self) -> BoolArray:
        """(D,) which detections are in the slice by values of their own, which is all a detector knows."""
        inside = np.ones(len(self.results.detections.score), dtype=np.bool_)
        for attribute, code in _codes(self.case, self.mode.where):
            inside &= attribute.detection_codes == code
        return inside


def open_hot_spot(case: Case, mode: FailureMode) -> HotSpot:
    """The failure mode with the rows of its objects and errors."""
    results = case.results
    errors = results.errors
    rows = np.flatnonzero(errors.cause == CAUSES.index(mode.cause))
    for attribute, code in _codes(case, mode.where):
        rows = rows[attribute.codes_at(errors.object[rows], errors.detection[rows]) == code]
    return HotSpot(case, mode, objects_in(case, mode.where), rows)


def objects_in(case: Case, where: Where) -> BoolArray:
    """(N,) which objects are in a slice; all of them in an empty one."""
    inside = case.results.ground_truth.is_object.copy()
    for attribute, code in _codes(case, where):
        inside &= attribute.object_codes == code
    return inside


def _codes(case: Case, where: Where) -> list[tuple[Attribute, int]]:
    chosen = [(case.attributes[name], value) for name, value in where.items()]
    return [(attribute, _code(attribute, value)) for attribute, value in chosen]


def _code(attribute: Attribute, value: Scalar) -> int:
    values = enumerate(attribute.values)
    return next(code for code, own in values if type(own) is type(value) and own == value)
