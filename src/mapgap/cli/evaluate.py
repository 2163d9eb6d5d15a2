"""mapgap evaluate: the 12 COCO numbers."""

from typing import TYPE_CHECKING

import rich_click as click

from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import input_arguments, iou_type_option, json_option
from mapgap.cli.reading_options import reading_options

if TYPE_CHECKING:
    from mapgap.readings import Reading


@click.command(epilog=exit_codes_help())
@input_arguments
@iou_type_option
@reading_options
@json_option
def evaluate(ground_truth: str, detections: str, iou_type: str, reading: "Reading", as_json: bool) -> None:
    """Print the 12 COCO numbers, equal to pycocotools' to the last bit.

    Where pycocotools is wrong (an annotation id 0, duplicate annotation ids) the number is right and a warning gives
    pycocotools' beside it.

    \b
    Examples:
      mapgap evaluate instances_val2017.json detections.json
      mapgap evaluate gt.json.gz dt.json --json
      mapgap evaluate gt.json dt.json --box-format xyxy
    """
    from mapgap.cli.evaluation import print_evaluation

    print_evaluation(ground_truth, detections, iou_type=iou_type, reading=reading, as_json=as_json)
