"""The comparison of what an analysis named with what a later run recovered."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

import mapgap
from tests.planted_advice import World

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("before_and_after")


def test_recovered_and_lost_objects_are_counted(script: Any, tmp_path: Path) -> None:
    world, later = World(light=["day", "dark"]), World()
    for i in world.ids():
        world.found(i, [100, 100, 64, 64])
        later.detection(i, [100, 100, 64, 64])
        (world.found if i % 2 == 0 else world.object)(i, [500, 100, 64, 64])
        if i % 4 == 1 or i % 8 == 0:  # half of the missed ones, and a quarter of the others
            later.detection(i, [500, 100, 64, 64])
    ground_truth = {
        "images": world.images,
        "annotations": world.annotations,
        "categories": [{"id": 0, "name": "thing"}],
    }
    paths = [tmp_path / name for name in ("gt.json", "before.json", "after.json")]
    for path, content in zip(paths, (ground_truth, world.detections, later.detections), strict=True):
        path.write_text(json.dumps(content))
    tables = script.compare(*paths)
    assert tables["causes"][1] == [
        ("missed", "60", "30", "50 %"),
        ("**all missed objects**", "60", "30", "50 %"),
        ("found before, missed after", "180", "45", "25 %"),
    ]
    (size,) = [row for row in tables["sizes"][1] if row[0] == "medium"]
    assert size == ("medium", "240", "75 %", "69 %", "60", "30", "50 %")
    ((hot_spot, action, _, *counts, gap_before, gap_after),) = tables["modes"][1]
    assert (hot_spot, action, counts) == ('1. missed: `light == "dark"`', "data_of_that_kind", ["60", "30", "50 %"])
    before, after = (mapgap.analyze(paths[0], run) for run in paths[1:])
    assert gap_before == script.fraction(before.results.failure_modes[0].gap)
    assert script.gap_of(after, "missed", {"light": "dark"}) < before.results.failure_modes[0].gap
    assert gap_after != gap_before
    assert tables["actions"][1] == [
        ("data_of_that_kind", "60", "30", "50 %"),
        ("in no hot spot", "0", "0", "–"),
    ]
    page = tmp_path / "page.md"
    page.write_text("<!-- benchmark: causes -->\n<!-- /benchmark -->\n<!-- benchmark: other -->\n<!-- /benchmark -->\n")
    assert script.main([*map(str, paths), str(page)]) == 1
    assert "| missed | 60 | 30 | 50 % |" in page.read_text()


def test_the_page_shows_what_the_real_runs_give(script: Any, real_data: Path, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "before_and_after.md").read_text(encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    folder = real_data / "coco_val2017"
    names = ("instances_val2017_rebuilt.json", "yolov2_416_results.json", "yolov2_608_results.json")
    assert script.main([*(str(folder / name) for name in names), str(page)]) == 0
    assert page.read_text(encoding="utf-8") == text


def test_the_first_hot_spot_of_the_real_run_is_small_objects_and_more_pixels_find_more(
    script: Any, real_data: Path
) -> None:
    folder = real_data / "coco_val2017"
    truth = folder / "instances_val2017_rebuilt.json"
    before, after = (mapgap.analyze(truth, folder / f"yolov2_{pixels}_results.json") for pixels in (416, 608))
    first = before.results.failure_modes[0]
    assert (first.cause, dict(first.where)) == ("missed", {"size": "small"})
    assert first.recommendation is not None
    assert first.recommendation.action == "input_resolution"
    assert before.slices(by="size")["tp"].tolist() == [89, 2381, 7476]
    assert after.slices(by="size")["tp"].tolist() == [298, 3599, 7256]
    for run in (before, after):
        assert "degenerate_threshold" in [notice.code for notice in run.results.notices]
