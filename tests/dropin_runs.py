"""Run the same code with pycocotools' classes and with the drop-in's, and compare all that can be seen of both."""

import contextlib
import copy
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pycocotools.coco
import pycocotools.cocoeval

import mapgap.pycocotools


@dataclass(frozen=True)
class Kit:
    """The classes of one library."""

    coco: Any
    evaluation: Any


class StepByStep(mapgap.pycocotools.COCOeval):
    """Overrides a step, as subclasses do, so that nothing is evaluated at once."""

    def evaluateImg(self, imgId: Any, catId: Any, aRng: Any, maxDet: Any) -> Any:  # noqa: N802, N803
        return super().evaluateImg(imgId, catId, aRng, maxDet)


GENUINE = Kit(pycocotools.coco.COCO, pycocotools.cocoeval.COCOeval)
OURS = Kit(mapgap.pycocotools.COCO, mapgap.pycocotools.COCOeval)
OURS_STEP_BY_STEP = Kit(mapgap.pycocotools.COCO, StepByStep)
DROP_INS = (OURS, OURS_STEP_BY_STEP)

Change = Callable[[Any], None]


@dataclass
class Run:
    """What one library printed, made and raised."""

    text: str
    evaluation: Any
    error: type[BaseException] | None


def no_change(_: Any) -> None:
    """Leaves the settings as they are."""


def results_of(truth: Any, detections: Any, kit: Kit) -> Any:
    """Detections as a data set, through loadRes where it takes them."""
    if isinstance(detections, dict):
        results = kit.coco()
        results.dataset = copy.deepcopy(detections)
        results.createIndex()
        return results
    return truth.loadRes(copy.deepcopy(detections))


def run(
    kit: Kit,
    ground_truth: dict[str, Any],
    detections: Any,
    iou_type: str = "bbox",
    *,
    before: Change = no_change,
    between: Change = no_change,
) -> Run:
    """The usual calls, with changes to the settings `before` evaluate and `between` evaluate and accumulate."""
    printed, evaluation, error = io.StringIO(), None, None
    with contextlib.redirect_stdout(printed):
        try:
            truth = kit.coco()
            truth.dataset = copy.deepcopy(ground_truth)
            truth.createIndex()
            evaluation = kit.evaluation(truth, results_of(truth, detections, kit), iou_type)
            before(evaluation.params)
            evaluation.evaluate()
            between(evaluation.params)
            evaluation.accumulate()
            evaluation.summarize()
        except Exception as raised:
            error = type(raised)
    return Run(without_times(printed.getvalue()), evaluation, error)


def without_times(text: str) -> str:
    """Printed lines with the seconds they tell taken out."""
    return re.sub(r"t=\d+\.\d\ds", "t=", text)


def assert_same_runs(ours: Run, genuine: Run) -> None:
    """Printed lines, errors, numbers, entries, similarities, settings and annotations are the same."""
    assert ours.error is genuine.error
    assert ours.text == genuine.text
    if genuine.evaluation is None:
        return
    assert_same(ours.evaluation.stats, genuine.evaluation.stats)
    if isinstance(genuine.evaluation.evalImgs, list):
        assert_same(ours.evaluation.evalImgs, genuine.evaluation.evalImgs)
        assert_same(ours.evaluation.ious, genuine.evaluation.ious)
    if genuine.evaluation.eval:
        assert_same_evaluations(ours.evaluation, genuine.evaluation)


def assert_same_evaluations(ours: Any, genuine: Any) -> None:
    """All that an evaluation holds is the same, and accumulating what was read gives the same again."""
    assert_same(without_params(ours.eval), without_params(genuine.eval))
    assert ours.eval["params"] is ours.params
    assert_same(vars(ours.params), vars(genuine.params))
    assert_same(vars(ours._paramsEval), vars(genuine._paramsEval))
    for side in ("cocoGt", "cocoDt"):
        assert_same(getattr(ours, side).dataset, getattr(genuine, side).dataset)
    for rows in ("_gts", "_dts"):
        assert_same(filled(getattr(ours, rows)), filled(getattr(genuine, rows)))
    with contextlib.redirect_stdout(io.StringIO()):
        ours.accumulate()
        genuine.accumulate()
    assert_same(without_params(ours.eval), without_params(genuine.eval))


def without_params(result: dict[str, Any]) -> dict[str, Any]:
    """The arrays and counts of `eval`."""
    assert list(result) == ["params", "counts", "date", "precision", "recall", "scores"]
    return {name: value for name, value in result.items() if name not in ("params", "date")}


def filled(rows: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
    """Entries with records: pycocotools' own look-ups leave empty ones behind."""
    return {key: records for key, records in sorted(rows.items(), key=repr) if records}


def assert_same(ours: Any, genuine: Any) -> None:
    """Equal values of equal types, arrays to the last bit, dicts in equal order."""
    assert type(ours) is type(genuine)
    if isinstance(genuine, np.ndarray):
        assert (ours.dtype, ours.shape) == (genuine.dtype, genuine.shape)
        assert np.array_equal(ours, genuine, equal_nan=genuine.dtype.kind == "f"), (ours, genuine)
    elif isinstance(genuine, dict):
        assert list(ours) == list(genuine)
        for key in genuine:
            assert_same(ours[key], genuine[key])
    elif isinstance(genuine, list | tuple):
        assert len(ours) == len(genuine)
        for one, other in zip(ours, genuine, strict=True):
            assert_same(one, other)
    elif isinstance(genuine, float | np.floating):
        assert ours == genuine or (ours != ours and genuine != genuine)
    else:
        assert ours == genuine


def assert_drop_in(
    ground_truth: dict[str, Any],
    detections: Any,
    iou_type: str = "bbox",
    *,
    before: Change = no_change,
    between: Change = no_change,
) -> Run:
    """Both ways of the drop-in do what pycocotools does; gives pycocotools' run."""
    genuine = run(GENUINE, ground_truth, detections, iou_type, before=before, between=between)
    for kit in DROP_INS:
        ours = run(kit, ground_truth, detections, iou_type, before=before, between=between)
        # Comparing accumulates again, so every comparison needs a run of its own.
        assert_same_runs(ours, copy.deepcopy(genuine))
    return genuine
