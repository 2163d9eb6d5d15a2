"""One task with mapgap's Python API and stages.

    run_mapgap.py numbers GROUND_TRUTH DETECTIONS     mapgap.evaluate
    run_mapgap.py tide|confusion|slices|together GROUND_TRUTH DETECTIONS
    run_mapgap.py stages GROUND_TRUTH DETECTIONS      CPU and wall seconds of each stage of "together"

"together" is TIDE, the confusion matrix and 50 slices. Slices are along the images' attribute `camera`, with counts,
causes, gap and AP of each. The stages of mapgap are put together here as `mapgap.analysis.stages` does, without those
that nobody asked for.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SLICED_BY = "camera"
THRESHOLD = 0
"""IoU .50, the first of COCO's thresholds."""
RESULTS = ("tide", "confusion", "slices")


@dataclass
class Clock:
    """Seconds of each stage, in order; reading a stage's end is its successor's begin."""

    cpu: float = field(default_factory=time.process_time)
    wall: float = field(default_factory=time.perf_counter)
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)

    def end(self, stage: str) -> None:
        """Notes CPU and wall seconds since the stage before."""
        cpu, wall = time.process_time(), time.perf_counter()
        self.stages[stage] = (round(cpu - self.cpu, 4), round(wall - self.wall, 4))
        self.cpu, self.wall = cpu, wall


def main(task: str, ground_truth: str, detections: str) -> None:
    """The last line printed is the result as JSON."""
    if task == "numbers":
        import mapgap

        print(json.dumps(list(mapgap.evaluate(ground_truth, detections).metrics.values())))
        return
    clock = Clock()
    wanted = (task,) if task in RESULTS else RESULTS
    results = analyze(ground_truth, detections, wanted, clock.end)
    print(json.dumps(clock.stages if task == "stages" else results if task == "together" else results[task]))


def analyze(
    ground_truth: str, detections: str, wanted: tuple[str, ...], end: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """The wanted ones of "tide", "confusion" and "slices"."""
    from mapgap.coco.detections import read_detections
    from mapgap.coco.ground_truth import read_ground_truth
    from mapgap.matching import match_detections
    from mapgap.tables import BACKGROUND_IOU, IOU_THRESHOLDS

    end("import")
    truth = read_ground_truth(ground_truth)
    end("read the ground truth")
    detected = read_detections(detections, truth)
    end("read the detections")
    matches, pairs = match_detections(
        truth,
        detected,
        iou_thresholds=IOU_THRESHOLDS,
        minimum_pair_iou=BACKGROUND_IOU,
        across_classes=True,
    )
    end("match")
    results: dict[str, dict[str, Any]] = {}
    if "tide" in wanted:
        from mapgap.tide import tide

        errors = tide(truth, detected, matches, pairs)
        results["tide"] = {"AP50": errors.ap50, **errors.dap}
        end("tide")
    if wanted != ("tide",):
        operating_point = operate_at_best_f1(truth, detected, matches)
        end("operating point")
    if "confusion" in wanted:
        from mapgap.operating_point import confusion_matrix

        counts = confusion_matrix(truth, detected, matches, pairs, operating_point).counts
        results["confusion"] = {"right": int(counts.trace()), "all": int(counts.sum())}
        end("confusion")
    if "slices" in wanted:
        results["slices"] = slice_by_camera(truth, detected, matches, pairs, operating_point)
        end("slices")
    return results


def operate_at_best_f1(truth: Any, detected: Any, matches: Any) -> Any:
    """The operating point of the score with the best F1."""
    from mapgap.operating_point import choose_score_threshold, operate

    score_threshold = choose_score_threshold(
        "best-f1",
        detected.score,
        matches.is_counted(THRESHOLD),
        matches.is_true_positive(THRESHOLD),
        int(matches.positives[0].sum()),
    )
    return operate(truth, detected, matches, threshold=THRESHOLD, score_threshold=score_threshold)


def slice_by_camera(truth: Any, detected: Any, matches: Any, pairs: Any, operating_point: Any) -> dict[str, float]:
    """AP of each slice; counts and gap are computed with it."""
    from mapgap.attributes.naming import annotated_attributes
    from mapgap.causes import find_causes, list_errors
    from mapgap.gap import counted_and_right, divide_gap
    from mapgap.slices.average_precision import average_precision_by_slice
    from mapgap.slices.build import cross
    from mapgap.tables import BACKGROUND_IOU, IOU_THRESHOLDS

    causes = find_causes(truth, detected, matches, pairs, background_iou=BACKGROUND_IOU)
    errors = list_errors(truth, detected, matches, pairs, causes, operating_point, threshold=THRESHOLD)
    debts = divide_gap(truth, detected, matches, causes)
    attributes, _ = annotated_attributes(truth, detected, frozenset())
    ten = len(IOU_THRESHOLDS)
    average_precision_of = average_precision_by_slice(truth, matches, causes, *counted_and_right(matches, ten), ten)
    only = tuple(attribute for attribute in attributes if attribute.name == SLICED_BY)
    slices = cross(truth, detected, only, operating_point, errors, debts, average_precision_of, [(SLICED_BY,)])
    return {str(where[SLICED_BY]): ap for where, ap in zip(slices.where, slices.ap.tolist(), strict=True)}


if __name__ == "__main__":
    main(*sys.argv[1:])
