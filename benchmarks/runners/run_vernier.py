"""One task with vernier's native API, in the mode that follows pycocotools.

run_vernier.py numbers|tide|confusion GROUND_TRUTH DETECTIONS
run_vernier.py slices GROUND_TRUTH DETECTIONS MANIFEST
"""

import json
import os
import sys
from pathlib import Path

from vernier.instance import Bbox, CocoDataset, Evaluator, confusion_matrix, error_decomposition


def main(task: str, ground_truth: str, detections: str, *more: str) -> None:
    """The last line printed is the result as JSON."""
    truth = CocoDataset.from_json(Path(ground_truth).read_bytes())
    detected = Path(detections).read_bytes()
    evaluator = Evaluator(iou=Bbox(), parity_mode="strict")
    threads = os.cpu_count()
    if task == "numbers":
        print(json.dumps(list(evaluator.evaluate(truth, detected, num_threads=threads).stats)))
    elif task == "tide":
        report = error_decomposition(truth, detected, iou=Bbox(), parity_mode="strict")
        print(json.dumps({"AP": report.baseline_map, **report.delta, "FP": report.delta_all_fp_removed}))
    elif task == "confusion":
        matrix = confusion_matrix(truth, detected, iou=Bbox(), parity_mode="strict")
        rows = matrix.rows()
        right = sum(count for truth_class, found, count in rows if truth_class == found)
        print(json.dumps({"right": right, "all": sum(row[2] for row in rows)}))
    else:
        result = evaluator.evaluate(truth, detected, manifest=more[0], num_threads=threads)
        print(json.dumps({"rows": len(result.slices)}))


main(*sys.argv[1:])
