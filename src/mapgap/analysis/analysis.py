"""The analysis of one run as users hold it: DataFrames, the summary, the report folder."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from mapgap.analysis.exports import MOST_IMAGES, ExportAsked, Exported, write_export
from mapgap.analysis.figures import figure_of
from mapgap.analysis.label_doubt import CALIBRATION_KEYS, calibration_rows, label_doubts
from mapgap.analysis.missed import (
    MOST_CROPS,
    MissedOutput,
    MissedSelection,
    WrittenMissed,
    evidence_of,
    record_of,
    write_missed,
)
from mapgap.analysis.page_pictures import real_folder
from mapgap.analysis.proposals import ProposedThresholds, propose_for
from mapgap.analysis.reporting import report_on
from mapgap.analysis.shown import ReportFolder, ShownReport
from mapgap.analysis.sources import AttributesSource, DetectionsSource, GroundTruthSource
from mapgap.analysis.stages import STAGES, Progress, run_stages
from mapgap.analysis.thresholds_file import ThresholdsSource, read_thresholds
from mapgap.analysis.truth import Truth
from mapgap.attributes import checked_edges, parse_expression, select_objects
from mapgap.bootstrap import checked_draws
from mapgap.error_costs import checked_costs
from mapgap.errors import InputError
from mapgap.readings import USUAL, Reading
from mapgap.report.columns import detections_columns, objects_columns
from mapgap.report.content import build_report
from mapgap.report.findings import FAILURE_MODE_KEYS, SLICE_KEYS, slices_records
from mapgap.report.json_rows import Rows, row_records
from mapgap.report.label_doubt import DOUBT_KEYS, doubt_record, doubt_rows
from mapgap.report.missed import MISSED_KEYS, missed_rows
from mapgap.report.scalars import scalars
from mapgap.tables import BoolArray, LabelDoubts, MissedEvidence, Results, Settings

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


REPORT_STAGES = (*STAGES, "report")

Crosses = Sequence[str] | Sequence[Sequence[str]]
"""Names of attributes to cross, or several such lists."""


@dataclass(frozen=True)
class Analysis:
    """What mapgap found out about one run; `results` holds the tables, everything else is made when asked for."""

    results: Results
    images: Path | None = None
    """The folder of the pictures, which the report shows crops of."""
    jobs: int = 0
    """Processes that look at pictures, 0 for one a core."""

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The 12 COCO numbers by name, fractions of 1; None where not defined."""
        return self.results.metrics

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json, schema mapgap/summary/1."""
        return build_report(self.results).summary

    def scalars(self, prefix: str = "") -> dict[str, float]:
        """The main numbers under flat names, for the log of a training: "AP", "recall", "gap/missed", "gain/missed".

        The 12 COCO numbers; threshold, precision, recall and F1 of the operating point; the gap, and what each cause
        has of it and would give back; fractions of 1. `prefix` stands before each name. What is undefined is left out.
        """
        return scalars(self.results, prefix)

    def failure_modes(self) -> "pd.DataFrame":
        """One row a ranked hot spot, as `failure_modes` of the summary; with costs given, also `cost`."""
        frame = _frame(self.summary["failure_modes"], FAILURE_MODE_KEYS)
        if self.results.settings.costs:
            frame["cost"] = [mode.cost for mode in self.results.failure_modes]
        return frame

    def causes(self) -> "pd.DataFrame":
        """One row a cause; the gaps add up to 1 - AP."""
        return _frame(self.summary["causes"])

    def slices(self, by: Crosses | None = None) -> "pd.DataFrame":
        """One row a slice: single attributes, pairs and the conjunctions the search found, or only those of `by`.

        `images_to_halve` is how many more images would halve the interval of a slice that is too thin. `by` names one
        cross, as in by=["size", "time_of_day"], or several, as in by=[["size"], ["size", "scene"]].
        """
        records = slices_records(self.results)
        rows = list(range(len(records))) if by is None else self._rows_by(_crosses(by))
        frame = _frame([records[row] for row in rows], SLICE_KEYS)
        statistics = self.results.slice_statistics
        frame["images_to_halve"] = None if statistics is None else statistics.images_to_halve[rows]
        return frame

    def slices_by(self, crosses: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        """The records of slices of these crosses, in their order; of all single attributes if there are none.

        A cross of three or more attributes must have been asked for in `analyze(by=...)`. Raises InputError for a
        cross without rows.
        """
        records = slices_records(self.results)
        return [records[row] for row in self._rows_by(crosses)]

    def _rows_by(self, crosses: Sequence[Sequence[str]]) -> list[int]:
        keys = [frozenset(where) for where in self.results.slices.where]
        if not crosses:
            return [row for row, of_row in enumerate(keys) if len(of_row) == 1]
        # Conjunctions that the search found are no whole cross.
        whole = {frozenset(cross) for cross in self.results.settings.by}
        chosen = []
        for cross in crosses:
            wanted = frozenset(cross)
            rows = [row for row, of_row in enumerate(keys) if of_row == wanted and (len(wanted) < 3 or wanted in whole)]
            if not rows and keys:
                known = ", ".join(attribute.name for attribute in self.results.attributes)
                raise InputError(
                    f"there are no slices by {', '.join(cross)}",
                    fix=f"Ask for crosses of three or more in analyze(by=...). Known attributes: {known}",
                )
            chosen += rows
        return chosen

    def missed(self, where: str | None = None) -> "pd.DataFrame":
        """One row an object missed at the operating point, costliest first: box, cause, gap, evidence and attributes.

        `where` is an expression such as 'size == "small" and time_of_day == "night"'.
        """
        rows = missed_rows(self.results, self._selected(where), self._missed_evidence)
        return _frame(
            [{**{key: row[key] for key in row if key != "attributes"}, **row["attributes"]} for row in rows],
            MISSED_KEYS,
        )

    def missed_record(self, where: str | None = None) -> dict[str, Any]:
        """The missed objects as a COCO data set with their evidence: missed.json of `mapgap missed`."""
        record = record_of(self.results, self._missed(where))
        return {key: row_records(value) if isinstance(value, Rows) else value for key, value in record.items()}

    def write_missed(
        self,
        where: str | None = None,
        *,
        output: str | PathLike[str] | None = None,
        crops: str | PathLike[str] | None = None,
        images: str | PathLike[str] | None = None,
        most_crops: int = MOST_CROPS,
        count: Callable[[int, int], None] | None = None,
    ) -> WrittenMissed:
        """Writes the missed objects: missed.json and missed.csv into `output`, crops into `crops`; either may be None.

        There is one crop a missed object, for the costliest `most_crops`, cut from the pictures in the folder `images`
        and named by image and object id, and an index of them, crops.json. `count` is told how many are done. Folders
        are written whole or not at all and replace only their like; others raise AccessError. What comes back says how
        many were written or left out, and of which pictures there are none.
        """
        asked = MissedOutput(output, crops, images, most_crops)
        return write_missed(self.results, self._missed(where), asked, count)

    def _missed(self, where: str | None) -> MissedSelection:
        return MissedSelection(where, self._selected(where), self._missed_evidence)

    @cached_property
    def _missed_evidence(self) -> MissedEvidence:
        return evidence_of(self.results)

    def count_objects(self, where: str | None = None) -> int:
        """How many objects the expression holds for."""
        selected = self._selected(where)
        is_object = self.results.ground_truth.is_object
        return int((is_object if selected is None else is_object & selected).sum())

    def _selected(self, where: str | None) -> BoolArray | None:
        return None if where is None else select_objects(self.results.attributes, parse_expression(where))

    def export(
        self,
        to: str,
        output: str | PathLike[str],
        *,
        where: str | None = None,
        causes: Sequence[str] = (),
        image_prefix: str = "",
        most: int = MOST_IMAGES,
    ) -> Exported:
        """Writes the missed objects and kept false positives as a file of another tool, whole or not at all.

        `to` is "fiftyone" (COCO with outcome, cause, gap and attributes, found objects too), "cvat" (XML for images),
        "label-studio" (tasks; `image_prefix` stands before file names) or "hard-examples" (COCO: the `most` images that
        owe most of the gap, with all their annotations). `where` is an expression, `causes` names causes; both choose
        failures. A file that is there is replaced. InputError for words without a meaning, and for images without size
        or file name where the tool needs them; AccessError for a file that cannot be written.
        """
        return write_export(self.results, ExportAsked(to, where, tuple(causes), image_prefix, most), output)

    def label_doubt(self) -> "pd.DataFrame":
        """One row a label that may be wrong, most doubtful first: kind, score, what the detector says and the evidence.

        Kinds are wrong_class, loose_box, missing_label and spurious_label; an object has at most one row.
        """
        import pandas as pd

        rows = doubt_rows(self.results, self._label_doubts)
        # Floats, which pandas would make of numbers with gaps, do not hold every id.
        whole = {name: pd.array([row[name] for row in rows], dtype="Int64") for name in ("object_id", "detection")}
        return _frame(rows, DOUBT_KEYS).assign(**whole)

    def label_doubt_record(self) -> dict[str, Any]:
        """The doubtful labels as a COCO subset to review, with kind, score and proposal in flat `attributes`."""
        return doubt_record(self.results, self._label_doubts)

    @cached_property
    def _label_doubts(self) -> LabelDoubts:
        return label_doubts(self.results)

    def calibration(self, by: str | None = None, *, minimum_score: float | None = None) -> "pd.DataFrame":
        """Reliability: one row a bin of scores, of 20 between 0 and 1, with its share of right detections.

        `by` names an attribute, for whose values the bins are then given one after another; a false positive has the
        value of the object it points at, and `class` is the predicted one. Detections cut or ignored are left out, as
        are those below `minimum_score`. `d_ece`, the same in all rows of a value, is its detection expected
        calibration error; NaN for scores outside 0 to 1. Raises InputError for an unknown attribute.
        """
        rows = calibration_rows(self.results, by, minimum_score)
        return _frame(rows, CALIBRATION_KEYS if by is None else (by, *CALIBRATION_KEYS))

    def propose_thresholds(self, rule: float | str = "best-f1", by: Sequence[str] | None = None) -> ProposedThresholds:
        """Score thresholds for all, by class and by slice, chosen on one half of the images and judged on the other.

        `rule` is "best-f1", "precision=P", "recall=R" or "cost", by the costs of the analysis. `by` names attributes to
        slice by; without it all those of images that are known before anything is detected. A part with few objects
        takes the threshold for all. Raises InputError for a rule that is none or out of reach on the half to choose
        on, and for an unknown attribute.
        """
        return propose_for(self.results, rule, by)

    def confusion_matrix(self) -> "pd.DataFrame":
        """Counts, rows truth and columns prediction, "background" last in both."""
        import pandas as pd

        matrix = self.results.confusion_matrix
        return pd.DataFrame(matrix.counts, index=list(matrix.labels), columns=list(matrix.labels))

    def objects(self) -> "pd.DataFrame":
        """One row an object: outcome, cause, gap and attributes; the content of objects.parquet."""
        return _frame(objects_columns(self.results))

    def detections(self) -> "pd.DataFrame":
        """One row a detection: outcome, cause, gap and attributes; the content of detections.parquet."""
        return _frame(detections_columns(self.results))

    def to_plotly(self, figure: str) -> "go.Figure":
        """A figure that plotly draws: "confusion_matrix", "precision_recall", "f1", "gap" or "reliability".

        The curves are over all classes at the analysis IoU, with one point a score; precision, recall and F1 are those
        of the operating point. Needs plotly: pip install "mapgap[plotly]"; raises InputError without it, and for
        another name.
        """
        return figure_of(self.results, figure)

    @overload
    def report(self, output: None = None, *, link_images: bool = False) -> ShownReport: ...

    @overload
    def report(self, output: str | PathLike[str], *, link_images: bool = False) -> ReportFolder: ...

    def report(
        self, output: str | PathLike[str] | None = None, *, link_images: bool = False
    ) -> ShownReport | ReportFolder:
        """Writes the report folder, whole or not at all, and returns its path; without `output` writes nothing.

        Where `analyze` was given `images`, the page holds crops of the errors, and with `link_images` links to the
        whole pictures, relative to the folder, which work as long as all stay where they are. A mapgap report that is
        there already is replaced; any other folder raises AccessError. A notebook shows what comes back, where it is
        the last value of a cell: the page in a frame, above 5 MB its headline and ranked list.
        """
        runs = {self.results.detections.name: self.results}
        return report_on(runs, output, images=self.images, link_images=link_images, jobs=self.jobs)


def analyze(
    gt: GroundTruthSource,
    dt: DetectionsSource,
    *,
    iou_type: str = "bbox",
    score_threshold: float | str = "best-f1",
    thresholds: ThresholdsSource | None = None,
    iou_threshold: float = 0.5,
    rank_by: str = "excess",
    by: Crosses = (),
    images: str | PathLike[str] | None = None,
    attributes: AttributesSource | None = None,
    bins: Mapping[str, Sequence[float]] | None = None,
    slices: Mapping[str, str] | None = None,
    costs: Mapping[str, float] | None = None,
    resamples: int = 200,
    seed: int = 0,
    jobs: int = 0,
    reading: Reading = USUAL,
    progress: Progress | None = None,
) -> Analysis:
    """Why the detector fails, where and what that costs: causes, gap, slices, ranked failure modes.

    `gt` and `dt` as in `evaluate`. `score_threshold` is "best-f1", a number, "precision=P", "recall=R" or "cost";
    `thresholds` in place of it are one a class: a JSON file as `mapgap thresholds` writes it, or a mapping of class
    names to scores. `iou_threshold` is the IoU of all counts; `rank_by` is "excess", "gap", "gain" or "errors"; `by`
    names one cross of attributes to slice along (or several, as a list of lists), besides all single ones and pairs.
    `images` is the folder of the pictures, whose pixels become attributes; `attributes` a CSV or Parquet file or a
    DataFrame to join, by a column `image_id`, `file_name` or `id`. `bins` gives edges for attributes of numbers, as in
    {"size": [0, 256, 1024, 9216]}; `slices` names slices, as in {"night_small": 'time_of_day == "night" and size ==
    "small"'}; `costs` says what one error of a cause costs, as in {"below_threshold": 5, "background": 1}, or of a
    cause and a class, as in {"missed:person": 20}; without it the threshold "cost" takes 1 for every error.
    `resamples` is how often the images are drawn again, with replacement and from `seed`, for the 95 % intervals; 0
    for no intervals. `jobs` is how many processes look at pictures (0: one a core).
    `reading` says how both inputs are read where they are not in COCO's format, or leniently. `progress` is told each
    stage as it begins.
    Raises InputError for input without a meaning, AccessError for unreadable files.
    """
    resamples, seed = checked_draws(resamples, seed)
    given = None if thresholds is None else read_thresholds(thresholds, score_threshold)
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 0:
        raise InputError(f"jobs {jobs!r} is no number of processes", fix="Give 0 for one a core, or 1 and more")
    settings = Settings(
        iou_type=iou_type,
        score_threshold=score_threshold,
        iou_threshold=iou_threshold,
        rank_by=rank_by,
        by=_crosses(by),
        bins={name: checked_edges(name, edges) for name, edges in _mapping("bins", bins, "{'size': [256]}").items()},
        slices=dict(_mapping("slices", slices, "{'night': 'time_of_day == \"night\"'}")),
        costs=checked_costs(_mapping("costs", costs, "{'missed': 5}")),
        resamples=resamples,
        seed=seed,
    )
    truth = gt if isinstance(gt, Truth) else Truth(gt, iou_type, images, attributes, jobs, reading)
    folder = None if truth.images is None else real_folder(truth.images)
    return Analysis(run_stages(truth, dt, settings, progress, given), folder, truth.jobs)


def _mapping(name: str, given: Any, example: str) -> Mapping[Any, Any]:
    """The option, empty for None; raises InputError where it is no mapping."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(f"{name} is a {type(given).__name__}", fix=f"Give a dict, as in {name}={example}")
    return given


def _crosses(by: Crosses) -> tuple[tuple[str, ...], ...]:
    """Crosses of attributes; plain names are one cross."""
    if isinstance(by, str):
        return ((by,),)
    if not isinstance(by, Iterable) or not all(isinstance(names, Iterable) for names in by):
        raise InputError(f"by is {by!r}", fix='Give names of attributes, as in by=["size", "scene"], or lists of names')
    if by and all(isinstance(names, str) for names in by):
        return (tuple(str(name) for name in by),)
    return tuple((names,) if isinstance(names, str) else tuple(names) for names in by)


def _frame(content: Any, columns: Sequence[str] = ()) -> "pd.DataFrame":
    """A DataFrame that has its columns even without a row."""
    import pandas as pd

    return pd.DataFrame(content) if content else pd.DataFrame(columns=list(columns))
