"""mapgap doctor: what is wrong with the inputs, and how to mend it."""

from typing import TYPE_CHECKING

import rich_click as click

from mapgap.cli.exit_codes import BAD_INPUT, FINE, exit_codes_help
from mapgap.cli.options import PATH, iou_type_option, json_option, named_path
from mapgap.cli.reading_options import reading_options

if TYPE_CHECKING:
    from mapgap.readings import Reading

FINE_MEANING = "an analysis accepts the inputs, warnings allowed"
REFUSED_MEANING = "an analysis refuses the inputs; or a bad command line"


@click.command(epilog=exit_codes_help(fine=FINE_MEANING, bad_input=REFUSED_MEANING))
@click.argument("ground_truth", metavar="GT", type=PATH)
@click.argument("detections", metavar="[DT]", type=PATH, required=False)
@click.option(
    "--images",
    metavar="DIR",
    type=PATH,
    callback=named_path,
    panel="What is looked at",
    help="Folder of the pictures: they are looked for and opened too.",
)
@iou_type_option
@reading_options
@json_option
def doctor(
    ground_truth: str,
    detections: str | None,
    images: str | None,
    iou_type: str,
    reading: "Reading",
    as_json: bool,
) -> int:
    """Say what is wrong with the inputs, all of it at once, and how to mend it.

    Every finding has a code, the file, the record and its value, how many records share it, and what to do. Where few
    detections match, other readings of them are tried (corners for sizes, ids off by one, ...), and the one that
    explains the data is named with its evidence and the option that applies it.

    \b
    Examples:
      mapgap doctor instances_val2017.json
      mapgap doctor instances_val2017.json detections.json
      mapgap doctor gt.json dt.json --json
    """
    import shlex

    from mapgap.analysis.doctor import diagnose
    from mapgap.cli.output import print_bytes, print_lines
    from mapgap.cli.progress import StageProgress
    from mapgap.report.diagnosis import diagnosis_lines
    from mapgap.report.json_files import json_bytes

    with StageProgress(["examining"]) as progress:
        progress("examining")
        diagnosis = diagnose(
            ground_truth, detections, iou_type=iou_type, images=images, reading=reading, count=progress.count
        )
    if as_json:
        print_bytes(json_bytes(diagnosis.record))
    else:
        command = shlex.join(["mapgap", "evaluate", ground_truth, detections or "DT"])
        print_lines(diagnosis_lines(diagnosis.findings, diagnosis.record["settings"], command))
    return BAD_INPUT if diagnosis.is_refused else FINE
