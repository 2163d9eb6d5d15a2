"""Several runs on one ground truth compared: object by object, slice by slice, with paired intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, overload

from mapgap.analysis.analysis import Analysis, analyze
from mapgap.analysis.comparing import compare_results
from mapgap.analysis.image_sets import read_runs
from mapgap.analysis.run_names import checked_run_names
from mapgap.analysis.runs import Count, Runs, named_progress
from mapgap.analysis.shown import ReportFolder, ShownReport
from mapgap.analysis.sources import DetectionsSource, GroundTruthSource, telling_of_both
from mapgap.analysis.stages import Progress
from mapgap.analysis.truth import truth_of
from mapgap.bootstrap import checked_draws
from mapgap.changes import OBJECT_CHANGES, Compared, Comparison
from mapgap.errors import InputError
from mapgap.rates import micro
from mapgap.report.column_values import pandas_columns
from mapgap.report.compared_objects import compared_objects_table
from mapgap.report.comparison import (
    SLICE_CHANGE_KEYS,
    cause_change_records,
    class_change_records,
    comparison_record,
    leaderboard_records,
    metric_change_records,
    slice_change_records,
    waterfall_record,
)
from mapgap.report.json_values import Record
from mapgap.tables import Results, Settings

if TYPE_CHECKING:
    import pandas as pd

PointRule = Literal["own", "equal-precision"]
POINT_RULES: tuple[PointRule, ...] = ("own", "equal-precision")


@dataclass(frozen=True)
class ComparedRuns:
    """Several runs and what changed from the first to each other one; tables are made when asked for.

    Differences are after minus before. Where `run` is left out, it is the last one.
    """

    runs: Runs
    compared: Compared

    @cached_property
    def record(self) -> Record:
        """The content of comparison.json, schema mapgap/comparison/1."""
        return comparison_record(self.compared, self._results)

    def leaderboard(self) -> "pd.DataFrame":
        """One row a run, best AP first, with its interval and what it lacks to the best."""
        return _frame(leaderboard_records(self.compared, self._results))

    def metrics(self, run: str | None = None) -> "pd.DataFrame":
        """One row a metric: AP and its kind, and precision, recall and F1 at each run's own operating point."""
        return _frame(metric_change_records(self.comparison(run)))

    def classes(self, run: str | None = None) -> "pd.DataFrame":
        """One row a class: its AP before and after."""
        return _frame(class_change_records(self.comparison(run), self._first))

    def causes(self, run: str | None = None) -> "pd.DataFrame":
        """One row a cause: what it owes, and its errors at the operating points, before and after."""
        return _frame(cause_change_records(self.comparison(run)))

    def slices(self, run: str | None = None) -> "pd.DataFrame":
        """One row a slice: recall, precision, AP and gap before and after, objects fixed and broken."""
        return _frame(slice_change_records(self.comparison(run)), SLICE_CHANGE_KEYS)

    def waterfall(self, run: str | None = None, by: str | Sequence[str] = "cause") -> "pd.DataFrame":
        """One row a step from AP before to AP after, by cause or by the values of an attribute; they add up.

        With by=["cause", "size"] there is one row a cause and value that is not 0.

        Raises InputError for an attribute that there is not.
        """
        record = waterfall_record(self.comparison(run))
        names = [by] if isinstance(by, str) else list(by)
        if len(names) == 2 and "cause" in names and names[1 - names.index("cause")] in record["by_cause_and_attribute"]:
            attribute = names[1 - names.index("cause")]
            rows = record["by_cause_and_attribute"][attribute]
            return _frame([{"cause": r["cause"], attribute: r["value"], "ap_change": r["ap_change"]} for r in rows])
        if names == ["cause"]:
            return _frame([{"cause": cause, "ap_change": step} for cause, step in record["by_cause"].items()])
        if len(names) != 1 or names[0] not in record["by_attribute"]:
            known = ", ".join(["cause", *record["by_attribute"]])
            raise InputError(f"there is no waterfall by {by!r}", fix=f"Use one of these, or cause and one: {known}")
        return _frame([{names[0]: r["value"], "ap_change": r["ap_change"]} for r in record["by_attribute"][names[0]]])

    def objects(self, run: str | None = None, change: str | None = None) -> "pd.DataFrame":
        """One row an object: what became of it (`change`), why it was missed, scores, gaps and attributes.

        `change` keeps those of one kind: "fixed", "broken", "found_by_both" or "missed_by_both".
        """
        if change is not None and change not in OBJECT_CHANGES:
            raise InputError(f"nothing becomes {change!r} of an object", fix=f"Use one of: {', '.join(OBJECT_CHANGES)}")
        comparison = self.comparison(run)
        table = compared_objects_table(comparison, self._first, self._results[comparison.after])
        frame = _frame(pandas_columns(table))
        return frame if change is None else frame[frame["change"] == change].reset_index(drop=True)

    def comparison(self, run: str | None = None) -> Comparison:
        """The tables of one comparison with the first run. Raises InputError for another name."""
        by_name = {comparison.after: comparison for comparison in self.compared.comparisons}
        name = list(by_name)[-1] if run is None else run
        if name not in by_name:
            raise InputError(f"no run {name!r} is compared with {next(iter(self.runs))}", fix=_known(by_name))
        return by_name[name]

    @overload
    def report(
        self, output: None = None, *, link_images: bool = False, command: str | None = None, count: Count | None = None
    ) -> ShownReport: ...

    @overload
    def report(
        self,
        output: str | PathLike[str],
        *,
        link_images: bool = False,
        command: str | None = None,
        count: Count | None = None,
    ) -> ReportFolder: ...

    def report(
        self,
        output: str | PathLike[str] | None = None,
        *,
        link_images: bool = False,
        command: str | None = None,
        count: Count | None = None,
    ) -> ShownReport | ReportFolder:
        """One report on all runs, as `Runs.report` makes it."""
        return self.runs.report(output, link_images=link_images, command=command, count=count, compared=self.compared)

    @property
    def _results(self) -> dict[str, Results]:
        return {name: analysis.results for name, analysis in self.runs.items()}

    @property
    def _first(self) -> Results:
        return next(iter(self.runs.values())).results


def compare(
    gt: GroundTruthSource,
    runs: Mapping[str, DetectionsSource],
    *,
    at: PointRule = "own",
    common_images: bool | None = None,
    run_intervals: bool = True,
    progress: Progress | None = None,
    **options: Any,
) -> ComparedRuns:
    """What changed from the first of several runs to each other one, with paired intervals, and who leads.

    `runs` gives the detections of each run by its name; `options` are those of `analyze`. `at` says where objects and
    rates are compared: "own", each run at the operating point that `score_threshold` gives it, or "equal-precision",
    each later run at the lowest score at which its precision is that of the first run. `common_images` True compares
    on the images that all runs were made on, False takes images without detections for images in which nothing was
    found, None refuses runs that seem to have been made on different images. Without `run_intervals` the analysis of
    each run has none of its own, which takes less time; those of the comparison are there. `progress` is told
    "NAME: stage".
    Raises InputError for fewer than two runs, for different images, and whatever `analyze` raises.
    """
    if not isinstance(runs, Mapping):
        raise InputError(f"runs is a {type(runs).__name__}", fix="Give a dict, as in {'a': 'a.json', 'b': 'b.json'}")
    if at not in POINT_RULES:
        raise InputError(f"runs cannot be compared at {at!r}", fix=f"Use one of: {', '.join(POINT_RULES)}")
    if at == "equal-precision" and options.get("thresholds") is not None:
        raise InputError(
            "thresholds one a class and equal precision exclude each other",
            fix='Compare at="own", or without thresholds',
        )
    names = checked_run_names(runs)
    if len(names) < 2:
        raise InputError(f"there is only one run, {names[0]}", fix="Give two or more to compare")
    iou_type = options.get("iou_type", "bbox")
    truth = truth_of(gt, options)
    chosen = {name: runs[name] for name in names}
    with telling_of_both(gt, list(chosen.values()), iou_type, truth.reading):
        read = read_runs(truth.table, chosen, iou_type, common_images, truth.reading)
    if read.common_images is not None:
        truth = truth_of(read.ground_truth, options)
    analyses: dict[str, Analysis] = {}
    for name, detections in read.detections.items():
        asked = options if run_intervals else {**options, "resamples": 0}
        is_led = at == "equal-precision" and bool(analyses)
        if is_led:
            asked = {**asked, "score_threshold": _rule_of_equal_precision(analyses[names[0]])}
        try:
            analyses[name] = analyze(truth, detections, progress=named_progress(progress, name), **asked)
        except InputError as error:
            if is_led and error.where == "--score-threshold":
                raise _not_as_precise(name, error) from error
            raise
    if progress is not None:
        progress("comparing")
    resamples, seed = checked_draws(options.get("resamples", Settings.resamples), options.get("seed", Settings.seed))
    results = {name: analysis.results for name, analysis in analyses.items()}
    compared = compare_results(results, resamples=resamples, seed=seed)
    notices = (*compared.notices, *read.notices)
    told = replace(compared, notices=notices, at=at, common_images=read.common_images)
    return ComparedRuns(Runs(analyses), told)


def _rule_of_equal_precision(analysis: Analysis) -> str:
    precision, _, _ = micro(analysis.results.operating_point)
    if not precision:
        raise InputError(
            "the first run has no precision that others could be compared at",
            fix="Compare each at its own operating point",
        )
    return f"precision={precision!r}"


def _not_as_precise(name: str, error: InputError) -> InputError:
    """The rule is not what the user gave, so it says which run it is about and what to do."""
    return InputError(
        f"{name} cannot be compared at the precision of the first run: {error.what}",
        fix="Compare each at its own operating point, or name a lower --score-threshold for the first run",
    )


def _known(names: Mapping[str, Any]) -> str:
    return f"Use one of: {', '.join(names)}"


def _frame(content: Any, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Numbers that are nowhere defined are NaN like others, so that a column has one type whatever the data are."""
    import pandas as pd

    frame = pd.DataFrame(content, columns=None if columns is None else list(columns))
    undefined = [
        name
        for name in frame.columns
        if len(frame) and frame[name].dtype == object and frame[name].isna().all() and not name.endswith("_interval")
    ]
    return frame.astype(dict.fromkeys(undefined, "float64"))
