"""Evaluates a run in shards and prints the 12 COCO numbers."""

from mapgap.analysis.sharded import SHARD_STAGES, evaluate_shards
from mapgap.cli.output import print_bytes, print_lines, print_warnings
from mapgap.cli.progress import StageProgress
from mapgap.cli.shards import client_of
from mapgap.readings import Reading
from mapgap.report.evaluation import evaluation_lines, evaluation_record, inputs_record
from mapgap.report.json_files import json_bytes


def print_sharded_evaluation(
    patterns: tuple[str, ...], scheduler: str | None, *, iou_type: str, reading: Reading, as_json: bool
) -> None:
    """Prints the numbers to stdout, as lines or as JSON, after the warnings to stderr."""
    with StageProgress(SHARD_STAGES) as progress, client_of(scheduler) as client:
        evaluation = evaluate_shards(patterns, iou_type=iou_type, reading=reading, client=client, progress=progress)
    told = {notice.code for notice in evaluation.shard_notices}
    print_warnings((*evaluation.shard_notices, *(each for each in evaluation.notices if each.code not in told)))
    if not as_json:
        print_lines(evaluation_lines(evaluation.metrics))
        return
    inputs = inputs_record(
        (evaluation.name, None),
        (evaluation.name, None),
        images=evaluation.images,
        objects=evaluation.objects,
        classes=len(evaluation.categories),
        detections=evaluation.detections,
    )
    record = evaluation_record(
        inputs, evaluation.metrics, evaluation.notices, iou_type=iou_type, reading=reading.record
    )
    print_bytes(json_bytes(record))
