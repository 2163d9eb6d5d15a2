"""Objects of torchmetrics and supervision, or stand-ins with their documented fields, give pycocotools' numbers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapgap
from mapgap import convert
from mapgap.errors import InputError
from tests.oracle import run_pycocotools


class Tensor:
    """What is used of a torch tensor: it must leave its graph and its device before NumPy sees it."""

    def __init__(self, values: Any, dtype: Any = np.float32, *, is_detached: bool = False, is_bfloat16: bool = False):
        self._values = np.asarray(values, dtype=dtype)
        self._is_detached, self._is_bfloat16 = is_detached, is_bfloat16

    def detach(self) -> "Tensor":
        return Tensor(self._values, self._values.dtype, is_detached=True, is_bfloat16=self._is_bfloat16)

    def cpu(self) -> "Tensor":
        return self

    def float(self) -> "Tensor":
        return Tensor(self._values, is_detached=self._is_detached)

    def numpy(self) -> Any:
        assert self._is_detached
        if self._is_bfloat16:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._values

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


@dataclass
class Detections:
    """The documented fields of `supervision.Detections`."""

    xyxy: Any
    mask: Any = None
    confidence: Any = None
    class_id: Any = None
    tracker_id: Any = None
    data: dict[str, Any] = field(default_factory=dict)


@st.composite
def boxes(draw: st.DrawFn, most: int = 4) -> Any:
    """(N, 4) corners on a small grid, a third of a pixel off, as float32 has them."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        left, top = draw(st.integers(0, 6)), draw(st.integers(0, 6))
        found.append((left, top, left + draw(st.integers(1, 4)), top + draw(st.integers(1, 4))))
    return np.array(found, dtype=np.float32).reshape(-1, 4) + np.float32(draw(st.sampled_from([0, 1 / 3])))


@st.composite
def both(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """preds and target of a few images, as torchmetrics takes them."""
    preds, target = [], []
    for _ in range(draw(st.integers(1, 3))):
        detected, labelled = draw(boxes()), draw(boxes())
        preds.append(
            {
                "boxes": detected,
                "scores": np.array([draw(st.integers(0, 4)) / 4 for _ in detected], dtype=np.float32),
                "labels": np.array([draw(st.integers(0, 2)) for _ in detected], dtype=np.int64),
            }
        )
        target.append(
            {
                "boxes": labelled,
                "labels": np.array([draw(st.integers(0, 2)) for _ in labelled], dtype=np.int64),
                "iscrowd": np.array([draw(st.integers(0, 1)) for _ in labelled], dtype=np.int64),
            }
        )
    return preds, target


def plain_records(preds: Any, target: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The same by hand, as a user of pycocotools would write it."""
    annotations, detections = [], []
    for image, (found, true) in enumerate(zip(preds, target, strict=True), start=1):
        for (x1, y1, x2, y2), label, crowd in zip(
            true["boxes"].tolist(), true["labels"].tolist(), true["iscrowd"], strict=True
        ):
            box = [x1, y1, x2 - x1, y2 - y1]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "category_id": label, "bbox": box,
                 "area": box[2] * box[3], "iscrowd": int(crowd)}
            )  # fmt: skip
        for (x1, y1, x2, y2), label, score in zip(
            found["boxes"].tolist(), found["labels"].tolist(), found["scores"].tolist(), strict=True
        ):
            detections.append(
                {"image_id": image, "category_id": label, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score}
            )
    labels = sorted({one["category_id"] for one in (*annotations, *detections)})
    truth = {
        "images": [{"id": image} for image in range(1, len(target) + 1)],
        "annotations": annotations,
        "categories": [{"id": label, "name": str(label)} for label in labels],
    }
    return truth, detections


@given(both())
def test_torchmetrics_gives_the_numbers_of_pycocotools(lists: tuple[list[Any], list[Any]]) -> None:
    found = convert.from_torchmetrics(*lists)
    expected = plain_records(*lists)
    assert found == expected
    if expected[0]["annotations"] and expected[1]:
        assert_same_numbers(*found)


@given(both())
def test_supervision_gives_the_same(lists: tuple[list[Any], list[Any]]) -> None:
    preds, target = lists
    predictions = [Detections(one["boxes"], confidence=one["scores"], class_id=one["labels"]) for one in preds]
    targets = [Detections(one["boxes"], class_id=one["labels"], data={"iscrowd": one["iscrowd"]}) for one in target]
    assert convert.from_supervision(predictions, targets) == convert.from_torchmetrics(preds, target)


def assert_same_numbers(truth: dict[str, Any], detections: list[dict[str, Any]]) -> None:
    metrics = mapgap.evaluate(truth, detections).metrics
    expected = run_pycocotools(truth, detections).stats.tolist()
    assert [-1 if value is None else value for value in metrics.values()] == expected


@pytest.mark.parametrize("kind", ["list", "array", "tensor", "bfloat16"])
def test_tensors_arrays_and_lists_mean_the_same(kind: str) -> None:
    make: Any = {
        "list": lambda values, _: values,
        "array": np.array,
        "tensor": Tensor,
        "bfloat16": lambda values, dtype: Tensor(values, dtype, is_bfloat16=True),
    }[kind]
    preds = [
        {"boxes": make([[0, 0, 4, 8]], np.float32), "scores": make([0.5], np.float32), "labels": make([3], np.int64)}
    ]
    target = [{"boxes": make([[0, 0, 4, 8]], np.float32), "labels": make([3], np.int64), "area": make([0], np.float32)}]
    truth, detections = convert.from_torchmetrics(preds, target, class_names={3: "car", 5: "van"})
    assert detections == [{"image_id": 1, "category_id": 3, "bbox": [0, 0, 4, 8], "score": 0.5}]
    assert truth["annotations"][0]["area"] == 32
    assert truth["categories"] == [{"id": 3, "name": "car"}, {"id": 5, "name": "van"}]


def test_box_formats_names_and_sizes() -> None:
    for box_format, box in (("xyxy", [1, 2, 4, 8]), ("xywh", [1, 2, 3, 6]), ("cxcywh", [2.5, 5, 3, 6])):
        target = [{"boxes": [box], "labels": [0], "area": [5.0], "iscrowd": [1]}, {"boxes": [], "labels": []}]
        preds = [{"boxes": [], "scores": [], "labels": []}, {"boxes": [box], "scores": [1], "labels": [1]}]
        truth, detections = convert.from_torchmetrics(
            preds, target, box_format=box_format, class_names=["a", "b"], file_names=["p.jpg", "q.jpg"],
            sizes=[(64, 32), (10, 20)],
        )  # fmt: skip
        (annotation,) = truth["annotations"]
        assert (annotation["bbox"], annotation["area"], annotation["iscrowd"]) == ([1, 2, 3, 6], 5, 1)
        assert detections[0] == {"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 6], "score": 1}
        assert truth["images"][1] == {"id": 2, "file_name": "q.jpg", "width": 10, "height": 20}


def test_masks_become_run_lengths() -> None:
    mask = np.zeros((1, 8, 8), dtype=bool)
    mask[0, 2:4, 2:6] = True
    box = [[2.0, 2.0, 6.0, 4.0]]
    preds = [{"boxes": box, "scores": [0.5], "labels": [1], "masks": Tensor(mask, np.bool_)}]
    target = [{"boxes": box, "labels": [1], "masks": mask}]
    truth, detections = convert.from_torchmetrics(preds, target, sizes=[(8, 8)])
    assert truth["annotations"][0]["area"] == 8
    assert truth["annotations"][0]["segmentation"] == detections[0]["segmentation"]
    assert mapgap.evaluate(truth, detections, iou_type="segm").metrics["AP"] > 0.999
    same = convert.from_supervision(
        [Detections(np.array(box), mask, np.array([0.5]), np.array([1]))],
        [Detections(np.array(box), mask, class_id=np.array([1]))],
        sizes=[(8, 8)],
    )
    assert same == (truth, detections)


def test_data_of_supervision_become_attributes() -> None:
    data = {
        "class_name": np.array(["car", "van"]), "weather": np.array(["rain", "sun"]), "area": [7, 8],
        "occluded": np.array([True, False]), "xyxyxyxy": np.zeros((2, 4, 2)),
    }  # fmt: skip
    targets = [Detections(np.array([[0, 0, 4, 4], [4, 4, 8, 8]]), class_id=np.array([0, 1]), data=data)]
    predictions = [Detections(np.zeros((0, 4)))]
    truth, detections = convert.from_supervision(predictions, targets, class_names=["car", "van"])
    assert detections == []
    assert [one["attributes"] for one in truth["annotations"]] == [
        {"weather": "rain", "occluded": True},
        {"weather": "sun", "occluded": False},
    ]
    assert [one["area"] for one in truth["annotations"]] == [7, 8]


GOOD = {"boxes": [[0, 0, 1, 1]], "scores": [0.5], "labels": [1]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"boxes": None}, r"preds\[0\]: there is no 'boxes'"),
        ({"scores": None}, r"preds\[0\]: there is no 'scores'"),
        ({"boxes": [[0, 0, 1]]}, r"preds\[0\]\['boxes'\]: an array of \w+ and shape \(1, 3\), not N x 4 numbers"),
        ({"boxes": [[0, 0, 1, float("nan")]]}, r"preds\[0\]\['boxes'\]\[0\]: \[0.0, 0.0, 1.0, nan\] is not finite"),
        ({"boxes": [["0", "0", "1", "1"]]}, r"preds\[0\]\['boxes'\]: an array of <U1"),
        ({"boxes": [[2, 0, 1, 1]]}, r"preds\[0\]\['boxes'\]\[0\]: .* as xyxy has a negative size. Say.*box_format"),
        ({"scores": [0.5, 0.6]}, r"preds\[0\]\['scores'\]: .*, not 1 numbers"),
        ({"labels": [1.5]}, r"preds\[0\]\['labels'\]\[0\]: 1.5 is no whole number"),
        ({"masks": [[1]]}, r"preds\[0\]\['masks'\]: masks of shape \(1, 1\) for 1 boxes"),
    ],
)
def test_bad_lists_of_torchmetrics(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        convert.from_torchmetrics([{**GOOD, **change}], [GOOD])


def test_lists_that_do_not_fit_together() -> None:
    with pytest.raises(InputError, match="1 detections for 2 images"):
        convert.from_torchmetrics([GOOD], [GOOD, GOOD])
    with pytest.raises(InputError, match="2 file names for 1 images"):
        convert.from_torchmetrics([GOOD], [GOOD], file_names=["a", "b"])
    with pytest.raises(InputError, match="class 1 has no name"):
        convert.from_torchmetrics([GOOD], [GOOD], class_names=["a"])
    with pytest.raises(InputError, match="there is no box format 'yxyx'"):
        convert.from_torchmetrics([GOOD], [GOOD], box_format="yxyx")
    with pytest.raises(InputError, match=r"target\[0\]: a list, not a dict"):
        convert.from_torchmetrics([GOOD], [[1]])  # type: ignore[list-item]
    box = Detections(np.array([[0, 0, 1, 1]]))
    with pytest.raises(InputError, match=r"predictions\[0\]: there is no confidence"):
        convert.from_supervision([box], [box])
    with pytest.raises(InputError, match=r"targets\[0\]: a dict without xyxy"):
        convert.from_supervision([], [GOOD])
    odd = Detections(np.array([[0, 0, 1, 1]]), data={"weather": ["rain", "sun"]})
    with pytest.raises(InputError, match=r"targets\[0\].data\['weather'\]: an array of shape \(2,\) for 1 boxes"):
        convert.from_supervision([], [odd])
