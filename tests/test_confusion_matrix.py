"""The confusion matrix: worked cases, its identities, the slow twin and a real pair."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.matching import match_detections
from mapgap.operating_point import confusion_matrix, operate
from mapgap.rates import class_rates
from mapgap.tables import BACKGROUND_IOU, ConfusionMatrix, Detections, GroundTruth, Matches, OperatingPoint
from tests.generated import CocoPair, coco_pairs
from tests.naive import operating_point as naive

pytestmark = pytest.mark.kernel


def confuse(
    ground_truth: Any, detections: Any, *, score: float | None = None, threshold: int = 0
) -> tuple[GroundTruth, Detections, Matches, OperatingPoint, ConfusionMatrix]:
    objects = read_ground_truth(ground_truth)
    found = read_detections(detections, objects)
    matches, pairs = match_detections(objects, found, minimum_pair_iou=BACKGROUND_IOU, across_classes=True)
    point = operate(objects, found, matches, threshold=threshold, score_threshold=score)
    return objects, found, matches, point, confusion_matrix(objects, found, matches, pairs, point)


def layout(images: int, annotations: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    return {
        "images": [{"id": i, "width": 400, "height": 400, "file_name": f"{i}.jpg"} for i in range(images)],
        "annotations": [{"id": number, **one} for number, one in enumerate(annotations, start=1)],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names)],
    }


def annotation(box: list[float], category: int, image: int = 0, crowd: int = 0) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": box, "area": box[2] * box[3], "iscrowd": crowd}


def detection(box: list[float], category: int, score: float, image: int = 0) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


A, A2, FAR = [0, 0, 100, 100], [200, 200, 100, 100], [320, 0, 40, 40]


def test_worked_example_of_signs() -> None:
    rows = {"Stop": [95, 3, 2], "Speed": [6, 84, 10], "Yield": [4, 18, 78]}
    taken_for = [
        (truth, seen) for truth, row in enumerate(rows.values()) for seen, n in enumerate(row) for _ in range(n)
    ]
    ground_truth = layout(
        len(taken_for), [annotation(A, truth, i) for i, (truth, _) in enumerate(taken_for)], list(rows)
    )
    detections = [detection(A, seen, 0.9, i) for i, (_, seen) in enumerate(taken_for)]
    _, _, _, point, matrix = confuse(ground_truth, detections)
    assert matrix.labels == ("Stop", "Speed", "Yield", "background")
    assert matrix.counts.tolist() == [*([*row, 0] for row in rows.values()), [0, 0, 0, 0]]
    assert class_rates(point)[1].tolist() == pytest.approx([0.95, 0.84, 0.78])
    wrong = matrix.counts.copy()
    np.fill_diagonal(wrong, 0)
    truth, seen = np.unravel_index(wrong.argmax(), wrong.shape)
    assert (matrix.labels[truth], matrix.labels[seen], wrong.max()) == ("Yield", "Speed", 18)


def test_missed_objects_and_alarms_are_in_the_background() -> None:
    *_, matrix = confuse(layout(1, [annotation(A, 0), annotation(A2, 1)], ["a", "b"]), [detection(FAR, 1, 0.9)])
    assert matrix.counts.tolist() == [[0, 0, 1], [0, 0, 1], [0, 1, 0]]


def test_the_class_comes_before_the_score() -> None:
    """A surer detection of another class does not take an object from the detection of its class."""
    ground_truth = layout(1, [annotation(A, 0)], ["a", "b"])
    *_, matrix = confuse(ground_truth, [detection(A, 1, 0.9), detection(A, 0, 0.2)])
    assert matrix.counts.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    *_, matrix = confuse(ground_truth, [detection(A, 1, 0.9), detection(A, 0, 0.2)], score=0.5)
    assert matrix.counts.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_the_surer_detection_takes_the_object_then_the_earlier_one() -> None:
    ground_truth = layout(1, [annotation(A, 0)], ["a", "b", "c"])
    *_, by_score = confuse(ground_truth, [detection(A, 1, 0.5), detection(A, 2, 0.6)])
    assert by_score.counts[0].tolist() == [0, 0, 1, 0]
    *_, by_file = confuse(ground_truth, [detection(A, 2, 0.5), detection(A, 1, 0.5)])
    assert by_file.counts[0].tolist() == [0, 0, 1, 0]


def test_the_best_overlap_is_taken_and_the_later_object_on_equal_overlap() -> None:
    near = [0, 0, 100, 90]
    *_, best = confuse(layout(1, [annotation(A, 0), annotation(near, 1)], ["a", "b", "c"]), [detection(A, 2, 0.9)])
    assert best.counts[0].tolist() == [0, 0, 1, 0]
    *_, equal = confuse(layout(1, [annotation(A, 0), annotation(A, 1)], ["a", "b", "c"]), [detection(A, 2, 0.9)])
    assert equal.counts[1].tolist() == [0, 0, 1, 0]


def test_crowds_are_nobodys_row() -> None:
    ground_truth = layout(1, [annotation(A, 0, crowd=1), annotation(A2, 1)], ["a", "b"])
    *_, matrix = confuse(ground_truth, [detection(A, 0, 0.9), detection(A, 1, 0.8)])
    assert matrix.counts.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_an_overlap_of_exactly_the_threshold_counts() -> None:
    ground_truth = layout(1, [annotation(A, 0)], ["a", "b"])
    *_, half = confuse(ground_truth, [detection([0, 0, 100, 50], 1, 0.9)])
    assert half.counts[0].tolist() == [0, 1, 0]
    *_, less = confuse(ground_truth, [detection([0, 0, 100, 50], 1, 0.9)], threshold=1)
    assert less.counts[0].tolist() == [0, 0, 1]


def test_names_stay_as_they_are_and_nothing_is_no_trouble() -> None:
    ground_truth = layout(0, [], ["same", "same", "background", "<b>"])
    *_, matrix = confuse(ground_truth, [])
    assert matrix.labels == ("same", "same", "background", "<b>", "background")
    assert matrix.counts.shape == (5, 5)
    assert matrix.counts.sum() == 0


@given(coco_pairs(), st.sampled_from([None, 0.3, 0.5, 0.95]), st.sampled_from([0, 5, 9]))
@settings(max_examples=300)
def test_identities_and_the_slow_twin(pair: CocoPair, score: float | None, threshold: int) -> None:
    objects, found, matches, point, matrix = confuse(
        pair.ground_truth, pair.detections, score=score, threshold=threshold
    )
    classes = len(objects.categories.ids)
    counts = matrix.counts
    of_class = np.bincount(objects.category[objects.is_object], minlength=classes)
    kept_of_class = np.bincount(found.category[point.kept], minlength=classes)
    assert counts[:-1].sum(axis=1).tolist() == of_class.tolist()
    assert counts[:, :-1].sum(axis=0).tolist() == kept_of_class.tolist()
    assert np.diag(counts)[:-1].tolist() == point.class_tp.tolist()
    assert counts[-1, -1] == 0
    plain = naive.plain_detections(found, matches, threshold)
    annotations = naive.plain_annotations(objects)
    kept = naive.kept_at(plain, score)
    iou = float(matches.iou_thresholds[threshold])
    assert counts.tolist() == naive.confusion(annotations, plain, kept, classes, iou)


def test_real_pair(real_data: Path) -> None:
    folder = real_data / "cocoapi_fake100"
    *_, matrix = confuse(folder / "gt.json", folder / "bbox.json", score=0.3)
    counts = matrix.counts
    diagonal = np.trace(counts)
    assert (diagonal, counts[:-1, :-1].sum() - diagonal) == (459, 57)
    assert (counts[:-1, -1].sum(), counts[-1, :-1].sum()) == (314, 1)
