"""mapgap export: a run's failures as a file of another tool."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from mapgap.cli.analysis_options import analysis_options
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import OUTPUT, PATH, input_arguments, named_path

if TYPE_CHECKING:
    from mapgap.analysis.exports import Exported

FORMATS = ("fiftyone", "cvat", "label-studio", "hard-examples")
WHICH = "Which failures"


def _causes(context: click.Context, option: click.Parameter, text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(name.strip() for name in text.split(","))


@click.command(epilog=exit_codes_help())
@input_arguments
@click.option(
    "--to",
    "to",
    type=click.Choice(FORMATS),
    required=True,
    panel=OUTPUT,
    help="The tool; hard-examples is a COCO file of the costliest images with all their annotations.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=PATH,
    required=True,
    callback=named_path,
    panel=OUTPUT,
    help="The file to write; a file there is replaced.",
)
@click.option(
    "--image-prefix",
    default="",
    metavar="TEXT",
    panel=OUTPUT,
    help="What stands before file names in tasks of Label Studio, as in /data/local-files/?d=val2017/.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    panel=OUTPUT,
    help="Images of hard-examples, the costliest first.",
)
@click.option(
    "--where",
    metavar="EXPRESSION",
    panel=WHICH,
    help='Only failures at objects (background: detections) that this holds for, as in "[size=small]".',
)
@click.option(
    "--causes",
    metavar="A,B",
    callback=_causes,
    panel=WHICH,
    help="Only failures of these causes, as in missed,background.",
)
@analysis_options
def export(
    ground_truth: str,
    detections: str,
    to: str,
    output: str,
    image_prefix: str,
    most: int,
    where: str | None,
    causes: tuple[str, ...],
    asked: dict[str, Any],
) -> None:
    """Write the missed objects and false positives as a file that FiftyOne, CVAT or Label Studio opens.

    fiftyone is a COCO file of all objects and kept false positives with outcome, cause, gap and attributes; cvat and
    label-studio are tasks of the images with failures; hard-examples is a part of the ground truth to train on.

    \b
    Examples:
      mapgap export gt.json dt.json --to fiftyone -o failures.json
      mapgap export gt.json dt.json --to cvat --causes missed,background -o annotations.xml
      mapgap export gt.json dt.json --to label-studio --image-prefix "/data/local-files/?d=val2017/" -o tasks.json
      mapgap export gt.json dt.json --to hard-examples --where "[size=small,time_of_day=night]" --most 500 -o hard.json
    """
    from mapgap.analysis.analysis import analyze
    from mapgap.analysis.exports import ExportAsked
    from mapgap.analysis.stages import STAGES
    from mapgap.analysis.whole_file import require_file_writable
    from mapgap.attributes import parse_expression
    from mapgap.cli.output import print_lines, print_warnings
    from mapgap.cli.progress import StageProgress

    # Mistakes that need not wait for the analysis.
    ExportAsked(to, where, causes, image_prefix, most)
    if where is not None:
        parse_expression(where)
    require_file_writable(output, [path for path in (ground_truth, detections, asked["attributes"]) if path])
    with StageProgress((*STAGES, "export")) as progress:
        # The option is taken like everywhere, but nothing exported has an interval.
        analysis = analyze(ground_truth, detections, progress=progress, **{**asked, "resamples": 0})
        progress("export")
        exported = analysis.export(to, output, where=where, causes=causes, image_prefix=image_prefix, most=most)
    print_warnings(analysis.results.notices)
    print_lines([_line(to, exported), f"Written: {output}"])


def _line(to: str, exported: "Exported") -> str:
    from mapgap.number_words import plural

    if to == "hard-examples":
        return f"{plural(exported.images, 'image')} with {plural(exported.annotations, 'annotation')}"
    missed, wrong = plural(exported.missed, "missed object"), plural(exported.false_positives, "false positive")
    return f"{missed} and {wrong} on {plural(exported.images, 'image')}"
