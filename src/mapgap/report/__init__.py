"""The report: one analysis in, the files of the report folder out, as bytes; nothing here touches the user's disk."""

from mapgap.report.columns import detections_columns, objects_columns
from mapgap.report.content import Report, build_report
from mapgap.report.evaluation import evaluation_lines, evaluation_record
from mapgap.report.files import FILE_NAMES, render_files
from mapgap.report.findings import FAILURE_MODE_KEYS, SLICE_KEYS, slices_records
from mapgap.report.headline import headline_lines
from mapgap.report.json_files import json_bytes
from mapgap.report.missed import MISSED_KEYS, missed_record, missed_rows
from mapgap.report.parquet import read_table
from mapgap.report.wording import where_text

__all__ = [
    "FAILURE_MODE_KEYS",
    "FILE_NAMES",
    "MISSED_KEYS",
    "SLICE_KEYS",
    "Report",
    "build_report",
    "detections_columns",
    "evaluation_lines",
    "evaluation_record",
    "headline_lines",
    "json_bytes",
    "missed_record",
    "missed_rows",
    "objects_columns",
    "read_table",
    "render_files",
    "slices_records",
    "where_text",
]
