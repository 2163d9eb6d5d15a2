"""What a rule of a gate measures in the baseline and in the run, with paired intervals where both are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress

import numpy as np

from mapgap.analysis.baseline_summary import Summary
from mapgap.analysis.gate_numbers import (
    RATES,
    SliceNumbers,
    point_numbers,
    slice_numbers,
    summary_numbers,
    summary_slice_numbers,
    whole_numbers,
    with_gate_slices,
)
from mapgap.attributes import Expression, as_where
from mapgap.bootstrap import (
    RunSamples,
    RunSlices,
    ap_changes,
    interval_of,
    precision_changes,
    recall_changes,
    run_samples,
    slice_intervals,
)
from mapgap.bootstrap.whole import resampled_outcomes
from mapgap.changes import METRICS_COMPARED, Changes
from mapgap.errors import InputError
from mapgap.gap import counted_and_right
from mapgap.rates import rates
from mapgap.slice_growth import is_prefixed
from mapgap.slice_tests import LEAST_IMAGES, LEAST_MEMBERS
from mapgap.slices.average_precision import average_precision_by_slice
from mapgap.tables import IOU_THRESHOLDS, BoolArray, DrawnArray, FloatArray, IdArray, Interval, Results, Where
from mapgap.verdicts import Measured, Rule
from mapgap.where_text import where_text

ABOUT_DETECTIONS = ("precision", "f1", "fp")
TOLD_BY_OBJECTS = ("recall", "tp", "fn", "objects")
AT_OPERATING_POINT = ("recall", "precision", "f1", "tp", "fp", "fn")
SUMMARY_HOLDS = "It holds single attributes, named slices and the 200 pairs of highest gap"


@dataclass(frozen=True)
class Earlier:
    """The baseline: its summary, and what could be found out again."""

    summary: Summary
    results: Results | None = None
    """All of it; None where there is a summary alone, or masks that no table holds."""
    outcomes: Results | None = None
    """Where there are no `results`: those of the later run with the baseline's detections and operating point."""
    is_at_own_point: bool = True
    """Whether it is looked at with the score threshold of its summary."""

    @property
    def paired(self) -> Results | None:
        """What objects can be paired with."""
        return self.results or self.outcomes


@dataclass(frozen=True)
class Measuring:
    """Both runs on the same images; whatever a rule asks for is made when the first one does."""

    earlier: Earlier
    now: Results
    expressions: Mapping[str, tuple[str, Expression]]
    """Of each slice that rules name, by its text: the name of its attribute and the condition."""
    drawn: DrawnArray | None

    def of(self, rule: Rule) -> list[Measured]:
        """One row a thing the rule is about; raises InputError where the baseline does not have it."""
        if rule.where is None:
            return [self._whole(rule)]
        if rule.is_about_every_slice:
            return self._every_slice(rule)
        return [self._one_slice(rule, *self.expressions[rule.where])]

    def _whole(self, rule: Rule) -> Measured:
        metric = rule.metric
        if rule.direction is not None and metric not in self._whole_before:
            what = f"the baseline has no {metric}: its summary.json is not that of a report"
            raise _refusal(rule, what, "Make the baseline with mapgap report")
        after = self._whole_after[metric]
        own = None
        if rule.direction is None:
            samples = self._samples_after.get(metric)
            own = None if samples is None or after is None else interval_of(samples)
        before = self._whole_before.get(metric)
        return Measured(before, after, self._whole_interval(rule, before, after), own)

    def _whole_interval(self, rule: Rule, before: float | None, after: float | None) -> Interval | None:
        samples = self._samples_before.get(rule.metric), self._samples_after.get(rule.metric)
        if rule.direction is None or before is None or after is None or samples[0] is None or samples[1] is None:
            return None
        return interval_of(samples[1] - samples[0])

    @cached_property
    def _whole_before(self) -> Mapping[str, float | None]:
        if self.earlier.results is not None:
            return whole_numbers(self.earlier.results)
        numbers = summary_numbers(self.earlier.summary)
        if self.earlier.outcomes is not None:
            numbers |= point_numbers(self.earlier.outcomes.operating_point)
        return numbers

    @cached_property
    def _whole_after(self) -> Mapping[str, float | None]:
        return whole_numbers(self.now)

    @cached_property
    def _samples_before(self) -> Mapping[str, FloatArray]:
        if self.drawn is None or self.earlier.paired is None:
            return {}
        return _samples(self.earlier.paired, self.drawn, with_metrics=self.earlier.results is not None)

    @cached_property
    def _samples_after(self) -> Mapping[str, FloatArray]:
        return {} if self.drawn is None else _samples(self.now, self.drawn, with_metrics=True)

    def _one_slice(self, rule: Rule, name: str, expression: Expression) -> Measured:
        where: Where = {name: True}
        runs = (self._gates_before, self._gates_after)
        before = self._before(rule, where, runs[0], expression)
        if before is None and rule.direction is not None:
            what = f"the baseline's summary.json does not tell {rule.metric} of this slice"
            fix = f"{SUMMARY_HOLDS}: name the slice in the baseline's report with --slice, or give the report folder"
            raise _refusal(rule, what, fix)
        place = (expression.text.strip(), as_where(expression, self.now.attributes))
        return self._measured(rule, [before], runs, [where], [place])[0]

    @cached_property
    def _gates_after(self) -> Results:
        return with_gate_slices(self.now, dict(self.expressions.values()))

    @cached_property
    def _gates_before(self) -> Results | None:
        if self.earlier.results is not None:
            return with_gate_slices(self.earlier.results, dict(self.expressions.values()))
        outcomes = self.earlier.outcomes
        return None if outcomes is None else replace(outcomes, attributes=self._gates_after.attributes)

    def _every_slice(self, rule: Rule) -> list[Measured]:
        """Of single attributes, without those that hold too little; where the baseline must know them, if it does."""
        wheres = self._large_slices
        before = [self._before(rule, where, self.earlier.paired, None) for where in wheres]
        if rule.direction is not None:
            is_known = [numbers is not None for numbers in before]
            wheres, before = list(compress(wheres, is_known)), list(compress(before, is_known))
        runs = (self.earlier.paired, self.now)
        return self._measured(rule, before, runs, wheres, [(where_text(where), where) for where in wheres])

    @cached_property
    def _large_slices(self) -> list[Where]:
        """The slices of one attribute that hold enough; of those with the same objects the one without a prefix."""
        slices = self.now.slices
        sizes = zip(slices.where, slices.objects.tolist(), slices.images.tolist(), strict=True)
        large: list[Where] = [
            where
            for where, objects, images in sizes
            if len(where) == 1 and objects >= LEAST_MEMBERS and images >= LEAST_IMAGES
        ]
        names = {attribute.name for attribute in self.now.attributes}
        chosen: dict[bytes, Where] = {}
        for where in sorted(large, key=lambda where: is_prefixed(next(iter(where)), names)):
            chosen.setdefault(np.packbits(_members(self.now, where)).tobytes(), where)
        kept = {id(where) for where in chosen.values()}
        return [where for where in large if id(where) in kept]

    def _before(
        self, rule: Rule, where: Where, run: Results | None, expression: Expression | None
    ) -> SliceNumbers | None:
        """What the baseline tells of a slice, None where it does not; `expression` says what a gate's own slice is."""
        if self.earlier.results is not None and run is not None:
            return slice_numbers(run.slices, [where])
        if run is not None and rule.metric in TOLD_BY_OBJECTS:
            return _found_numbers(run, where)
        asked = where if expression is None else as_where(expression, self.now.attributes)
        numbers = None if asked is None else summary_slice_numbers(self.earlier.summary, asked)
        if numbers is None and expression is not None:
            named = self.earlier.summary.settings.slices
            name = next((name for name, text in named.items() if text == expression.text), None)
            numbers = None if name is None else summary_slice_numbers(self.earlier.summary, {name: True})
        if numbers is not None and not self.earlier.is_at_own_point and rule.metric in AT_OPERATING_POINT:
            what = f"the baseline tells {rule.metric} of slices at its own score threshold only"
            raise _refusal(rule, what, "Leave --score-threshold out, or ask for recall")
        return numbers

    def _measured(
        self,
        rule: Rule,
        before: Sequence[SliceNumbers | None],
        runs: tuple[Results | None, Results],
        wheres: Sequence[Where],
        places: Sequence[tuple[str, Where | None]],
    ) -> list[Measured]:
        after = slice_numbers(runs[1].slices, wheres)
        values_after = after.values[rule.metric]
        values_before = np.array([_value(numbers, rule.metric) for numbers in before])
        changes = None
        if rule.direction is not None and runs[0] is not None:
            values = np.stack([values_before, values_after], axis=1)
            changes = self._changes(rule.metric, (runs[0], runs[1]), wheres, after.objects, values)
        own = self._own_intervals(rule, runs[1], wheres)
        members = after.objects.copy()
        if rule.metric in ABOUT_DETECTIONS:
            earlier = [0 if numbers is None else int(numbers.false_positives[0]) for numbers in before]
            members += np.maximum(after.false_positives, np.array(earlier, dtype=np.int64))
        return [
            Measured(
                before=_defined(values_before[row]),
                after=_defined(values_after[row]),
                interval=None if changes is None else changes.row(row).interval,
                after_interval=own[row],
                place=place,
                where=asked,
                members=int(members[row]),
                q_value=None if changes is None or not rule.is_about_every_slice else _defined(changes.q_value[row]),
            )
            for row, (place, asked) in enumerate(places)
        ]

    def _changes(
        self,
        metric: str,
        runs: tuple[Results, Results],
        wheres: Sequence[Where],
        objects: IdArray,
        values: FloatArray,
    ) -> Changes | None:
        """The changes of `values` (R, 2) with their intervals, where the metric has any."""
        if self.drawn is None or not wheres:
            return None
        # Only the q-values of rules on every slice are looked at, and those are slices of enough objects and images.
        is_tested = np.ones(len(wheres), dtype=np.bool_)
        if metric == "recall":
            return recall_changes(*runs, wheres, objects, is_tested, values, self.drawn)
        if self.earlier.results is None:
            return None
        if metric == "precision":
            return precision_changes(*runs, wheres, is_tested, values, self.drawn)
        if metric == "AP":
            return ap_changes(_run_slices(runs[0]), _run_slices(runs[1]), wheres, is_tested, values, self.drawn)
        return None

    def _own_intervals(self, rule: Rule, of: Results, wheres: Sequence[Where]) -> list[Interval | None]:
        """Of recall and AP, for rules on the number itself."""
        if self.drawn is None or rule.direction is not None or rule.metric not in ("recall", "AP") or not wheres:
            return [None] * len(wheres)
        asked = replace(of.slices, where=tuple(wheres))
        run = _run_slices(of)
        recall, ap = slice_intervals(
            of.ground_truth, of.detections, of.attributes, of.operating_point, asked, run.groups_of, self.drawn
        )
        ends = (recall if rule.metric == "recall" else ap).tolist()
        return [None if np.isnan(low) else (low, high) for low, high in ends]


def _refusal(rule: Rule, what: str, fix: str) -> InputError:
    return InputError(what, file=rule.source, where=f"rule {rule.text}", fix=fix)


def _samples(of: Results, drawn: DrawnArray, *, with_metrics: bool) -> dict[str, FloatArray]:
    """(B,) of each number of the whole run that has samples."""
    counts = resampled_outcomes(of.ground_truth, of.detections, of.operating_point, drawn)
    samples = dict(zip(RATES, rates(*counts), strict=True))
    if with_metrics:
        whole: RunSamples = run_samples(of.ground_truth, of.detections, of.matches, of.operating_point, drawn)
        samples |= {name: whole.metrics[name] for name in METRICS_COMPARED}
        samples["gap"] = 1 - whole.metrics["AP"]
    return samples


def _run_slices(of: Results) -> RunSlices:
    counted = counted_and_right(of.matches, len(IOU_THRESHOLDS))
    groups = average_precision_by_slice(of.ground_truth, of.matches, of.causes, *counted, len(IOU_THRESHOLDS))
    return RunSlices(of, groups)


def _found_numbers(of: Results, where: Where) -> SliceNumbers:
    """What the objects alone tell of a slice of one key."""
    is_inside = _members(of, where)
    objects, tp = int(is_inside.sum()), int((is_inside & of.operating_point.found).sum())
    values = {"recall": tp / objects if objects else np.nan, "tp": tp, "fn": objects - tp, "objects": objects}
    assert tuple(values) == TOLD_BY_OBJECTS
    columns = {name: np.array([number], dtype=np.float64) for name, number in values.items()}
    return SliceNumbers(np.array([objects]), np.array([0]), columns)


def _members(of: Results, where: Where) -> BoolArray:
    """(N,) the objects of a slice of one key."""
    ((name, value),) = where.items()
    (attribute,) = (attribute for attribute in of.attributes if attribute.name == name)
    codes = [code for code, known in enumerate(attribute.values) if type(known) is type(value) and known == value]
    return of.ground_truth.is_object & np.isin(attribute.object_codes, codes)


def _value(numbers: SliceNumbers | None, metric: str) -> float:
    return np.nan if numbers is None else float(numbers.values[metric][0])


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
