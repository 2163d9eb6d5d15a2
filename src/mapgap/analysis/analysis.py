"""The analysis of one run as users hold it: DataFrames, the summary, the report folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapgap.analysis.folder import write_folder
from mapgap.analysis.sources import DetectionsSource, GroundTruthSource
from mapgap.analysis.stages import Progress, run_stages
from mapgap.report import (
    FILE_NAMES,
    build_report,
    detections_columns,
    missed_rows,
    objects_columns,
    render_files,
    slices_records,
)
from mapgap.tables import Results, Settings, Where

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Analysis:
    """What mapgap found out about one run; `results` holds the tables, everything else is made when asked for."""

    results: Results

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The 12 COCO numbers by name, fractions of 1; None where not defined."""
        return self.results.metrics

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json, schema mapgap/summary/1."""
        return build_report(self.results).summary

    def failure_modes(self) -> "pd.DataFrame":
        """One row a ranked hot spot, as `failure_modes` of the summary."""
        return _frame(self.summary["failure_modes"])

    def causes(self) -> "pd.DataFrame":
        """One row a cause; the gaps add up to 1 - AP."""
        return _frame(self.summary["causes"])

    def slices(self) -> "pd.DataFrame":
        """One row a slice: all single attributes, all pairs and the crosses asked for with `by`."""
        return _frame(slices_records(self.results))

    def missed(self, where: Where | None = None) -> "pd.DataFrame":
        """One row a missed object at the operating point, costliest first; `where` maps attributes to values."""
        return _frame(missed_rows(self.results, where))

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

    def report(self, output: str | PathLike[str] = "mapgap-report") -> Path:
        """Writes the report folder, whole or not at all, and returns its path.

        A mapgap report that is there already is replaced; any other folder raises AccessError.
        """
        return write_folder(output, render_files(self.results), known=REPORT_ENTRIES)


REPORT_ENTRIES = (*FILE_NAMES, "runs")


def analyze(
    gt: GroundTruthSource,
    dt: DetectionsSource,
    *,
    iou_type: str = "bbox",
    score_threshold: float | str = "best-f1",
    iou_threshold: float = 0.5,
    rank_by: str = "excess",
    by: Sequence[Sequence[str]] = (),
    progress: Progress | None = None,
) -> Analysis:
    """Why the detector fails, where and what that costs: causes, gap, slices, ranked failure modes.

    `gt` and `dt` as in `evaluate`. `score_threshold` is "best-f1", a number, "precision=P" or "recall=R";
    `iou_threshold` is the IoU of all counts; `rank_by` is "excess", "gap", "gain" or "errors"; `by` names crosses of
    attributes to slice along, besides all single ones and pairs. `progress` is told each stage as it begins.
    Raises InputError for input without a meaning, AccessError for unreadable files.
    """
    settings = Settings(
        iou_type=iou_type,
        score_threshold=score_threshold,
        iou_threshold=iou_threshold,
        rank_by=rank_by,
        by=tuple(tuple(names) for names in by),
    )
    return Analysis(run_stages(gt, dt, settings, progress=progress))


def _frame(content: Any) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(content)
