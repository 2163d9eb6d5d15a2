"""Code written for pycocotools, as libraries have it: merged batches, subclasses, parts assigned later, real data."""

import contextlib
import copy
import io
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mapgap.pycocotools import COCO, COCOeval, Params
from tests.dropin_runs import (
    DROP_INS,
    GENUINE,
    OURS,
    Kit,
    assert_same,
    assert_same_evaluations,
    without_params,
    without_times,
)

EVERY_KIT = pytest.mark.parametrize("kit", DROP_INS, ids=["at once", "step by step"])


def generated(seed: int = 0, images: int = 12) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Boxes on a grid, some crowds; detections near them with tied scores."""
    chance = np.random.default_rng(seed)
    boxes = chance.integers(0, 9, (60, 4)) * 10.0 + [0, 0, 10, 10]
    annotations = [
        {"id": number + 1, "image_id": int(chance.integers(images)), "category_id": int(chance.integers(1, 4))}
        | {"bbox": box, "area": box[2] * box[3], "iscrowd": int(number % 11 == 0)}
        for number, box in enumerate(boxes.tolist())
    ]
    detections = [
        {"image_id": a["image_id"], "category_id": a["category_id"], "score": int(chance.integers(1, 9)) / 10}
        | {"bbox": (np.array(a["bbox"]) + chance.integers(-4, 4, 4)).tolist()}
        for a in annotations * 2
    ]
    ground_truth = {
        "images": [{"id": number, "height": 200, "width": 200} for number in range(images)],
        "annotations": annotations,
        "categories": [{"id": number, "name": str(number)} for number in (1, 2, 3)],
    }
    return ground_truth, detections


def truth_of(kit: Kit, ground_truth: dict[str, Any]) -> Any:
    coco = kit.coco()
    coco.dataset = copy.deepcopy(ground_truth)
    coco.createIndex()
    return coco


def finish(evaluation: Any) -> Any:
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


def evaluated(kit: Kit, iou_type: str = "bbox") -> Any:
    ground_truth, detections = generated()
    truth = truth_of(kit, ground_truth)
    return finish(kit.evaluation(truth, truth.loadRes(copy.deepcopy(detections)), iou_type))


class BatchEvaluator:
    """Evaluates batch by batch and merges, the way torchvision's reference training script does."""

    def __init__(self, kit: Kit, truth: Any) -> None:
        self.kit = kit
        self.evaluation = kit.evaluation(truth, iouType="bbox")
        self.image_ids: list[int] = []
        self.batches: list[Any] = []

    def update(self, detections: list[dict[str, Any]], image_ids: list[int]) -> None:
        self.image_ids.extend(image_ids)
        evaluation = self.evaluation
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = self.kit.coco.loadRes(evaluation.cocoGt, detections) if detections else self.kit.coco()
            evaluation.cocoDt = loaded
            evaluation.params.imgIds = list(image_ids)
            evaluation.evaluate()
        shape = (-1, len(evaluation.params.areaRng), len(evaluation.params.imgIds))
        self.batches.append(np.asarray(evaluation.evalImgs).reshape(shape))

    def merge(self) -> None:
        merged_ids, places = np.unique(np.array(self.image_ids), return_index=True)
        entries = np.concatenate(self.batches, axis=2)[..., places]
        self.evaluation.evalImgs = list(entries.flatten())
        self.evaluation.params.imgIds = list(merged_ids)
        self.evaluation._paramsEval = copy.deepcopy(self.evaluation.params)


def batches_of(image_ids: Iterable[int], size: int) -> list[list[int]]:
    ids = list(image_ids)
    return [ids[start : start + size] for start in range(0, len(ids), size)]


@EVERY_KIT
def test_batches_are_merged_by_the_caller(kit: Kit) -> None:
    ground_truth, detections = generated()
    finished = []
    for each in (kit, GENUINE):
        evaluator = BatchEvaluator(each, truth_of(each, ground_truth))
        # The last batch repeats images, as distributed samplers do, and one batch has no detections.
        for batch in [*batches_of(reversed(range(12)), 5), [3, 4]]:
            here = [dict(d) for d in detections if d["image_id"] in batch and 2 not in batch]
            evaluator.update(here, batch)
        evaluator.merge()
        evaluator.evaluation.accumulate()
        evaluator.evaluation.summarize()
        finished.append(evaluator.evaluation)
    ours, genuine = finished
    assert_same(without_params(ours.eval), without_params(genuine.eval))
    assert_same(ours.stats, genuine.stats)
    assert_same(list(ours.evalImgs), list(genuine.evalImgs))
    assert ours.stats[0] > 0


def test_merged_entries_of_all_batches_give_the_numbers_of_all_images() -> None:
    ground_truth, detections = generated(5)
    evaluator = BatchEvaluator(OURS, truth_of(OURS, ground_truth))
    for batch in batches_of(range(12), 4):
        evaluator.update([dict(d) for d in detections if d["image_id"] in batch], batch)
    evaluator.merge()
    evaluator.evaluation.accumulate()
    truth = truth_of(OURS, ground_truth)
    whole = finish(COCOeval(truth, truth.loadRes(copy.deepcopy(detections)), "bbox"))
    assert_same(without_params(evaluator.evaluation.eval), without_params(whole.eval))


def subclass_of(base: Any) -> Any:
    """Overrides `summarize` and `evaluate`, the way Detectron2 does."""

    class Overriding(base):
        def evaluate(self) -> None:
            parameters = self.params
            parameters.imgIds = list(np.unique(parameters.imgIds))
            parameters.catIds = list(np.unique(parameters.catIds))
            parameters.maxDets = sorted(parameters.maxDets)
            self._prepare()
            pairs = [(image, category) for image in parameters.imgIds for category in parameters.catIds]
            self.ious = {pair: self.computeIoU(*pair) for pair in pairs}
            limit = parameters.maxDets[-1]
            self.evalImgs = [
                self.evaluateImg(image, category, area, limit)
                for category in parameters.catIds
                for area in parameters.areaRng
                for image in parameters.imgIds
            ]
            self._paramsEval = copy.deepcopy(self.params)

        def summarize(self) -> None:
            assert self.eval
            precision = self.eval["precision"][:, :, :, 0, -1]
            self.stats = np.array([precision[precision > -1].mean(), len(self.params.maxDets)])

    return Overriding


def test_subclasses_that_override_evaluate_and_summarize() -> None:
    ours, genuine = (evaluated(Kit(kit.coco, subclass_of(kit.evaluation))) for kit in (OURS, GENUINE))
    assert ours.stats.tolist() == genuine.stats.tolist()
    assert_same_evaluations(ours, genuine)


def test_an_overridden_step_is_called_and_counts() -> None:
    class Stricter(COCOeval):
        def computeIoU(self, imgId: Any, catId: Any) -> Any:  # noqa: N802, N803
            similarity = super().computeIoU(imgId, catId)
            return similarity * 0.5 if len(similarity) else similarity

    assert evaluated(Kit(COCO, Stricter)).stats[0] < 0.1 < evaluated(OURS).stats[0]
    patched = COCOeval(evaluated(OURS).cocoGt, evaluated(OURS).cocoDt, "bbox")
    patched.computeIoU = lambda image, category: []  # type: ignore[method-assign]
    patched.evaluate()
    patched.accumulate()
    assert patched.eval["recall"].max() == 0


def test_both_sides_may_be_assigned_later_and_settings_made_by_hand() -> None:
    stats = []
    for kit in (OURS, GENUINE):
        other = evaluated(kit)
        evaluation = kit.evaluation(iouType="bbox")
        assert (evaluation.evalImgs, evaluation.ious, evaluation.eval, evaluation.stats) == ({}, {}, {}, [])
        evaluation.cocoGt, evaluation.cocoDt = other.cocoGt, other.cocoDt
        evaluation.params.imgIds, evaluation.params.catIds = [3, 1, 3], [2]
        stats.append(finish(evaluation).stats)
        assert evaluation.params.imgIds == [1, 3]
    assert_same(*stats)


def test_genuine_data_sets_can_be_evaluated_by_the_drop_in_and_the_other_way_round() -> None:
    genuine = evaluated(GENUINE)
    assert_same_evaluations(evaluated(Kit(GENUINE.coco, COCOeval)), genuine)
    assert_same_evaluations(evaluated(OURS), evaluated(Kit(COCO, GENUINE.evaluation)))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_copies_and_pickles_go_on_where_the_original_was(duplicate: Any, steps: int) -> None:
    ground_truth, detections = generated()
    truth = truth_of(OURS, ground_truth)
    evaluation = COCOeval(truth, truth.loadRes(detections), "bbox")
    calls = ["evaluate", "accumulate", "summarize"]
    for call in calls[:steps]:
        getattr(evaluation, call)()
    twin = duplicate(evaluation)
    for call in calls[steps:]:
        getattr(twin, call)()
    assert_same_evaluations(twin, evaluated(GENUINE))


def test_entries_are_made_once_and_changes_to_them_count() -> None:
    evaluation = evaluated(OURS)
    before = evaluation.eval["precision"]
    entries = evaluation.evalImgs
    assert entries is evaluation.evalImgs
    assert isinstance(entries, list)
    evaluation.evalImgs[:] = [None] * len(entries)
    evaluation.accumulate()
    assert before.max() > 0
    assert evaluation.eval["precision"].max() == -1


def test_entries_are_those_of_evaluate_even_if_settings_change_before_they_are_read() -> None:
    ours, genuine = evaluated(OURS), evaluated(GENUINE)
    ours.params.maxDets, ours.params.iouThrs = [1], np.array([0.9])
    ours.cocoGt.dataset["annotations"].clear()
    assert_same(ours.evalImgs, genuine.evalImgs)
    assert_same(ours.ious, genuine.ious)


@EVERY_KIT
def test_single_images_can_be_evaluated_by_the_caller(kit: Kit) -> None:
    ours, genuine = evaluated(kit), evaluated(GENUINE)
    for image in range(12):
        assert_same(ours.computeIoU(image, 2), genuine.computeIoU(image, 2))
        assert_same(ours.evaluateImg(image, 2, [0, 1e10], 3), genuine.evaluateImg(image, 2, [0, 1e10], 3))


def test_accumulate_takes_other_settings_and_evaluate_can_run_again() -> None:
    results = []
    for kit in (OURS, GENUINE):
        evaluation = evaluated(kit)
        settings = copy.deepcopy(evaluation.params)
        settings.recThrs, settings.maxDets = np.array([0.2, 0.4]), [10, 100]
        evaluation.accumulate(settings)
        results.append([without_params(evaluation.eval)])
        evaluation.params.useCats = 0
        finish(evaluation)
        results[-1].append(without_params(evaluation.eval))
        assert evaluation.params.catIds == [-1]
        finish(evaluation)
        results[-1].append(without_params(evaluation.eval))
    assert_same(*results)


def test_printed_lines(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for kit in (OURS, GENUINE):
        evaluated(kit)
        texts.append(without_times(capsys.readouterr().out))
    assert texts[0] == texts[1]
    assert (
        "DONE (t=).\nAccumulating evaluation results...\nDONE (t=).\n Average Precision  (AP) @[ IoU=0.50:0.95 |"
        in texts[0]
    )


def test_messages_without_evaluate_or_accumulate(capsys: pytest.CaptureFixture[str]) -> None:
    for kit in (OURS, GENUINE):
        with pytest.raises(Exception, match="Please run accumulate"):
            kit.evaluation().summarize()
        with pytest.raises(Exception, match="iouType not supported"):
            kit.evaluation(iouType="")
        assert capsys.readouterr().out == "iouType not specified. use default iouType segm\n"
        with pytest.raises(AttributeError):
            kit.evaluation().accumulate()
        assert capsys.readouterr().out == "Accumulating evaluation results...\nPlease run evaluate() first\n"


def test_print_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("builtins.print", lambda *_, **__: None)
    evaluated(OURS)
    assert capsys.readouterr().out == ""


def test_str_prints_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    evaluation = evaluated(OURS)
    summary = capsys.readouterr().out.splitlines()[-12:]
    assert str(evaluation) == ""
    assert capsys.readouterr().out.splitlines() == summary


@pytest.mark.parametrize("iou_type", ["segm", "bbox", "keypoints"])
def test_params_are_the_same(iou_type: str) -> None:
    from pycocotools.cocoeval import Params as GenuineParams

    ours, genuine = vars(Params(iou_type)), vars(GenuineParams(iou_type))
    assert ours.keys() == genuine.keys()
    for name, value in genuine.items():
        assert_same(ours[name], value)


REAL = [
    ("cocoapi_fake100/gt.json", "cocoapi_fake100/bbox.json", "bbox"),
    ("cocoapi_fake100/gt.json", "cocoapi_fake100/segm.json", "segm"),
    ("coco_val2017_yolact100/gt.json", "coco_val2017_yolact100/detections/yolact_base.json", "bbox"),
    ("kaist/gt.json", "kaist/detections/MBNet.json", "bbox"),
]


@pytest.mark.parametrize(("ground_truth", "detections", "iou_type"), REAL, ids=lambda value: value.split("/")[-1])
def test_real_data(real_data: Path, ground_truth: str, detections: str, iou_type: str) -> None:
    finished = []
    for kit in (OURS, GENUINE):
        truth = kit.coco(str(real_data / ground_truth))
        results = truth.loadRes(str(real_data / detections))
        finished.append(finish(kit.evaluation(truth, results, iou_type)))
    assert_same(finished[0].stats, finished[1].stats)
    assert_same_evaluations(*finished)


def test_values_of_the_official_demo(real_data: Path) -> None:
    folder = real_data / "cocoapi_fake100"
    truth = COCO(folder / "gt.json")
    stats = finish(COCOeval(truth, truth.loadRes(str(folder / "segm.json")), "segm")).stats
    assert stats[:3].round(10).tolist() == [0.3195452759, 0.5622883973, 0.2989265341]
