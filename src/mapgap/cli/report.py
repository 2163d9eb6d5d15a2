"""mapgap report: the whole analysis into a folder."""

from collections.abc import Mapping
from os.path import basename
from typing import TYPE_CHECKING, Any

import rich_click as click

from mapgap.cli.analysis_options import analysis_options
from mapgap.cli.command_line import TellingCommand, command_line, told_inputs
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import OUTPUT, SLICING, crosses_option, json_option, output_option, run_arguments_or_shards
from mapgap.cli.shards import client_of, patterns_of, shards_options
from mapgap.errors import InputError

if TYPE_CHECKING:
    from mapgap.analysis.analysis import Analysis
    from mapgap.tables import Notice

IN_SHARDS = "shards"
"""What the one run is called."""


@click.command(cls=TellingCommand, epilog=exit_codes_help())
@run_arguments_or_shards
@output_option("mapgap-report", "mapgap report")
@analysis_options
@crosses_option("Also slice by this cross of attributes; may be repeated.")
@click.option(
    "--rank-by",
    type=click.Choice(["excess", "gap", "gain", "errors", "cost"]),
    default="excess",
    show_default=True,
    panel=SLICING,
    help="What failure modes are ranked by.",
)
@click.option(
    "--link-images",
    is_flag=True,
    panel=OUTPUT,
    help="Link to the whole pictures, relative to the report, which then needs them; needs --images.",
)
@shards_options
@json_option
@click.pass_context
def report(
    context: click.Context,
    ground_truth: str | None,
    runs: dict[str, str],
    output: str,
    asked: dict[str, Any],
    by: list[list[str]],
    rank_by: str,
    link_images: bool,
    shards: tuple[str, ...],
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Write a report on why the detector fails: report.html, report.md, summary.json, tables.

    Matches detections to ground truth, gives every error a cause, divides the gap between AP and 1 among the errors,
    slices it by size, crowding and every annotated attribute, and ranks the failure modes. Prints the main numbers
    and where the report is; with --json the content of summary.json.

    With several detection files the page shows each run of them, and runs/NAME has the tables of all but the first.
    A run is called by its file, or as you say: NAME=DT. What is printed is about the first.

    With --shards the run is any number of files, each with the ground truth, the detections or both of some images.
    The report is that of one run on everything, and takes as much memory.

    \b
    Examples:
      mapgap report instances_val2017.json detections.json
      mapgap report gt.json.gz dt.json --score-threshold 0.5 -o reports/yolo
      mapgap report gt.json dt.json --by size,time_of_day,occlusion --rank-by gain
      mapgap report gt.json small=yolo_416.json large=yolo_608.json
      mapgap report --shards 'runs/*.parquet' -o reports/fleet
    """
    from mapgap.analysis.folder import require_writable
    from mapgap.analysis.image_sets import image_set_notices
    from mapgap.analysis.reporting import REPORT_ENTRIES
    from mapgap.analysis.runs import analyze_runs
    from mapgap.analysis.sharded import SHARD_STAGES, read_shards
    from mapgap.analysis.stages import STAGES
    from mapgap.cli.output import print_bytes, print_lines, print_note, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.cli.runs import warn_of_runs
    from mapgap.report.headline import headline_lines
    from mapgap.report.json_files import json_bytes
    from mapgap.shards.files import shard_files

    if link_images and asked["images"] is None:
        raise InputError("--link-images needs the pictures", fix="Give their folder with --images")
    patterns = patterns_of(context, ground_truth, runs, shards, scheduler)
    inputs = [path for path in (ground_truth, *runs.values(), asked["attributes"], asked["images"]) if path]
    require_writable(output, known=REPORT_ENTRIES, inputs=[*inputs, *(shard_files(patterns) if patterns else ())])
    stages = [f"{name}: {stage}" for name in runs or [IN_SHARDS] for stage in STAGES]
    with StageProgress([*(SHARD_STAGES if patterns else ()), *stages, "report"]) as progress:
        of_files: tuple[Notice, ...] = ()
        counted: tuple[Notice, ...] = ()
        if patterns is None:
            assert ground_truth is not None
            analyses = analyze_runs(ground_truth, runs, rank_by=rank_by, by=by, progress=progress, **asked)
            told = told_inputs(ground_truth, runs)
        else:
            with client_of(scheduler) as client:
                shard_run = read_shards(
                    patterns, iou_type=asked["iou_type"], reading=asked["reading"], client=client, progress=progress
                )
            analyses = analyze_runs(
                shard_run.ground_truth,
                {IN_SHARDS: shard_run.detections},
                rank_by=rank_by,
                by=by,
                progress=progress,
                **asked,
            )
            of_files, counted = shard_run.shard_notices, shard_run.detections.notices
            told = [] if ground_truth is None else [basename(ground_truth)]
        progress("report")
        folder = analyses.report(
            output, command=command_line(context, told), link_images=link_images, count=progress.count
        )
    first = next(iter(analyses.values()))
    print_warnings(of_files)
    print_warnings(image_set_notices({name: analysis.results for name, analysis in analyses.items()}))
    warn_of_runs(analyses, told=counted)
    if as_json:
        if len(analyses) > 1:
            print_note(f"the JSON is about {next(iter(runs))}; runs/NAME/summary.json is about another")
        print_bytes(json_bytes(first.summary))
        return
    lines = headline_lines(first.summary) if len(analyses) == 1 else _beside_one_another(analyses)
    print_lines([*lines, f"Report: {folder / 'report.html'}"])


def _beside_one_another(analyses: "Mapping[str, Analysis]") -> list[str]:
    """A table with a line a run."""
    from mapgap.cli.output import table_lines
    from mapgap.report.content import build_report
    from mapgap.report.run_rows import RUN_COLUMNS, run_rows

    reports = [build_report(analysis.results, name) for name, analysis in analyses.items()]
    return table_lines(("run", *RUN_COLUMNS), run_rows(reports))
