"""mapgap compare: what changed from one run to others."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from mapgap.cli.analysis_options import analysis_options
from mapgap.cli.command_line import TellingCommand, command_line, told_inputs
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import COUNTING, OUTPUT, crosses_option, json_option, optional_output_option, run_arguments
from mapgap.errors import InputError

if TYPE_CHECKING:
    from mapgap.analysis.compare import ComparedRuns, PointRule


@click.command(cls=TellingCommand, epilog=exit_codes_help())
@run_arguments
@click.option(
    "--at",
    type=click.Choice(["own", "equal-precision"]),
    default="own",
    show_default=True,
    panel=COUNTING,
    help="Where objects and rates are compared: each run at its own operating point, or the later ones at the "
    "precision of the first.",
)
@click.option(
    "--common-images/--all-images",
    default=None,
    panel=COUNTING,
    help="Compare on the images that all runs were made on; or take images without detections for seen ones. "
    "Without either, runs that seem to be made on different images are refused.",
)
@analysis_options
@crosses_option("Also compare along this cross of attributes; may be repeated.")
@optional_output_option("Also write a report on all runs; a mapgap report there is replaced, anything else is refused.")
@click.option(
    "--link-images",
    is_flag=True,
    panel=OUTPUT,
    help="Link to the whole pictures, relative to the report, which then needs them; needs --images and --output.",
)
@json_option
@click.pass_context
def compare(
    context: click.Context,
    ground_truth: str,
    runs: dict[str, str],
    at: "PointRule",
    common_images: bool | None,
    asked: dict[str, Any],
    by: list[list[str]],
    output: str | None,
    link_images: bool,
    as_json: bool,
) -> None:
    """Tell what changed from the first run to each other one: AP, slices, causes, and which objects.

    All intervals are paired: both runs are counted on the same draws of the images. The changes of the gap by cause
    add up to the change of AP. An object is fixed if only the later run finds it, broken if only the first does. A
    leaderboard of all runs comes first.

    \b
    Examples:
      mapgap compare gt.json small=yolo_416.json large=yolo_608.json
      mapgap compare gt.json epoch10.json epoch20.json epoch30.json -o epochs
      mapgap compare gt.json before.json after.json --at equal-precision --by size,time_of_day
      mapgap compare gt.json before.json after.json --resamples 1000 --json > comparison.json
    """
    from mapgap.analysis.compare import compare as compare_runs
    from mapgap.analysis.folder import require_writable
    from mapgap.analysis.reporting import REPORT_ENTRIES
    from mapgap.analysis.stages import STAGES
    from mapgap.cli.output import print_bytes, print_lines, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.cli.runs import warn_of_runs
    from mapgap.report.json_files import json_bytes

    if link_images and (asked["images"] is None or output is None):
        raise InputError(
            "--link-images needs the pictures and a report", fix="Give their folder with --images, and --output"
        )
    if output is not None:
        inputs = [path for path in (ground_truth, *runs.values(), asked["attributes"], asked["images"]) if path]
        require_writable(output, known=REPORT_ENTRIES, inputs=inputs)
    stages = [f"{name}: {stage}" for name in runs for stage in STAGES]
    with StageProgress([*stages, "comparing", "report"]) as progress:
        compared = compare_runs(
            ground_truth,
            runs,
            at=at,
            common_images=common_images,
            run_intervals=output is not None,  # nothing that is printed shows them
            by=by,
            progress=progress,
            **asked,
        )
        folder = None
        if output is not None:
            progress("report")
            told = command_line(context, told_inputs(ground_truth, runs))
            folder = compared.report(output, command=told, link_images=link_images, count=progress.count)
    print_warnings(compared.compared.notices)
    warn_of_runs(compared.runs)
    if as_json:
        print_bytes(json_bytes(compared.record))
        return
    lines = _lines(compared)
    print_lines([*lines, f"Report: {folder / 'report.html'}"] if folder is not None else lines)


def _lines(compared: "ComparedRuns") -> list[str]:
    """The leaderboard, then a block for each comparison."""
    from mapgap.cli.output import table_lines
    from mapgap.report.changed_slices import changed_slices
    from mapgap.report.comparison import slice_change_records
    from mapgap.report.comparison_text import (
        LEADERBOARD_COLUMNS,
        METRIC_COLUMNS,
        leaderboard_rows,
        metric_rows,
        objects_line,
        slice_lines,
        waterfall_line,
    )

    record = compared.record
    images = record["inputs"]["ground_truth"]["images"]
    lines = table_lines(LEADERBOARD_COLUMNS, leaderboard_rows(record["leaderboard"]))
    for one, comparison in zip(record["comparisons"], compared.compared.comparisons, strict=True):
        lines += ["", f"{one['before']} to {one['after']}"]
        lines += table_lines(METRIC_COLUMNS, metric_rows(one["metrics"], images))
        lines += [waterfall_line(one["waterfall"]), objects_line(one["objects"])]
        difference = comparison.rates["recall"].difference
        changed = changed_slices(slice_change_records(comparison), difference, comparison.objects.total)
        lines += slice_lines(changed)
    return lines
