"""mapgap missed: the objects the detector does not find."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from mapgap.cli.analysis_options import analysis_options
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import OUTPUT, PATH, input_arguments, json_option, named_folder, optional_output_option
from mapgap.errors import InputError

if TYPE_CHECKING:
    from mapgap.analysis.analysis import Analysis
    from mapgap.analysis.missed import WrittenMissed

DEFAULT_WHERE = 'size == "small"'
COLUMNS = ("object", "image", "class", "cause", "gap", "detection", "evidence")


@click.command(epilog=exit_codes_help())
@input_arguments
@click.option(
    "--where",
    default=None,
    show_default=DEFAULT_WHERE,
    metavar="EXPRESSION",
    panel="Which objects",
    help='Which objects, by their attributes; [a=b] is short for a == "b".',
)
@analysis_options
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="N",
    panel=OUTPUT,
    help="Rows of the table to print.",
)
@optional_output_option(
    "Folder to write missed.json and missed.csv into; one of mapgap missed there is replaced, anything else is refused."
)
@click.option(
    "--crops",
    metavar="DIR",
    type=PATH,
    callback=named_folder,
    panel=OUTPUT,
    help="Folder to write a picture of each missed object into; needs --images.",
)
@click.option(
    "--limit-crops",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    metavar="N",
    panel=OUTPUT,
    help="How many crops to cut, the costliest first.",
)
@json_option
def missed(
    ground_truth: str,
    detections: str,
    where: str | None,
    asked: dict[str, Any],
    limit: int,
    output: str | None,
    crops: str | None,
    limit_crops: int,
    as_json: bool,
) -> None:
    """List the objects missed at the operating point, costliest first, with the cause of each and the evidence.

    With --json all of them, as a COCO subset whose annotations carry cause and evidence under `attributes`. With
    --output the same as a file, and as CSV. With --crops pictures: the object's box solid, the detection's dashed.

    \b
    Examples:
      mapgap missed gt.json dt.json
      mapgap missed gt.json dt.json --where "size == 'small' and time_of_day == 'night'" -o missed-small-night
      mapgap missed gt.json dt.json --images val2017 --crops crops --limit-crops 50
      mapgap missed gt.json dt.json --where "[occlusion=heavy]" --json
    """
    from mapgap.analysis.analysis import analyze
    from mapgap.analysis.missed import MissedOutput, require_missed_writable
    from mapgap.analysis.stages import STAGES
    from mapgap.attributes import parse_expression
    from mapgap.cli.output import print_bytes, print_lines, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.report.json_files import json_bytes

    # Mistakes that need not wait for the analysis.
    if where is None and "size" in asked["bins"]:
        raise InputError(
            f"--bins gives size other values, so that the usual condition {DEFAULT_WHERE} has no meaning",
            fix='Say which objects with --where, as in --where "size < 1024"',
        )
    condition = DEFAULT_WHERE if where is None else where
    parse_expression(condition)
    inputs = [path for path in (ground_truth, detections, asked["attributes"], asked["images"]) if path]
    require_missed_writable(MissedOutput(output, crops, asked["images"]), inputs)
    with StageProgress((*STAGES, "crops")) as progress:
        # The option is taken like everywhere, but nothing listed has an interval.
        analysis = analyze(ground_truth, detections, progress=progress, **{**asked, "resamples": 0})
        if crops is not None:
            progress("crops")
        written = analysis.write_missed(
            condition,
            output=output,
            crops=crops,
            images=asked["images"],
            most_crops=limit_crops,
            count=progress.count,
        )
    print_warnings((*analysis.results.notices, *written.notices))
    if as_json:
        print_bytes(json_bytes(analysis.missed_record(condition)))
        return
    print_lines(_lines(analysis, condition, limit))
    print_lines(_written_lines(written, output, crops))


def _lines(analysis: "Analysis", where: str, limit: int) -> list[str]:
    """How many there are, then a table of the first."""
    from mapgap.cli.output import table_lines
    from mapgap.number_words import fraction

    record = analysis.missed_record(where)
    names = {category["id"]: category["name"] for category in record["categories"]}
    missed = record["annotations"]
    rows = [
        (
            annotation["id"],
            annotation["image_id"],
            names[annotation["category_id"]],
            annotation["attributes"]["cause"],
            f"{annotation['attributes']['gap']:.6f}",
            annotation["attributes"]["detection"],
            annotation["attributes"]["evidence"],
        )
        for annotation in missed[:limit]
    ]
    info = record["info"]
    at = "one score threshold a class" if "thresholds" in info else f"score >= {fraction(info['score_threshold'])}"
    point = f"{at}, IoU {fraction(info['iou_threshold'], 2)}"
    lines = [f"{len(missed)} of {info['objects']} objects missed where {where} ({point})"]
    lines += table_lines(COLUMNS, rows) if rows else []
    if len(missed) > limit:
        lines.append(f"and {len(missed) - limit} more: --limit for more rows, --output or --json for all of them")
    return lines


def _written_lines(written: "WrittenMissed", output: str | None, crops: str | None) -> list[str]:
    """What lies where."""
    from pathlib import Path

    lines = [] if output is None else [f"Written: {Path(output) / 'missed.json'}, {Path(output) / 'missed.csv'}"]
    if crops is not None:
        lines.append(f"Crops: {written.crops:,} in {Path(crops)}")
    if written.left_out:
        lines.append(f"{written.left_out:,} that owe less were left out: --limit-crops for more")
    return lines
