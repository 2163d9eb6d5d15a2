"""docs/training.md: the loops on the page log what mapgap says of the same detections."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

import mapgap
from tests import training_stand_ins as stand_ins
from tests.test_docs import ROOT, run_page

PAGE = ROOT / "docs" / "training.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page was run."""
    folder = tmp_path_factory.mktemp("training")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        stand_ins.install(patch)
        run_page(PAGE)
    return folder


def expected(epoch: int) -> dict[str, float]:
    """What mapgap says of the detections of an epoch, from 0."""
    return mapgap.analyze(stand_ins.ground_truth(), stand_ins.detections_of(epoch), resamples=0).scalars()


def logged(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(("name", "steps"), [("runs", [1, 2]), ("yolo", [1, 2, 2]), ("d2", [1000, 2000])])
def test_every_loop_logs_what_mapgap_says(folder: Path, name: str, steps: list[int]) -> None:
    rows = logged(folder / name / "metrics.jsonl")
    assert [row.pop("epoch") for row in rows] == steps
    epochs = [min(place, 1) for place in range(len(steps))]
    assert rows == [pytest.approx(expected(epoch), abs=1e-6 if name == "yolo" else 0) for epoch in epochs]
    report = json.loads((folder / name / f"epoch_{steps[-1]:03}" / "summary.json").read_text())
    assert report["coco"]["AP"] == rows[-1]["AP"]


def test_event_files_hold_the_numbers(folder: Path) -> None:
    events: Any = pytest.importorskip("tensorboardX.proto.event_pb2")
    (path,) = (folder / "runs" / "tensorboard").iterdir()
    found: dict[int, dict[str, float]] = {}
    for record in records_of(path.read_bytes()):
        event = events.Event.FromString(record)
        for value in event.summary.value:
            found.setdefault(event.step, {})[value.tag] = value.simple_value
    assert sorted(found) == [1, 2]
    for step, numbers in found.items():
        whole = {f"mapgap/{name}": value for name, value in expected(step - 1).items()}
        assert numbers == pytest.approx(whole, abs=1e-6)  # event files hold 32-bit floats


def records_of(content: bytes) -> list[bytes]:
    """The records of an event file: length, checksum, record, checksum."""
    records = []
    while content:
        (length,) = struct.unpack_from("<Q", content)
        records.append(content[12 : 12 + length])
        content = content[16 + length :]
    return records


def test_an_offline_run_gets_numbers_and_page(folder: Path) -> None:
    run = stand_ins.WandbRun.last
    assert run.is_finished
    *rows, (step, last) = run.rows
    assert rows == [(n + 1, {f"mapgap/{name}": value for name, value in expected(n).items()}) for n in (0, 1)]
    assert step is None
    assert last["report"].data == (folder / "runs" / "epoch_002" / "report.html").read_text()


def test_scalars_are_those_of_the_summary() -> None:
    analysis = mapgap.analyze(stand_ins.ground_truth(), stand_ins.detections_of(0), resamples=0)
    summary, numbers = analysis.summary, analysis.scalars()
    whole = {**summary["coco"], **{f"gap/{cause}": gap for cause, gap in summary["gap"]["by_cause"].items()}}
    whole |= {name: summary["operating_point"][name] for name in ("score_threshold", "precision", "recall", "f1")}
    whole |= {f"gain/{row['cause']}": row["gain"] for row in summary["causes"]}
    assert numbers == {**whole, "gap/total": summary["gap"]["total"]}
    assert analysis.scalars("a/") == {f"a/{name}": value for name, value in numbers.items()}


def test_what_is_undefined_is_left_out() -> None:
    truth = {"images": [{"id": 1}], "annotations": [], "categories": [{"id": 1, "name": "a"}]}
    numbers = mapgap.analyze(truth, [], resamples=0).scalars()
    assert "AP" not in numbers
    assert all(isinstance(value, float) for value in numbers.values())
