"""What the page and report.md show of a comparison, decided once: which rows, in what order, what is summed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mapgap.changes import Compared, Comparison
from mapgap.report.changed_slices import ChangedSlices, changed_slices, is_thin
from mapgap.report.comparison import (
    cause_change_records,
    leaderboard_records,
    metric_change_records,
    object_change_record,
    slice_change_records,
    waterfall_record,
)
from mapgap.report.json_values import Record
from mapgap.report.run_rows import points_explained
from mapgap.tables import CAUSES, Results, Scalar, Where

VALUES_SHOWN = 20
"""An attribute of more values shows those whose gap changed most; the others are summed up in one row."""


@dataclass(frozen=True)
class Step:
    """One step from AP before to AP after: a value of an attribute, or several summed up."""

    value: Scalar
    """Of the attribute; of several the number."""
    where: Where | None
    """None for several."""
    ap_change: float
    objects: int
    fixed: int
    broken: int
    record: Record | None
    """Of `slice_change_records`; None for several."""
    is_thin: bool


@dataclass(frozen=True)
class Waterfall:
    """The steps of one attribute, in natural order; they add up to the difference."""

    attribute: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Fates:
    """One row a cause: the objects that one run misses for it, and how many of them the other finds."""

    cause: str
    missed: int
    found_by_other: int


@dataclass(frozen=True)
class ComparisonView:
    """What changed from one run to another."""

    before: str
    after: str
    images: int
    """That the intervals were drawn from."""
    metrics: tuple[Record, ...]
    waterfall: Record
    """As in comparison.json."""
    causes: tuple[Record, ...]
    """Those that owe or err in either run."""
    changed: ChangedSlices
    by_attribute: tuple[Waterfall, ...]
    objects: Record
    fixed: tuple[Fates, ...]
    """By the cause in the earlier run."""
    broken: tuple[Fates, ...]
    """By the cause in the later run."""


@dataclass(frozen=True)
class ComparedView:
    """Several runs."""

    leaderboard: tuple[Record, ...]
    comparisons: tuple[ComparisonView, ...]
    resamples: int
    warnings: tuple[str, ...]
    points: str
    """At which operating points the runs are counted, in words."""
    epochs: tuple[Record, ...]
    """The leaderboard in the order in which the runs were given."""

    def of_run(self, name: str) -> ComparisonView:
        """The comparison with the first run; for the first run itself that of the last one."""
        return next((one for one in self.comparisons if one.after == name), self.comparisons[-1])


def compared_view(compared: Compared, runs: Mapping[str, Results]) -> ComparedView:
    """The view of a comparison of these runs."""
    leaderboard = leaderboard_records(compared, runs)
    first = next(iter(runs.values()))
    images = len(first.ground_truth.images.ids)
    by_name = {record["run"]: record for record in leaderboard}
    return ComparedView(
        leaderboard=tuple(leaderboard),
        comparisons=tuple(_comparison_view(one, images) for one in compared.comparisons),
        resamples=compared.resamples,
        points=points_explained(compared.at, first.settings),
        warnings=tuple(f"{notice.message} ({', '.join(notice.examples)})" for notice in compared.notices),
        epochs=tuple(by_name[name] for name in runs),
    )


def _comparison_view(comparison: Comparison, images: int) -> ComparisonView:
    objects = object_change_record(comparison)
    slices = slice_change_records(comparison)
    pairs = [(row["cause_before"], row["cause_after"], row["objects"]) for row in objects["by_cause"]]
    return ComparisonView(
        before=comparison.before,
        after=comparison.after,
        images=images,
        metrics=tuple(metric_change_records(comparison)),
        waterfall=waterfall_record(comparison),
        causes=tuple(record for record in cause_change_records(comparison) if _occurs(record)),
        changed=changed_slices(slices, comparison.rates["recall"].difference, comparison.objects.total),
        by_attribute=tuple(_waterfalls(slices)),
        objects=objects,
        fixed=_fates(pairs),
        broken=_fates([(after, before, number) for before, after, number in pairs]),
    )


def _occurs(record: Record) -> bool:
    return any(record[key] for key in ("gap_before", "gap_after", "errors_before", "errors_after"))


def _fates(pairs: Sequence[tuple[str | None, str | None, int]]) -> tuple[Fates, ...]:
    """Of objects by (cause in one run, cause in the other, how many), None for found ones."""
    rows = []
    for cause in CAUSES:
        missed = sum(number for own, _, number in pairs if own == cause)
        found = sum(number for own, other, number in pairs if own == cause and other is None)
        if missed:
            rows.append(Fates(cause, missed, found))
    return tuple(rows)


def _waterfalls(records: Sequence[Record]) -> list[Waterfall]:
    by_attribute: dict[str, list[Record]] = {}
    for record in records:
        if len(record["where"]) == 1 and record["ap_change"] is not None:
            (name,) = record["where"]
            by_attribute.setdefault(name, []).append(record)
    return [Waterfall(name, _steps(rows)) for name, rows in by_attribute.items() if len(rows) > 1]


def _steps(records: Sequence[Record]) -> tuple[Step, ...]:
    by_size = sorted(range(len(records)), key=lambda row: (-abs(records[row]["ap_change"]), row))
    shown = sorted(by_size[:VALUES_SHOWN] if len(records) > VALUES_SHOWN + 1 else by_size)
    rest = [records[row] for row in range(len(records)) if row not in set(shown)]
    steps = [_step(records[row]) for row in shown]
    if rest:
        sums = {key: sum(record[key] for record in rest) for key in ("ap_change", "objects", "fixed", "broken")}
        steps.append(Step(value=len(rest), where=None, record=None, is_thin=False, **sums))
    return tuple(steps)


def _step(record: Record) -> Step:
    (value,) = record["where"].values()
    return Step(
        value=value,
        where=record["where"],
        ap_change=record["ap_change"],
        objects=record["objects"],
        fixed=record["fixed"],
        broken=record["broken"],
        record=record,
        is_thin=is_thin(record),
    )
