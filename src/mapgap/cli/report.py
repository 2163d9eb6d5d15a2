"""mapgap report: the whole analysis into a folder."""

from typing import Any

import rich_click as click

from mapgap.cli.analysis_options import analysis_options, cost_option
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import (
    SLICING,
    attribute_crosses,
    input_arguments,
    json_option,
    output_option,
)


@click.command(epilog=exit_codes_help())
@input_arguments
@output_option("mapgap-report", "mapgap report")
@analysis_options
@click.option(
    "--by",
    multiple=True,
    metavar="A,B",
    callback=attribute_crosses,
    panel=SLICING,
    help="Also slice by this cross of attributes; may be repeated.",
)
@click.option(
    "--rank-by",
    type=click.Choice(["excess", "gap", "gain", "errors", "cost"]),
    default="excess",
    show_default=True,
    panel=SLICING,
    help="What failure modes are ranked by.",
)
@cost_option
@json_option
def report(
    ground_truth: str,
    detections: str,
    output: str,
    asked: dict[str, Any],
    by: list[list[str]],
    rank_by: str,
    costs: dict[str, float],
    as_json: bool,
) -> None:
    """Write a report on why the detector fails: report.html, report.md, summary.json, tables.

    Matches detections to ground truth, gives every error a cause, divides the gap between AP and 1 among the errors,
    slices it by size, crowding and every annotated attribute, and ranks the failure modes. Prints the main numbers
    and where the report is; with --json the content of summary.json.

    \b
    Examples:
      mapgap report instances_val2017.json detections.json
      mapgap report gt.json.gz dt.json --score-threshold 0.5 -o reports/yolo
      mapgap report gt.json dt.json --by size,time_of_day,occlusion --rank-by gain
    """
    from mapgap.analysis.analysis import REPORT_ENTRIES, REPORT_STAGES, analyze
    from mapgap.analysis.folder import require_writable
    from mapgap.cli.output import print_bytes, print_lines, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.report.headline import headline_lines
    from mapgap.report.json_files import json_bytes

    inputs = [path for path in (ground_truth, detections, asked["attributes"], asked["images"]) if path]
    require_writable(output, known=REPORT_ENTRIES, inputs=inputs)
    with StageProgress(REPORT_STAGES) as progress:
        analysis = analyze(
            ground_truth,
            detections,
            rank_by=rank_by,
            costs=costs,
            by=by,
            progress=progress,
            **asked,
        )
        progress("report")
        folder = analysis.report(output)
    print_warnings(analysis.results.notices)
    if as_json:
        print_bytes(json_bytes(analysis.summary))
    else:
        print_lines([*headline_lines(analysis.summary), f"Report: {folder / 'report.html'}"])
