"""mapgap evaluate: the 12 COCO numbers."""

from typing import TYPE_CHECKING

import rich_click as click

from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import input_arguments_or_shards, iou_type_option, json_option
from mapgap.cli.reading_options import reading_options
from mapgap.cli.shards import patterns_of, shards_options

if TYPE_CHECKING:
    from mapgap.readings import Reading


@click.command(epilog=exit_codes_help())
@input_arguments_or_shards
@iou_type_option
@reading_options
@shards_options
@json_option
@click.pass_context
def evaluate(
    context: click.Context,
    ground_truth: str | None,
    detections: str | None,
    iou_type: str,
    reading: "Reading",
    shards: tuple[str, ...],
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Print the 12 COCO numbers, equal to pycocotools' to the last bit.

    Where pycocotools is wrong (an annotation id 0, duplicate annotation ids) the number is right and a warning gives
    pycocotools' beside it.

    With --shards the run is any number of files, each with the ground truth, the detections or both of some images:
    JSON, JSON lines or Parquet. They are read one at a time, and the numbers are those of one run on everything.

    \b
    Examples:
      mapgap evaluate instances_val2017.json detections.json
      mapgap evaluate gt.json.gz dt.json --json
      mapgap evaluate gt.json dt.json --box-format xyxy
      mapgap evaluate --shards 'runs/*.parquet'
      mapgap evaluate gt.json --shards 'results/*.json' --scheduler tcp://10.0.0.5:8786
    """
    patterns = patterns_of(context, ground_truth, detections, shards, scheduler)
    if patterns is not None:
        from mapgap.cli.sharded_evaluation import print_sharded_evaluation

        print_sharded_evaluation(patterns, scheduler, iou_type=iou_type, reading=reading, as_json=as_json)
        return
    assert ground_truth is not None
    assert detections is not None
    from mapgap.cli.evaluation import print_evaluation

    print_evaluation(ground_truth, detections, iou_type=iou_type, reading=reading, as_json=as_json)
