"""Runs whose ground truth and detections are split by image into shards: evaluated piece by piece, or analysed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from mapgap.analysis.analysis import Analysis, analyze
from mapgap.analysis.examining import notices_of, reading_findings
from mapgap.analysis.sources import require_iou_type
from mapgap.analysis.stages import CountingProgress, Progress
from mapgap.coco_parameters import LOW_AP50
from mapgap.matching import metrics_of_curves
from mapgap.memory import require_memory
from mapgap.readings import USUAL, Reading
from mapgap.shards.assembling import assemble_detections, assemble_ground_truth, read_shard_detections
from mapgap.shards.collecting import MOST_IN_MEMORY, RowStore
from mapgap.shards.files import shard_files
from mapgap.shards.matching import MatchedShard, forget_ground_truth, match_shard, read_task
from mapgap.shards.notices import join_notices, total_notices
from mapgap.shards.numbers import ShardCurves, curves_of_rows
from mapgap.shards.oddities import detection_findings, join_detection_oddities, join_oddities, object_findings
from mapgap.shards.plan import ShardPlan, ShardTask, plan_shards
from mapgap.shards.running import Runner, runner_of
from mapgap.shards.survey import require_reading, survey_shard
from mapgap.tables import AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS, Detections, GroundTruth, IdArray, Notice

if TYPE_CHECKING:
    import pandas as pd

Shards = str | PathLike[str] | Sequence[str | PathLike[str]]
"""A pattern such as "runs/*.parquet", a path, a folder, or several of them."""
SHARD_STAGES = ("surveying shards", "reading shards")
MEMORY_A_DETECTION = 600
MEMORY_AN_OBJECT = 600
"""Bytes that an analysis takes at least, a tenth below what was measured, so that nothing is refused that would fit."""


@dataclass(frozen=True)
class ShardedEvaluation:
    """What COCO's rules say of one run in shards."""

    name: str
    """Of the set, as its shards are marked; else "shards"."""
    metrics: Mapping[str, float | None]
    """AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl as fractions of 1; None where not defined."""
    notices: tuple[Notice, ...]
    """What is odd about the data, however it is split."""
    shard_notices: tuple[Notice, ...]
    """What is odd about the set of files, and what reading had to say, with the names of the files."""
    images: int
    objects: int
    detections: int
    categories: tuple[tuple[int, str], ...]
    """(id, name) by id."""
    class_detections: IdArray
    """(K,)"""
    curves: ShardCurves
    """Precision and recall behind the numbers."""

    def per_class(self) -> "pd.DataFrame":
        """One row a category, by id: objects, detections, AP and AP50 (NaN for a class without ground truth)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "id": [identifier for identifier, _ in self.categories],
                "name": [name for _, name in self.categories],
                "objects": self.curves.positives[0],
                "detections": self.class_detections,
                "AP": self.curves.class_average_precision(),
                "AP50": self.curves.class_average_precision(slice(1)),
            }
        )


@dataclass(frozen=True)
class ReadShards:
    """Both tables of a run in shards, as every function takes them."""

    ground_truth: GroundTruth
    detections: Detections
    shard_notices: tuple[Notice, ...]
    """What is odd about the set of files, and what reading the detections had to say, with the names of the files.

    The tables have what is odd about the data, however it is split.
    """


def evaluate_shards(
    shards: Shards,
    *,
    iou_type: str = "bbox",
    reading: Reading = USUAL,
    client: Any = None,
    progress: Progress | None = None,
    most_in_memory: int = MOST_IN_MEMORY,
) -> ShardedEvaluation:
    """COCO evaluation of a run in shards, one at a time: to the last bit what one run on everything gives.

    `shards` are files of ground truth, of detections, or of both, each split by image in any way: JSON, JSON lines or
    Parquet, by name or pattern. `client` is a `dask.distributed.Client`, whose workers then read and match; they see
    the files under the same paths. Of each counted detection 28 bytes are kept, beyond `most_in_memory` bytes of them
    in a temporary file. `progress` is told the two stages, and how many shards are done.
    Raises InputError, naming the file, for a shard that is missing, there twice, cut off or of another data set, and
    for input without a meaning; AccessError for unreadable files.
    """
    runner = runner_of(client)
    plan = _plan(shards, iou_type, reading, runner, progress)
    try:
        return _evaluated(plan, iou_type, reading, runner, progress, most_in_memory)
    finally:
        forget_ground_truth()


def analyze_shards(
    shards: Shards,
    *,
    iou_type: str = "bbox",
    reading: Reading = USUAL,
    client: Any = None,
    progress: Progress | None = None,
    **options: Any,
) -> Analysis:
    """The analysis of a run in shards, the same whatever the split: that of one file with all images by id.

    `shards`, `client` and `progress` as in `evaluate_shards`, `options` as in `analyze`. Everything is looked at
    together, so that memory grows with the detections; ResourceError where there is not enough of it.
    """
    run = read_shards(shards, iou_type=iou_type, reading=reading, client=client, progress=progress)
    return analyze(run.ground_truth, run.detections, iou_type=iou_type, reading=reading, progress=progress, **options)


def read_shards(
    shards: Shards,
    *,
    iou_type: str = "bbox",
    reading: Reading = USUAL,
    client: Any = None,
    progress: Progress | None = None,
) -> ReadShards:
    """Both tables of all shards, images by id. Raises what `evaluate_shards` raises."""
    runner = runner_of(client)
    plan = _plan(shards, iou_type, reading, runner, progress)
    total = sum(survey.detections for survey in plan.surveys)
    objects = sum(survey.annotations for survey in plan.surveys)
    needed = MEMORY_A_DETECTION * total + MEMORY_AN_OBJECT * objects
    require_memory(needed, f"analysing {total:,} detections at once", "`mapgap evaluate --shards` needs far less")
    try:
        ground_truth = assemble_ground_truth(plan, iou_type, reading)
        read = partial(read_shard_detections, iou_type=iou_type, reading=reading)
        parts = _each(runner, read, plan, progress)
    finally:
        forget_ground_truth()
    told = [notice for part in parts for notice in part.notices]
    detections = assemble_detections(plan, parts, total_notices(plan.name, told))
    return ReadShards(ground_truth, detections, (*plan.notices, *join_notices(told)))


def _plan(shards: Shards, iou_type: str, reading: Reading, runner: Runner, progress: Progress | None) -> ShardPlan:
    require_iou_type(iou_type)
    require_reading(reading)
    files = runner.paths(shard_files(shards))
    _begin(progress, SHARD_STAGES[0])
    surveys = []
    for _, survey in runner.each(partial(survey_shard, iou_type=iou_type, reading=reading), files):
        surveys.append(survey)
        _count(progress, len(surveys), len(files))
    return plan_shards(surveys)


def _each(runner: Runner, function: Callable[[Any], Any], plan: ShardPlan, progress: Progress | None) -> list[Any]:
    """What the function finds in each task, in the order of the plan."""
    found: list[Any] = [None] * len(plan.tasks)
    _begin(progress, SHARD_STAGES[1])
    for done, (place, result) in enumerate(runner.each(function, plan.tasks), 1):
        found[place] = result
        _count(progress, done, len(plan.tasks))
    return found


def _evaluated(
    plan: ShardPlan, iou_type: str, reading: Reading, runner: Runner, progress: Progress | None, most_in_memory: int
) -> ShardedEvaluation:
    classes = len(plan.categories)
    found = np.zeros((len(MAX_DETECTIONS), len(AREA_RANGES), len(IOU_THRESHOLDS), classes), dtype=np.int64)
    class_detections = np.zeros(classes, dtype=np.int64)
    positives = _positives(plan)
    told: list[tuple[int, MatchedShard]] = []
    _begin(progress, SHARD_STAGES[1])
    match = partial(match_shard, iou_type=iou_type, reading=reading)
    with RowStore(plan.image_ids, classes, most_in_memory) as store:
        for place, matched in runner.each(match, plan.tasks):
            store.add(matched.rows)
            found += matched.found
            class_detections += matched.class_detections
            told.append((place, matched.without_rows))
            _count(progress, len(told), len(plan.tasks))
        curves = curves_of_rows(store, found, positives, len(plan.image_ids))
    parts = [matched for _, matched in sorted(told, key=lambda each: each[0])]
    metrics = metrics_of_curves(curves)
    read = [notice for survey in plan.surveys for notice in survey.notices]
    read += [notice for part in parts for notice in part.notices]
    other_reading = _reading_notices(plan, metrics["AP50"], iou_type, reading, runner)
    return ShardedEvaluation(
        name=plan.name,
        metrics=metrics,
        notices=(*total_notices(plan.name, read), *_notices(plan, parts, class_detections, positives[0])),
        shard_notices=(*plan.notices, *join_notices(read), *other_reading),
        images=len(plan.image_ids),
        objects=int(positives[0].sum()),
        detections=int(class_detections.sum()),
        categories=plan.categories,
        class_detections=class_detections,
        curves=curves,
    )


def _positives(plan: ShardPlan) -> IdArray:
    """(A, K) counted objects of all shards."""
    ids = np.array([identifier for identifier, _ in plan.categories], dtype=np.int64)
    positives = np.zeros((len(AREA_RANGES), len(ids)), dtype=np.int64)
    for survey in plan.surveys:
        positives[:, np.searchsorted(ids, survey.class_ids)] += survey.positives
    return positives


def _notices(
    plan: ShardPlan, parts: Sequence[MatchedShard], class_detections: IdArray, objects: IdArray
) -> tuple[Notice, ...]:
    names = [name for _, name in plan.categories]
    odd_objects = join_oddities(survey.oddities for survey in plan.surveys)
    odd = join_detection_oddities(part.oddities for part in parts)
    return notices_of(
        [
            *object_findings(plan.name, odd_objects),
            *detection_findings(plan.name, odd, names, class_detections, objects),
        ]
    )


def _reading_notices(
    plan: ShardPlan, ap50: float | None, iou_type: str, reading: Reading, runner: Runner
) -> tuple[Notice, ...]:
    """Where hardly anything matches, what explains it, by the file with the most detections."""
    if ap50 is None or ap50 >= LOW_AP50:
        return ()
    detections = {survey.path: survey.detections for survey in plan.surveys}
    largest = max(plan.tasks, key=lambda task: detections[task.detections])
    look = partial(_reading_notices_of, ap50=ap50, iou_type=iou_type, reading=reading)
    return tuple(chain.from_iterable(notices for _, notices in runner.each(look, [largest])))


def _reading_notices_of(task: ShardTask, ap50: float, iou_type: str, reading: Reading) -> tuple[Notice, ...]:
    return notices_of(reading_findings(*read_task(task, iou_type, reading), ap50, reading))


def _begin(progress: Progress | None, stage: str) -> None:
    if progress is not None:
        progress(stage)


def _count(progress: Progress | None, done: int, of: int) -> None:
    if isinstance(progress, CountingProgress):
        progress.count(done, of)
