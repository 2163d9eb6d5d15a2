"""From results to a report: what only a report looks at is found out, pictures are cut, files are written."""

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path

from mapgap.analysis.comparing import compare_results
from mapgap.analysis.folder import write_folder
from mapgap.analysis.label_doubt import with_label_doubts
from mapgap.analysis.page_pictures import pictures_of_runs
from mapgap.analysis.shown import ReportFolder, ShownReport
from mapgap.analysis.shown_missed import with_shown_missed
from mapgap.changes import Compared
from mapgap.report.content import build_report
from mapgap.report.files import FILE_NAMES, render_files
from mapgap.tables import Results

REPORT_ENTRIES = (*FILE_NAMES, "comparison.json", "runs")


def as_reported(results: Results) -> Results:
    """The results with doubtful labels and the costliest missed small objects."""
    return with_shown_missed(with_label_doubts(results))


def report_on(
    runs: Mapping[str, Results],
    output: str | PathLike[str] | None,
    *,
    images: Path | None = None,
    link_images: bool = False,
    jobs: int = 0,
    command: str | None = None,
    count: Callable[[int, int], None] | None = None,
    compared: Compared | None = None,
) -> ShownReport | ReportFolder:
    """The report folder on these runs, or, without `output`, the page alone, written nowhere.

    `images` is the folder of the pictures without symbolic links, `command` the command line to name. `count` is told
    how many crops are cut. Several runs are compared, unless `compared` tells already what changed between them. Raises
    AccessError for a folder that is no report of ours.
    """
    whole = {name: as_reported(results) for name, results in runs.items()}
    results = tuple(whole.values())
    pictures = pictures_of_runs(results, images, output, link_images=link_images, jobs=jobs, count=count)
    if compared is None and len(runs) > 1:
        compared = compare_results(runs)
    files = render_files(whole, command, pictures, compared)
    if output is None:
        _, page = next(files)  # report.html is the first
        return ShownReport(page.decode("utf-8"), build_report(results[0]).summary)
    return ReportFolder(write_folder(output, files, known=REPORT_ENTRIES))
