"""The files of the report folder, as bytes."""

from collections.abc import Iterator, Mapping

from mapgap.changes import Compared
from mapgap.report.column_values import Column
from mapgap.report.columns import detections_table, objects_table
from mapgap.report.compared_objects import compared_objects_table
from mapgap.report.compared_view import compared_view
from mapgap.report.comparison import comparison_record
from mapgap.report.content import build_report
from mapgap.report.csv_files import failure_modes_csv, slices_csv
from mapgap.report.embedded.crops import PagePictures
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from mapgap.report.json_files import json_bytes
from mapgap.report.markdown import report_markdown
from mapgap.report.missed import missed_tables
from mapgap.report.parquet import parquet_bytes, parquet_files
from mapgap.tables import Results

FILE_NAMES = (
    "report.html",
    "report.md",
    "summary.json",
    "failure_modes.csv",
    "slices.csv",
    "missed.json",
    "objects.parquet",
    "detections.parquet",
)


def render_files(
    runs: Mapping[str, Results],
    command: str | None = None,
    pictures: PagePictures | None = None,
    compared: Compared | None = None,
) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file of the report folder, in the order of `FILE_NAMES`, made one at a time.

    The files of the first run come first; those of another are in `runs/NAME` and have no page of their own. Several
    runs come with `compared`, and then there are `comparison.json` and what became of every object in `runs/NAME`.
    `command` is the command line that the page tells, `pictures` what it shows of the pictures. Same input, same bytes;
    the Parquet files carry their writer's version.
    """
    reports = [build_report(results, name, command) for name, results in runs.items()]
    view = None if compared is None else compared_view(compared, runs)
    page = report_html(reports[0], page_data(runs, pictures=pictures), reports[1:], pictures, view)
    yield "report.html", page.encode("utf-8")
    if compared is not None:
        yield "comparison.json", json_bytes(comparison_record(compared, runs))
    for report, results in zip(reports, runs.values(), strict=True):
        is_first = report is reports[0]
        folder = "" if is_first else f"runs/{report.run}/"
        text = report_markdown(report, view if is_first else None)
        yield f"{folder}report.md", text.encode("utf-8")
        yield f"{folder}summary.json", json_bytes(report.summary)
        yield f"{folder}failure_modes.csv", failure_modes_csv(report.summary["failure_modes"])
        yield f"{folder}slices.csv", slices_csv(report.slices)
        yield f"{folder}missed.json", json_bytes(missed_tables(results))
        for name, content in parquet_files(_tables(results)):
            yield f"{folder}{name}", content
        if compared is not None and not is_first:
            comparison = next(one for one in compared.comparisons if one.after == report.run)
            table = compared_objects_table(comparison, runs[comparison.before], results)
            yield f"{folder}objects_compared.parquet", parquet_bytes(table)


def _tables(results: Results) -> Iterator[tuple[str, dict[str, Column]]]:
    yield "objects.parquet", objects_table(results)
    yield "detections.parquet", detections_table(results)
