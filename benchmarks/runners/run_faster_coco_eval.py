"""The 12 numbers with faster-coco-eval.

run_faster_coco_eval.py numbers GROUND_TRUTH DETECTIONS
"""

import json
import sys

from faster_coco_eval import COCO, COCOeval_faster


def main(task: str, ground_truth: str, detections: str) -> None:
    """The last line printed is the result as JSON."""
    truth = COCO(ground_truth)
    evaluator = COCOeval_faster(truth, truth.loadRes(detections), "bbox")
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summarize()
    print(json.dumps([float(number) for number in evaluator.stats[:12]]))


main(*sys.argv[1:])
