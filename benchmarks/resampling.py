"""What resampling costs: CPU time of AP and of the gap by cause in every resample; of reports and comparisons.

    python benchmarks/resampling.py GROUND_TRUTH DETECTIONS [SECOND_DETECTIONS] [--resamples N]

A paired resample draws the images once and computes COCO's AP (ten IoU thresholds) of both runs from matches that were
made before. Without a second run the first one is taken twice. The gap by cause is that of the first run, at the same
ten thresholds. The report is written with and without resamples, the comparison of both runs is printed with them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mapgap.analysis.sources import read_pair
from mapgap.bootstrap import draw_images
from mapgap.causes import find_causes
from mapgap.gap import Oracle, build_oracle, resample_oracle, resampled_gap_by_cause
from mapgap.matching import match_detections
from mapgap.tables import BACKGROUND_IOU, IOU_THRESHOLDS, Causes, Detections, DrawnArray, GroundTruth, Matches

TIMES = 3
"""The best of so many."""

Stages = tuple[GroundTruth, Detections, Matches, Causes]


def main() -> None:
    """Prints five lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ground_truth", type=Path)
    parser.add_argument("detections", type=Path, nargs="+")
    parser.add_argument("--resamples", type=int, default=200)
    asked = parser.parse_args()
    first, *others = asked.detections
    milliseconds = 1000 * paired_seconds(asked.ground_truth, [first, *(others or [first])], asked.resamples)
    print(f"{milliseconds / asked.resamples:.2f} ms CPU a paired resample, of {asked.resamples}")
    milliseconds = 1000 * gap_seconds(asked.ground_truth, first, asked.resamples)
    print(f"{milliseconds / asked.resamples:.2f} ms CPU the gap by cause in a resample")
    for resamples in (0, asked.resamples):
        seconds, megabytes = report_cost(asked.ground_truth, first, resamples)
        print(f"report with {resamples} resamples: {seconds:.2f} s CPU, {megabytes:.0f} MB at most")
    seconds, megabytes = comparison_cost(asked.ground_truth, [first, *(others or [first])], asked.resamples)
    print(f"compare with {asked.resamples} resamples: {seconds:.2f} s CPU, {megabytes:.0f} MB at most")


def paired_seconds(ground_truth: Path, runs: list[Path], resamples: int) -> float:
    """CPU seconds of drawing the images and of the APs of the runs in all resamples."""
    prepared = [prepare(ground_truth, run) for run in runs]
    return min(_resample(prepared, resamples) for _ in range(TIMES))


def gap_seconds(ground_truth: Path, run: Path, resamples: int) -> float:
    """CPU seconds of the gap by cause of a run in all resamples."""
    stages = match(ground_truth, run)
    drawn = draw_images(len(stages[0].images.ids), resamples=resamples, seed=0)
    return min(_divide(stages, drawn) for _ in range(TIMES))


def prepare(ground_truth: Path, run: Path) -> tuple[GroundTruth, Detections, Oracle]:
    """A run, matched, as an oracle."""
    stages = match(ground_truth, run)
    return *stages[:2], build_oracle(*stages)


def match(ground_truth: Path, run: Path) -> Stages:
    """A run, matched."""
    truth, detections = read_pair(ground_truth, run, "bbox")
    matches, pairs = match_detections(
        truth, detections, iou_thresholds=IOU_THRESHOLDS, minimum_pair_iou=BACKGROUND_IOU, across_classes=True
    )
    return truth, detections, matches, find_causes(truth, detections, matches, pairs)


def _resample(prepared: list[tuple[GroundTruth, Detections, Oracle]], resamples: int) -> float:
    begin = time.process_time()
    drawn = draw_images(len(prepared[0][0].images.ids), resamples=resamples, seed=0)
    for truth, detections, oracle in prepared:
        resample_oracle(oracle, truth, detections, drawn)
    return time.process_time() - begin


def _divide(stages: Stages, drawn: DrawnArray) -> float:
    begin = time.process_time()
    resampled_gap_by_cause(*stages, drawn)
    return time.process_time() - begin


def report_cost(ground_truth: Path, run: Path, resamples: int) -> tuple[float, float]:
    """CPU seconds and peak megabytes of `mapgap report`, the best of a few."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mapgap", "report", str(ground_truth), str(run)]
        command += ["--resamples", str(resamples), "--output", str(Path(folder) / "report")]
        return min(_cost(command) for _ in range(TIMES))


def comparison_cost(ground_truth: Path, runs: list[Path], resamples: int) -> tuple[float, float]:
    """CPU seconds and peak megabytes of `mapgap compare`, the best of a few."""
    named = [f"run{place}={run}" for place, run in enumerate(runs)]
    command = [sys.executable, "-m", "mapgap", "compare", str(ground_truth), *named, "--resamples", str(resamples)]
    return min(_cost(command) for _ in range(TIMES))


def _cost(command: list[str]) -> tuple[float, float]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
