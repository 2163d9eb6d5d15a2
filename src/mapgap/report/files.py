"""The files of the report folder, as bytes."""

from collections.abc import Iterator

from mapgap.report.column_values import Column
from mapgap.report.columns import detections_table, objects_table
from mapgap.report.content import build_report
from mapgap.report.csv_files import failure_modes_csv, slices_csv
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from mapgap.report.json_files import json_bytes
from mapgap.report.markdown import report_markdown
from mapgap.report.missed import missed_tables
from mapgap.report.parquet import parquet_files
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


def render_files(results: Results) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file of the report folder, in the order of `FILE_NAMES`, made one at a time.

    Same results, same bytes; the Parquet files carry their writer's version.
    """
    report = build_report(results)
    yield "report.html", report_html(report, page_data(results)).encode("utf-8")
    yield "report.md", report_markdown(report).encode("utf-8")
    yield "summary.json", json_bytes(report.summary)
    yield "failure_modes.csv", failure_modes_csv(report.summary["failure_modes"])
    yield "slices.csv", slices_csv(report.slices)
    yield "missed.json", json_bytes(missed_tables(results))
    yield from parquet_files(_tables(results))


def _tables(results: Results) -> Iterator[tuple[str, dict[str, Column]]]:
    yield "objects.parquet", objects_table(results)
    yield "detections.parquet", detections_table(results)
