"""One task with hotcoco's Python API, its leanest way (its command `coco eval` takes three times as long).

run_hotcoco.py numbers|tide|confusion GROUND_TRUTH DETECTIONS
run_hotcoco.py slices GROUND_TRUTH DETECTIONS SLICES
"""

import json
import sys

from hotcoco import COCO, COCOeval


def main(task: str, ground_truth: str, detections: str, *more: str) -> None:
    """The last line printed is the result as JSON."""
    truth = COCO(ground_truth)
    evaluator = COCOeval(truth, truth.load_res(detections), "bbox")
    if task == "confusion":
        matrix = evaluator.confusion_matrix()["matrix"]
        print(json.dumps({"right": int(matrix.trace()), "all": int(matrix.sum())}))
        return
    evaluator.evaluate()
    if task == "numbers":
        evaluator.accumulate()
        evaluator.summarize()
        print(json.dumps([float(number) for number in evaluator.stats]))
    elif task == "tide":
        found = evaluator.tide_errors()
        print(json.dumps({"AP50": found["ap_base"], **found["delta_ap"]}))
    else:
        with open(more[0]) as stream:
            slices = evaluator.slice_by(json.load(stream))
        print(json.dumps({name: values["AP"] for name, values in slices.items() if name != "_overall"}))


main(*sys.argv[1:])
