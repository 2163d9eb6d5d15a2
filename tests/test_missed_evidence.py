"""Every missed object has one cause at any operating point, and evidence that the twin finds too."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapgap.causes import find_causes, list_errors, missed_evidence
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.matching import match_detections
from mapgap.operating_point import operate
from mapgap.tables import BACKGROUND_IOU, CAUSES, IOU_THRESHOLDS, Errors, MissedEvidence
from tests.generated import CocoPair, coco_pairs
from tests.naive.evidence import Evidence, evidence_at

pytestmark = pytest.mark.kernel

OF_OBJECTS = {"missed", "localization", "classification", "both", "crowded_out", "below_threshold", "max_detections"}
SCORES = [None, 0.0, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.9, 0.95, 2.0]


def examined(
    pair: CocoPair, threshold: int, scores: list[float | None], max_detections: int = 100
) -> list[tuple[Errors, MissedEvidence, int]]:
    """Errors, evidence and number of false negatives at each score threshold."""
    ground_truth = read_ground_truth(pair.ground_truth)
    detections = read_detections(pair.detections, ground_truth)
    matches, pairs = match_detections(ground_truth, detections, minimum_pair_iou=BACKGROUND_IOU, across_classes=True)
    causes = find_causes(ground_truth, detections, matches, pairs)
    found = []
    for score in scores:
        point = operate(ground_truth, detections, matches, threshold=threshold, score_threshold=score)
        errors = list_errors(ground_truth, detections, matches, pairs, causes, point, threshold=threshold)
        evidence = missed_evidence(
            ground_truth,
            detections,
            matches,
            pairs,
            causes,
            errors,
            threshold=threshold,
            background_iou=BACKGROUND_IOU,
        )
        found.append((errors, evidence, int(point.class_fn.sum())))
    return found


def as_dicts(errors: Errors, evidence: MissedEvidence) -> dict[int, Evidence]:
    def number(value: float) -> float | None:
        return None if np.isnan(value) else value

    return {
        int(errors.object[row]): {
            "cause": CAUSES[errors.cause[row]],
            "detection": int(errors.detection[row]),
            "iou": number(float(evidence.iou[place])),
            "same_class_iou": number(float(evidence.same_class_iou[place])),
            "other_class_detection": int(evidence.other_class_detection[place]),
            "other_class_iou": number(float(evidence.other_class_iou[place])),
            "taken_by": int(evidence.taken_by[place]),
        }
        for place, row in enumerate(np.flatnonzero(errors.is_false_negative).tolist())
    }


@settings(max_examples=150)
@given(coco_pairs(), st.sampled_from([0, 3, 5, 9]))
def test_the_causes_partition_the_missed_objects_at_any_score(pair: CocoPair, threshold: int) -> None:
    for errors, _, false_negatives in examined(pair, threshold, SCORES):
        missed = errors.is_false_negative
        assert len(set(errors.object[missed].tolist())) == missed.sum() == false_negatives
        counts = Counter(CAUSES[code] for code in errors.cause[missed].tolist())
        assert set(counts) <= OF_OBJECTS
        assert sum(counts.values()) == false_negatives


@settings(max_examples=150)
@given(coco_pairs(), st.sampled_from([0, 5]), st.sampled_from(SCORES[:-1]))
def test_evidence_equals_the_naive_twin(pair: CocoPair, threshold: int, score: float | None) -> None:
    [(errors, evidence, _)] = examined(pair, threshold, [score])
    expected = evidence_at(pair.ground_truth, pair.detections, float(IOU_THRESHOLDS[threshold]), score)
    assert as_dicts(errors, evidence) == expected


@settings(max_examples=15)
@given(coco_pairs(max_images=2, max_categories=2, max_objects=4), st.integers(96, 101))
def test_evidence_of_cut_detections_equals_the_naive_twin(pair: CocoPair, fillers: int) -> None:
    filling = [
        {"image_id": image["id"], "category_id": category["id"], "bbox": [600, 600, 5, 5], "score": 0.95}
        for image in pair.ground_truth["images"]
        for category in pair.ground_truth["categories"]
        for _ in range(fillers)
    ]
    crowded = CocoPair(pair.ground_truth, filling + pair.detections)
    [(errors, evidence, _)] = examined(crowded, 0, [None])
    assert as_dicts(errors, evidence) == evidence_at(crowded.ground_truth, crowded.detections, 0.5, None)


def one_image(boxes: list[list[float]], detections: list[tuple[list[float], int, float]]) -> CocoPair:
    """Objects of class 1."""
    truth: dict[str, Any] = {
        "images": [{"id": 1, "width": 100, "height": 100}],
        "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "truck"}],
        "annotations": [
            {"id": i + 1, "image_id": 1, "category_id": 1, "bbox": box, "area": box[2] * box[3]}
            for i, box in enumerate(boxes)
        ],
    }
    found = [{"image_id": 1, "category_id": k, "bbox": box, "score": score} for box, k, score in detections]
    return CocoPair(truth, found)


def test_a_crowded_out_object_names_who_took_its_box() -> None:
    pair = one_image([[0, 0, 10, 10], [0, 3, 10, 10]], [([0, 1, 10, 10], 1, 0.9), ([0, 40, 9, 9], 1, 0.8)])
    [(errors, evidence, _)] = examined(pair, 0, [None])
    assert as_dicts(errors, evidence)[1] == {
        "cause": "crowded_out",
        "detection": 0,
        "iou": 80 / 120,
        "same_class_iou": 80 / 120,
        "other_class_detection": -1,
        "other_class_iou": None,
        "taken_by": 0,
    }


def test_a_missed_object_without_anything_near_has_no_evidence() -> None:
    [(errors, evidence, _)] = examined(one_image([[0, 0, 10, 10]], []), 0, [None])
    assert as_dicts(errors, evidence) == {
        0: {
            "cause": "missed",
            "detection": -1,
            "iou": None,
            "same_class_iou": None,
            "other_class_detection": -1,
            "other_class_iou": None,
            "taken_by": -1,
        }
    }


@pytest.mark.parametrize("fillers", [99, 100])
def test_the_hundredth_detection_counts_and_the_next_is_cut(fillers: int) -> None:
    filling = [([600.0, 600, 5, 5], category, 0.9) for category in (1, 2) for _ in range(fillers)]
    pair = one_image([[0, 0, 10, 10]], [*filling, ([0, 0, 10, 10], 1, 0.5), ([0, 0, 10, 8], 2, 0.5)])
    [(errors, evidence, _)] = examined(pair, 0, [0.8])
    told = as_dicts(errors, evidence)[0]
    is_cut = fillers == 100
    assert told["cause"] == ("max_detections" if is_cut else "below_threshold")
    assert told["detection"] == 2 * fillers
    assert told["iou"] == 1
    assert told["other_class_detection"] == (-1 if is_cut else 2 * fillers + 1)
    assert told["same_class_iou"] == (None if is_cut else 1)


def test_an_overlap_of_just_the_background_iou_is_evidence() -> None:
    """10 of 100 square pixels."""
    [(errors, evidence, _)] = examined(one_image([[0, 0, 10, 10]], [([0, 0, 10, 1], 1, 0.9)]), 0, [None])
    told = as_dicts(errors, evidence)[0]
    assert (told["cause"], told["same_class_iou"]) == ("localization", 0.1)


def test_the_first_object_of_a_file_can_be_pointed_at_by_both() -> None:
    """Another class and a box of which four tenths overlap."""
    [(errors, evidence, _)] = examined(one_image([[0, 0, 10, 10]], [([0, 0, 10, 4], 2, 0.9)]), 0, [None])
    told = as_dicts(errors, evidence)[0]
    assert (told["cause"], told["detection"], told["other_class_iou"]) == ("both", 0, 0.4)
