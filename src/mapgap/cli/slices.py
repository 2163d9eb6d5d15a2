"""mapgap slices: counts, rates and gap of every group of objects."""

from typing import Any

import rich_click as click

from mapgap.cli.analysis_options import analysis_options
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import crosses_option, input_arguments, json_option


@click.command(epilog=exit_codes_help())
@input_arguments
@crosses_option("Only this cross of attributes; repeated flags add tables.")
@analysis_options
@json_option
def slices(
    ground_truth: str,
    detections: str,
    by: list[list[str]],
    asked: dict[str, Any],
    as_json: bool,
) -> None:
    """Print the slices: objects, TP, FP, FN, recall, precision, AP and gap by attribute.

    Without --by every single attribute.

    \b
    Examples:
      mapgap slices gt.json dt.json
      mapgap slices gt.json dt.json --by size,time_of_day --by occlusion
      mapgap slices gt.json dt.json --json
    """
    from mapgap.analysis.analysis import REPORT_STAGES, analyze
    from mapgap.cli.output import print_bytes, print_lines, print_warnings, table_lines
    from mapgap.cli.progress import StageProgress
    from mapgap.report.json_files import json_bytes
    from mapgap.where_text import where_text

    with StageProgress(REPORT_STAGES) as progress:
        analysis = analyze(
            ground_truth,
            detections,
            by=by,
            progress=progress,
            **asked,
        )
        records = analysis.slices_by(by)
    print_warnings(analysis.results.notices)
    if as_json:
        print_bytes(json_bytes({"slices": records}))
        return
    columns = ("objects", "images", "tp", "fp", "fn", "recall", "precision", "AP", "gap", "gap_share")
    rows = [(where_text(record["where"]), *(record[name] for name in columns)) for record in records]
    print_lines(table_lines(("slice", *columns), rows))
