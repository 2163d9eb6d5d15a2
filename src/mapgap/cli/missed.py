"""mapgap missed: the objects the detector does not find."""

from typing import Any

import rich_click as click

from mapgap.cli.analysis_options import analysis_options
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import input_arguments, json_option

SHOWN_ROWS = 50


@click.command(epilog=exit_codes_help())
@input_arguments
@click.option(
    "--where",
    default='size == "small"',
    show_default=True,
    metavar="EXPRESSION",
    panel="Which objects",
    help='Which objects, by their attributes; [a=b] is short for a == "b".',
)
@analysis_options
@json_option
def missed(
    ground_truth: str,
    detections: str,
    where: str,
    asked: dict[str, Any],
    as_json: bool,
) -> None:
    """List the objects missed at the operating point, costliest first, with the cause of each.

    With --json all of them, as a COCO subset whose annotations carry the cause under `attributes`.

    \b
    Examples:
      mapgap missed gt.json dt.json
      mapgap missed gt.json dt.json --where "size == 'small' and time_of_day == 'night'"
      mapgap missed gt.json dt.json --where "[occlusion=heavy]" --json
    """
    from mapgap.analysis.analysis import REPORT_STAGES, analyze
    from mapgap.attributes import parse_expression
    from mapgap.cli.output import print_bytes, print_lines, print_warnings, table_lines
    from mapgap.cli.progress import StageProgress
    from mapgap.report.json_files import json_bytes

    parse_expression(where)  # a mistake in it need not wait for the analysis
    with StageProgress(REPORT_STAGES) as progress:
        analysis = analyze(
            ground_truth,
            detections,
            progress=progress,
            **asked,
        )
        record = analysis.missed_record(where)
    print_warnings(analysis.results.notices)
    if as_json:
        print_bytes(json_bytes(record))
        return
    names = {category["id"]: category["name"] for category in record["categories"]}
    rows = [
        (
            annotation["id"],
            annotation["image_id"],
            names[annotation["category_id"]],
            annotation["attributes"]["cause"],
            f"{annotation['attributes']['gap']:.6f}",
            annotation["attributes"]["recovering_score"],
        )
        for annotation in record["annotations"]
    ]
    total = analysis.count_objects(where)
    print_lines([f"{len(rows)} of {total} objects missed where {where}"])
    print_lines(table_lines(("object", "image", "class", "cause", "gap", "recovering score"), rows[:SHOWN_ROWS]))
    if len(rows) > SHOWN_ROWS:
        print_lines([f"and {len(rows) - SHOWN_ROWS} more: use --json for all of them"])
