"""The 12 numbers with pycocotools.

run_pycocotools.py numbers GROUND_TRUTH DETECTIONS
"""

import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def main(task: str, ground_truth: str, detections: str) -> None:
    """The last line printed is the result as JSON."""
    truth = COCO(ground_truth)
    evaluator = COCOeval(truth, truth.loadRes(detections), "bbox")
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summarize()
    print(json.dumps([float(number) for number in evaluator.stats]))


main(*sys.argv[1:])
