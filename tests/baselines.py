"""Baselines for the tests of gates: what of a report folder a gate reads, without the page."""

from pathlib import Path

from mapgap.analysis.analysis import Analysis
from mapgap.report.columns import detections_table, objects_table
from mapgap.report.json_files import json_bytes
from mapgap.report.parquet import parquet_files


def write_baseline(folder: Path, analysis: Analysis) -> Path:
    """The folder with summary.json, objects.parquet and detections.parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_bytes(json_bytes(analysis.summary))
    tables = (
        ("objects.parquet", objects_table(analysis.results)),
        ("detections.parquet", detections_table(analysis.results)),
    )
    for name, content in parquet_files(tables):
        (folder / name).write_bytes(content)
    return folder
