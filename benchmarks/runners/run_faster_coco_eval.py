"""One task with faster-coco-eval.

run_faster_coco_eval.py numbers|confusion GROUND_TRUTH DETECTIONS
"""

import json
import sys

from faster_coco_eval import COCO, COCOeval_faster


def main(task: str, ground_truth: str, detections: str) -> None:
    """The last line printed is the result as JSON."""
    truth = COCO(ground_truth)
    detected = truth.loadRes(detections)
    if task == "numbers":
        evaluator = COCOeval_faster(truth, detected, "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
        print(json.dumps([float(number) for number in evaluator.stats[:12]]))
    else:
        from faster_coco_eval.extra import PreviewResults

        matrix = PreviewResults(truth, detected, iouType="bbox", iou_tresh=0.5).compute_confusion_matrix()
        print(json.dumps({"right": int(matrix.trace()), "all": int(matrix.sum())}))


main(*sys.argv[1:])
