"""Shards: any split of a run gives the numbers of the whole, to the last bit."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mapgap
from mapgap.report.json_files import json_bytes
from tests.generated import CocoPair, coco_pairs
from tests.shard_sets import (
    Parts,
    image_ids_of,
    splits,
    write_both,
    write_results,
    write_truths,
)

KINDS = ("json", "jsonl", "parquet")


@st.composite
def sharded(draw: st.DrawFn) -> tuple[CocoPair, Parts, Parts]:
    """A pair and two splits of it."""
    pair = draw(coco_pairs())
    return pair, draw(splits(image_ids_of(pair))), draw(splits(image_ids_of(pair)))


def in_canonical_order(pair: CocoPair) -> CocoPair:
    """Images by id, their records in that order."""
    truth = pair.ground_truth
    return CocoPair(
        {
            "images": sorted(truth["images"], key=lambda image: image["id"]),
            "annotations": sorted(truth["annotations"], key=lambda record: record["image_id"]),
            "categories": truth["categories"],
        },
        sorted(pair.detections, key=lambda record: record["image_id"]),
    )


def folder_of(pair: CocoPair, truths: Parts, results: Parts, kind: str, name: str) -> str:
    """A new folder with the shards: ground truth and detections apart and split in two ways, or in one file."""
    folder = Path(name)
    if truths is results:
        write_both(folder, pair, truths, kind)
    else:
        write_truths(folder, pair, truths, kind)
        write_results(folder, pair, results, kind)
    return str(folder)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(sharded(), st.booleans(), st.sampled_from([0, 100, 1 << 20]))
def test_any_split_gives_the_numbers_of_the_whole(
    kind: str, run: tuple[CocoPair, Parts, Parts], apart: bool, most_in_memory: int
) -> None:
    pair, truths, results = run
    whole = mapgap.evaluate(pair.ground_truth, pair.detections)
    with tempfile.TemporaryDirectory() as name:
        folder = folder_of(pair, truths, results if apart else truths, kind, name)
        evaluation = mapgap.evaluate_shards(folder, most_in_memory=most_in_memory)
    assert evaluation.metrics == whole.metrics
    assert evaluation.per_class().equals(whole.per_class())
    assert evaluation.images == len(pair.ground_truth["images"])
    assert evaluation.objects == int(whole.ground_truth.is_object.sum())
    assert evaluation.detections == len(pair.detections)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(sharded(), st.booleans())
def test_any_split_gives_the_analysis_of_the_whole(kind: str, run: tuple[CocoPair, Parts, Parts], apart: bool) -> None:
    pair, truths, results = run
    ordered = in_canonical_order(pair)
    whole = mapgap.analyze(ordered.ground_truth, ordered.detections, resamples=20).summary
    with tempfile.TemporaryDirectory() as name:
        folder = folder_of(pair, truths, results if apart else truths, kind, name)
        summary = mapgap.analyze_shards(folder, resamples=20).summary
    for each in (whole, summary):
        for side in ("ground_truth", "detections"):
            each["inputs"][side] |= {"name": "", "sha256": None}
        for warning in each["warnings"]:
            warning["message"] = warning["message"].partition(": ")[2]
    assert json_bytes(summary) == json_bytes(whole)


@settings(max_examples=30)
@given(coco_pairs(), st.integers(1, 5), st.sampled_from(KINDS))
def test_written_shards_are_read_back(pair: CocoPair, count: int, kind: str) -> None:
    whole = mapgap.evaluate(pair.ground_truth, pair.detections)
    with tempfile.TemporaryDirectory() as name:
        paths = mapgap.write_shards(pair.ground_truth, pair.detections, name, shards=count, format=kind)
        assert [path.name for path in paths] == [f"shards-{n:05}-of-{count:05}.{kind}" for n in range(1, count + 1)]
        evaluation = mapgap.evaluate_shards(name)
        analysis = mapgap.analyze_shards(name, resamples=0)
    assert evaluation.metrics == whole.metrics
    truth, ordered = analysis.results.ground_truth, in_canonical_order(pair).ground_truth
    assert truth.ids.tolist() == [record["id"] for record in ordered["annotations"]]
    assert truth.box.tolist() == [record["bbox"] for record in ordered["annotations"]]
    if ordered["annotations"]:
        occlusion = tuple(record["attributes"]["occlusion"] for record in ordered["annotations"])
        assert truth.attributes["occlusion"] == occlusion
    assert truth.images.attributes["time"] == tuple(image["time"] for image in ordered["images"])


@settings(max_examples=20)
@given(st.lists(st.floats(0.001, 1e6), min_size=8, max_size=8), st.sampled_from(KINDS))
def test_numbers_pass_through_every_format_unchanged(numbers: list[float], kind: str) -> None:
    truth = {
        "images": [{"id": 1, "width": 640, "height": 480}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": numbers[:4], "area": numbers[4], "iscrowd": 0}
        ],
        "categories": [{"id": 1, "name": "a"}],
    }
    detections = [{"image_id": 1, "category_id": 1, "bbox": numbers[:4], "score": numbers[5]}]
    with tempfile.TemporaryDirectory() as name:
        mapgap.write_shards(truth, detections, name, shards=1, format=kind)
        run = mapgap.read_shards(name)
    assert run.ground_truth.box.tolist() == run.detections.box.tolist() == [numbers[:4]]
    assert run.ground_truth.area.tolist() == [numbers[4]]
    assert run.detections.score.tolist() == [numbers[5]]


@pytest.mark.parametrize("kind", KINDS)
def test_masks_are_compared_in_shards(kind: str, tmp_path: Path) -> None:
    masks = [{"size": [70, 70], "counts": [start, 20, 50, 20, 50, 20, 4740 - start]} for start in (1500, 1505, 2500)]
    truth = {
        "images": [{"id": n, "width": 70, "height": 70} for n in (1, 2)],
        "annotations": [
            {
                "id": n,
                "image_id": n,
                "category_id": 1,
                "bbox": [21, 30, 3, 20],
                "area": 60,
                "iscrowd": 0,
                "segmentation": masks[0],
            }
            for n in (1, 2)
        ],
        "categories": [{"id": 1, "name": "a"}],
    }
    found = [
        {"image_id": n, "category_id": 1, "segmentation": mask, "score": 0.1 * n + 0.2 * place}
        for n in (1, 2)
        for place, mask in enumerate(masks)
    ]
    mapgap.write_shards(truth, found, tmp_path, shards=2, format=kind)
    for iou_type in ("segm", "bbox"):  # without boxes those of the masks are compared
        whole = mapgap.evaluate(truth, found, iou_type=iou_type)
        assert 0 < (whole.metrics["AP"] or 0) < 1
        assert mapgap.evaluate_shards(tmp_path, iou_type=iou_type).metrics == whole.metrics
        assert mapgap.analyze_shards(tmp_path, iou_type=iou_type, resamples=0).metrics == whole.metrics


@settings(max_examples=40)
@given(sharded(), st.sampled_from(KINDS))
def test_warnings_do_not_depend_on_the_split(run: tuple[CocoPair, Parts, Parts], kind: str) -> None:
    pair, truths, results = run
    ids = image_ids_of(pair)
    told = []
    for parts, other in ((truths, results), ([ids], [sorted(ids)])):
        with tempfile.TemporaryDirectory() as name:
            told.append(mapgap.evaluate_shards(folder_of(pair, parts, other, kind, name)).notices)
    assert told[0] == told[1]


@pytest.mark.parametrize("kind", KINDS)
def test_detections_find_the_ground_truth_of_many_files(kind: str, tmp_path: Path) -> None:
    boxes = {image_id: [3.0 * image_id, 5.0, 20.0, 10.0 + 5 * image_id] for image_id in range(1, 9)}
    truth = {
        "images": [{"id": n, "width": 70, "height": 70, "file_name": f"{n}.jpg", "time": "day"} for n in boxes],
        "annotations": [
            {
                "id": n,
                "image_id": n,
                "category_id": 1 + n % 2,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
                "attributes": {"occlusion": "none"},
            }
            for n, box in boxes.items()
        ],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    }
    found = [
        {"image_id": n, "category_id": 1 + n % 2, "bbox": box, "score": 0.1 * n} for n, box in boxes.items() if n != 4
    ]
    pair = CocoPair(truth, found)
    whole = mapgap.evaluate(truth, found)
    assert 0.8 < (whole.metrics["AP"] or 0) < 1
    write_truths(tmp_path, pair, [[8, 3], [1, 7, 4], [2], [6, 5]], kind)
    write_results(tmp_path, pair, [[5, 8, 2, 1], [7, 6, 3, 4]], kind)
    assert mapgap.evaluate_shards(tmp_path).metrics == whole.metrics
    assert mapgap.analyze_shards(tmp_path, resamples=0).metrics == whole.metrics
