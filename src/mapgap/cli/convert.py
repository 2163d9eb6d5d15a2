"""mapgap convert: labels and results of other tools as COCO files."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import rich_click as click

from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import OUTPUT, PATH, named_path

if TYPE_CHECKING:
    from mapgap.convert import Converted

SOURCE = "What is read"
MEANING = "What it means"


@click.command(epilog=exit_codes_help())
@click.argument("source", metavar="SOURCE", type=PATH)
@click.option(
    "--from",
    "source_format",
    type=click.Choice(["yolo", "voc", "kitti", "bdd100k"]),
    panel=SOURCE,
    help="The format; without it found out from the files.",
)
@click.option(
    "--images",
    metavar="DIR",
    type=PATH,
    callback=named_path,
    panel=SOURCE,
    help="The pictures, for their sizes and names; else the folder beside: images of yolo, image_2 of kitti.",
)
@click.option(
    "--classes",
    metavar="FILE|A,B,C",
    panel=SOURCE,
    help="The classes in order: a data.yaml, a file with one a line, or names; else data.yaml or classes.txt near "
    "yolo labels, the names that occur in voc, the usual ones of kitti and bdd100k.",
)
@click.option(
    "--only",
    metavar="FILE",
    type=PATH,
    callback=named_path,
    panel=SOURCE,
    help="Only the pictures that this file names, one a line, as val.txt of voc, kitti and yolo does.",
)
@click.option(
    "--results-for",
    metavar="GT",
    type=PATH,
    callback=named_path,
    panel=SOURCE,
    help="SOURCE holds results with scores, for the images and classes of this COCO ground truth.",
)
@click.option(
    "--max-input-bytes",
    type=click.IntRange(min=1),
    metavar="BYTES",
    panel=SOURCE,
    help="Refuse a file that is longer, unpacked.",
)
@click.option(
    "--difficult",
    type=click.Choice(["ignore", "count"]),
    panel=MEANING,
    help="Whether voc's difficult objects are ignored, as in its own evaluation (default), or count.",
)
@click.option(
    "--corners",
    type=click.Choice(["edges", "pixels"]),
    panel=MEANING,
    help="Whether corners are places between pixels (default of kitti) or pixels of the box (default of voc, where "
    "they count from 1, and of bdd100k).",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=PATH,
    required=True,
    callback=named_path,
    panel=OUTPUT,
    help="The COCO file to write: ground truth, or with --results-for a results file; a file there is replaced.",
)
def convert(
    source: str,
    source_format: str | None,
    images: str | None,
    classes: str | None,
    only: str | None,
    results_for: str | None,
    max_input_bytes: int | None,
    difficult: str | None,
    corners: str | None,
    output: str,
) -> None:
    """Write labels or results of YOLO, Pascal VOC, KITTI or BDD100K as a COCO file, with their attributes.

    SOURCE is a folder of label files, or the JSON file of BDD100K. Images and annotations get ids from 1 in the order
    of their names, classes in the order of their list. What has no meaning is refused with file and line.

    \b
    Examples:
      mapgap convert data/labels/val --classes data/data.yaml -o gt.json
      mapgap convert runs/predict/labels --results-for gt.json -o dt.json
      mapgap convert VOC2012/Annotations --only VOC2012/ImageSets/Main/val.txt -o gt.json
      mapgap convert training/label_2 -o gt.json
      mapgap convert det_20/det_val.json -o gt.json
    """
    from mapgap.analysis.whole_file import require_file_writable
    from mapgap.cli.output import print_lines, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.convert import Asked
    from mapgap.convert import convert as convert_source

    inputs = [path for path in (source, images, results_for, classes, only) if path is not None]
    require_file_writable(output, inputs)
    asked = Asked(images, classes, only, results_for, difficult, corners, max_input_bytes)
    with StageProgress(["converting"]) as progress:
        progress("converting")
        converted = convert_source(source, source_format, asked)
    converted.write(output)
    print_warnings(converted.notices)
    print_lines([*_lines(converted), f"Written: {output}"])


def _lines(converted: "Converted") -> Iterator[str]:
    """How much was read, and which attributes there are."""
    from mapgap.number_words import plural

    record = converted.record
    if isinstance(record, list):
        images = len({detection["image_id"] for detection in record})
        yield f"{plural(len(record), 'detection')} on {plural(images, 'image')}"
        return
    crowds = sum(annotation["iscrowd"] for annotation in record["annotations"])
    parts = [
        plural(len(record["images"]), "image"),
        plural(len(record["annotations"]) - crowds, "object"),
        plural(crowds, "ignored region"),
        f"classes: {', '.join(category['name'] for category in record['categories'])}",
    ]
    yield ", ".join(part for part in parts if part != "0 ignored regions")
    for what in ("images", "annotations"):
        names = dict.fromkeys(name for entry in record[what] for name in entry.get("attributes", ()))
        if names:
            yield f"Attributes of {what}: {', '.join(names)}"
