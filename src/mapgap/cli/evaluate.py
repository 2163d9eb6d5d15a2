"""mapgap evaluate: the 12 COCO numbers."""

import rich_click as click

from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.options import input_arguments, iou_type_option, json_option


@click.command(epilog=exit_codes_help())
@input_arguments
@iou_type_option
@json_option
def evaluate(ground_truth: str, detections: str, iou_type: str, as_json: bool) -> None:
    """Print the 12 COCO numbers, equal to pycocotools' to the last bit.

    Where pycocotools is wrong (an annotation id 0, duplicate annotation ids) the number is right and a warning gives
    pycocotools' beside it.

    \b
    Examples:
      mapgap evaluate instances_val2017.json detections.json
      mapgap evaluate gt.json.gz dt.json --json
    """
    from mapgap.analysis.evaluation import evaluate as evaluate_pair
    from mapgap.cli.output import print_bytes, print_lines, print_warnings
    from mapgap.cli.progress import StageProgress
    from mapgap.report.evaluation import evaluation_lines, evaluation_record
    from mapgap.report.json_files import json_bytes

    with StageProgress(["evaluating"]) as progress:
        progress("evaluating")
        evaluation = evaluate_pair(ground_truth, detections, iou_type=iou_type)
    print_warnings(evaluation.notices)
    if as_json:
        record = evaluation_record(
            evaluation.ground_truth,
            evaluation.results,
            evaluation.matches[0],
            evaluation.metrics,
            evaluation.notices,
            iou_type=iou_type,
        )
        print_bytes(json_bytes(record))
    else:
        print_lines(evaluation_lines(evaluation.metrics))
