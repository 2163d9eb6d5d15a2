"""TIDE by its authors' tidecv.

run_tidecv.py tide GROUND_TRUTH DETECTIONS
"""

import json
import sys

from tidecv import TIDE, datasets


def main(task: str, ground_truth: str, detections: str) -> None:
    """The last line printed is the result as JSON, fractions of 1."""
    tide = TIDE()
    run = tide.evaluate(datasets.COCO(ground_truth), datasets.COCOResult(detections), mode=TIDE.BOX)
    (main_errors,), (special_errors,) = tide.get_main_errors().values(), tide.get_special_errors().values()
    special = {"FP": special_errors["FalsePos"], "FN": special_errors["FalseNeg"]}
    percent = {"AP50": run.ap, **main_errors, **special}
    print(json.dumps({name: value / 100 for name, value in percent.items()}))


main(*sys.argv[1:])
