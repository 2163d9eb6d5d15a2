"""The drop-in's COCO class against pycocotools': indexes, look-ups, results of every kind, masks, reading files."""

import copy
import gc
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as masks

from mapgap.errors import AccessError
from mapgap.pycocotools import COCO
from tests.dropin_runs import GENUINE, OURS, assert_same, without_times
from tests.generated import CocoPair, coco_pairs

BOTH = (OURS.coco, GENUINE.coco)
GROUND_TRUTH: dict[str, Any] = {
    "info": {"year": 2017, "version": "1.0"},
    "images": [{"id": i, "height": 20, "width": 30, "file_name": f"{i}.jpg"} for i in (7, 3, 12)],
    "annotations": [
        {"id": 1, "image_id": 3, "category_id": 5, "bbox": [1, 2, 5, 6], "area": 30, "iscrowd": 0, "caption": "a dog"}
        | {"segmentation": [[1, 2, 1, 8, 6, 8, 6, 2], [10, 10, 15, 10, 15, 15]]},
        {"id": 2, "image_id": 7, "category_id": 5, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 1}
        | {"segmentation": {"size": [20, 30], "counts": [25, 100, 475]}},
        {"id": 2, "image_id": 3, "category_id": 9, "bbox": [4, 4, 4, 4], "area": 16, "iscrowd": 0}
        | {"segmentation": masks.merge(masks.frPyObjects([[4, 4, 4, 8, 8, 8, 8, 4]], 20, 30))},
    ],
    "categories": [
        {"id": 9, "name": "dog", "supercategory": "animal"},
        {"id": 5, "name": "cat", "supercategory": "animal"},
        {"id": 2, "name": "car", "supercategory": "vehicle"},
    ],
}


def made(kit: Any, dataset: dict[str, Any] = GROUND_TRUTH) -> Any:
    coco = kit()
    coco.dataset = copy.deepcopy(dataset)
    coco.createIndex()
    return coco


def assert_same_data(ours: Any, genuine: Any) -> None:
    for name in ("dataset", "anns", "imgs", "cats", "imgToAnns", "catToImgs"):
        assert_same(getattr(ours, name), getattr(genuine, name))


def outcome(call: Any) -> Any:
    """What a call gives, or the kind of error it ends with."""
    try:
        return call()
    except Exception as error:
        return type(error)


def test_a_file_is_read_with_the_same_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gt.json"
    record = copy.deepcopy(GROUND_TRUTH)
    record["annotations"].pop()
    file.write_text(json.dumps(record), encoding="utf-8")
    texts = []
    cocos = []
    for kit in BOTH:
        cocos.append(kit(str(file)))
        cocos[-1].info()
        texts.append(without_times(capsys.readouterr().out))
    assert texts[0] == texts[1]
    assert "loading annotations into memory...\nDone (t=s)\ncreating index...\nindex created!\nyear: 2017" in texts[
        0
    ].replace("t=", "t=s")
    assert_same_data(*cocos)


@pytest.mark.parametrize(
    "text",
    [
        '{"annotations": [{"id": 1, "image_id": 1, "area": NaN}]}',
        '{"a": 1e999, "b": 123456789012345678901234567890}',
        '{"a": "\\ud800", "a": 2.0000000000000001}',
        '{"a": 0.1, "b": -0.0, "c": 5e-324}',
        '\ufeff{"a": 1}',
        "[1]",
        "{",
        "",
    ],
)
def test_unusual_json_is_read_as_the_standard_library_does(tmp_path: Path, text: str) -> None:
    file = tmp_path / "gt.json"
    file.write_text(text, encoding="utf-8")
    ours, genuine = (outcome(lambda kit=kit: kit(str(file)).dataset) for kit in BOTH)
    assert_same(ours, genuine)


def test_a_missing_file_is_an_error_of_the_same_kind(tmp_path: Path) -> None:
    assert outcome(lambda: COCO(tmp_path / "none.json")) is FileNotFoundError


@given(st.data(), coco_pairs(max_categories=4))
@settings(max_examples=60)
def test_ids_and_records_are_the_same(data: st.DataObject, pair: CocoPair) -> None:
    for index, category in enumerate(pair.ground_truth["categories"]):
        category["supercategory"] = f"super {index % 2}"
    ours, genuine = (made(kit, pair.ground_truth) for kit in BOTH)
    assert_same_data(ours, genuine)
    images = [image["id"] for image in pair.ground_truth["images"]]
    categories = [category["id"] for category in pair.ground_truth["categories"]]
    some_images = data.draw(st.sampled_from([[], images[0], images[:2], np.array(images), [999], (images[0], 999)]))
    some_categories = data.draw(st.sampled_from([[], categories[0], categories[1:], list(np.array(categories)), {4}]))
    some_areas = data.draw(st.sampled_from([[], [0, 30], [4, 1e10]]))
    crowd = data.draw(st.sampled_from([None, 0, 1, True]))
    names = data.draw(st.sampled_from([[], "class 1", ["class 0", "class 3"], "xclass 2x"]))
    for call in (
        lambda coco: coco.getAnnIds(some_images, some_categories, some_areas, crowd),
        lambda coco: coco.getImgIds(some_images, some_categories),
        lambda coco: coco.getCatIds(names, [], some_categories),
        lambda coco: coco.getCatIds(supNms=["super 1"]),
        lambda coco: coco.loadAnns(coco.getAnnIds(some_images)),
        lambda coco: coco.loadImgs(some_images),
        lambda coco: coco.loadCats(some_categories),
    ):
        assert_same(outcome(lambda call=call: call(ours)), outcome(lambda call=call: call(genuine)))
    assert_same_data(ours, genuine)


def test_load_takes_lists_and_ints_and_gives_none_for_the_rest() -> None:
    for coco in map(made, BOTH):
        assert [annotation["image_id"] for annotation in coco.loadAnns([2, 1])] == [3, 3]
        assert coco.loadImgs(12) == [{"id": 12, "height": 20, "width": 30, "file_name": "12.jpg"}]
        assert coco.loadCats(np.int64(9)) is None
        assert coco.loadAnns() == []
        with pytest.raises(KeyError):
            coco.loadAnns([1000])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_masks_are_the_same() -> None:
    ours, genuine = map(made, BOTH)
    for place in range(3):
        annotation = GROUND_TRUTH["annotations"][place]
        assert ours.annToRLE(annotation) == genuine.annToRLE(annotation)
        assert_same(ours.annToMask(annotation), genuine.annToMask(annotation))
    assert ours.annToMask(GROUND_TRUTH["annotations"][0]).sum() > 30


BOX = {"image_id": 3, "category_id": 5, "bbox": [1, 2, 5.5, 6], "score": 0.5}
MASK = {"image_id": 7, "category_id": 9, "score": 0.25, "segmentation": GROUND_TRUTH["annotations"][2]["segmentation"]}
POINTS = {"image_id": 12, "category_id": 5, "keypoints": [1, 2, 1, 9, 4, 2, 3, 3, 0], "score": 0.1}
CAPTION = {"image_id": 3, "caption": "a cat"}


@pytest.mark.parametrize(
    "results",
    [
        [BOX, BOX | {"image_id": 12}],
        [BOX, BOX | MASK],
        [BOX | {"bbox": (1, 2, 3, 4)}, BOX | {"bbox": [1, 2, 3]}],
        [MASK, MASK | {"bbox": [0, 0, 1, 1]}],
        [MASK | {"bbox": []}],
        [POINTS, POINTS | {"keypoints": [0.5, 1.5, 1]}],
        [CAPTION, CAPTION],
        [{"image_id": 3}],
        [],
        [BOX | {"image_id": 4}],
        (BOX,),
        {"annotations": [BOX]},
        np.array([[3, 1, 2, 3, 4, 0.5, 9.0], [7.9, 1, 2, 3, 4, 0.75, 5]]),
        np.array([[3, 1.1, 2.2, 3.3, 4.4, 0.5, 9.0]], dtype=np.float32),
        np.array([[3, 1, 2, 3, 4, 1, 9]]),
        np.zeros((0, 7)),
        np.zeros((2, 6)),
        np.zeros(7),
        np.array([[3, 1, 2, 3, 4, 0.5, np.nan]]),
    ],
    ids=str,
)
def test_results_are_completed_in_place(results: Any, capsys: pytest.CaptureFixture[str]) -> None:
    seen = []
    for kit in BOTH:
        given_results = copy.deepcopy(results)
        loaded = outcome(lambda kit=kit, given_results=given_results: made(kit).loadRes(given_results))
        seen.append((loaded, given_results, without_times(capsys.readouterr().out)))
    (ours, our_results, our_text), (genuine, genuine_results, genuine_text) = seen
    assert our_text == genuine_text
    assert_same(our_results, genuine_results)
    if isinstance(genuine, type):
        assert ours is genuine
    else:
        assert_same_data(ours, genuine)


def test_results_are_read_from_a_file_and_do_not_stop_the_collector(tmp_path: Path) -> None:
    file = tmp_path / "dt.json"
    file.write_text(json.dumps([BOX, BOX]), encoding="utf-8")
    ours, genuine = (made(kit).loadRes(str(file)) for kit in BOTH)
    assert_same_data(ours, genuine)
    assert ours.anns[2]["area"] == 33.0
    assert gc.isenabled()


def test_results_load_unbound_and_an_empty_set_can_stand_in() -> None:
    # As torchvision's reference does it.
    loaded = COCO.loadRes(made(COCO), [dict(BOX)])
    assert loaded.getAnnIds(imgIds=[3]) == [1]
    assert COCO().getAnnIds(imgIds=[3]) == []


def test_captions_are_shown_and_other_records_refused(capsys: pytest.CaptureFixture[str]) -> None:
    coco = made(COCO)
    assert coco.showAnns([]) == 0
    capsys.readouterr()
    assert coco.showAnns([CAPTION, CAPTION]) is None
    assert capsys.readouterr().out == "a cat\na cat\n"
    with pytest.raises(Exception, match="datasetType not supported"):
        coco.showAnns([{"id": 3}])


def test_nothing_is_downloaded() -> None:
    with pytest.raises(AccessError, match="does not download"):
        made(COCO).download("folder", [3])


class Canvas:
    """Stands in for matplotlib's pyplot, axes, collections and patches: notes what it is asked to draw."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def gca(self) -> "Canvas":
        return self

    def __getattr__(self, name: str) -> Any:
        def note(*values: Any, **_: Any) -> Any:
            self.calls.append((name, values))
            return values

        return note


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_annotations_are_drawn_with_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = Canvas()
    for name in ("matplotlib.pyplot", "matplotlib.collections", "matplotlib.patches"):
        monkeypatch.setitem(sys.modules, name, canvas)
    coco = made(COCO)
    coco.cats[5]["skeleton"] = [[1, 2], [2, 3]]
    person = {"category_id": 5, "bbox": [1, 1, 5, 5], "keypoints": [1, 2, 2, 5, 5, 1, 9, 9, 0]}
    coco.showAnns([*coco.dataset["annotations"][:2], person], draw_bbox=True)
    drawn = [name for name, _ in canvas.calls]
    # Two polygons and three boxes, one mask, one bone with two labelled ends, the labelled points twice.
    assert [drawn.count(name) for name in ("Polygon", "imshow", "plot", "add_collection")] == [5, 1, 3, 2]
    image = next(values[0] for name, values in canvas.calls if name == "imshow")
    assert image.shape == (20, 30, 4)
    assert np.unique(image[..., 3]).tolist() == [0.0, 0.5]
    polygon = next(values[0] for name, values in canvas.calls if name == "Polygon")
    assert polygon.tolist() == [[1, 2], [1, 8], [6, 8], [6, 2]]
