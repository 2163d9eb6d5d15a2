"""The 12 numbers with ultrafast-pycocotools, as its documentation begins.

run_ultrafast.py numbers GROUND_TRUTH DETECTIONS
"""

import json
import sys

from ultrafast_pycocotools import COCO, COCOeval


def main(task: str, ground_truth: str, detections: str) -> None:
    """The last line printed is the result as JSON."""
    truth = COCO(ground_truth, verbose=False)
    evaluator = COCOeval(truth, truth.loadRes(detections), "bbox")
    evaluator.run()
    print(json.dumps([float(number) for number in evaluator.stats]))


main(*sys.argv[1:])
