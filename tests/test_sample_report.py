"""The sample report in reports/planted is what the code makes of datasets/planted, and a difference would be seen."""

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pandas as pd
import pytest

import mapgap
from mapgap.report.files import FILE_NAMES

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def make_planted() -> ModuleType:
    if not (ROOT / "reports" / "make_planted.py").is_file():
        pytest.skip("reports/ belongs to the repository and is not there")
    spec = importlib.util.spec_from_file_location("make_planted_report", ROOT / "reports" / "make_planted.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(make_planted: ModuleType, tmp_path: Path) -> Path:
    return Path(shutil.copytree(make_planted.REPORT, tmp_path / "planted"))


def test_the_sample_report_is_what_the_code_makes(make_planted: ModuleType) -> None:
    assert make_planted.drift(make_planted.REPORT) == []


def test_the_sample_report_is_small(make_planted: ModuleType) -> None:
    assert sum(path.stat().st_size for path in make_planted.REPORT.iterdir()) < MOST_BYTES


def test_the_sample_report_is_on_the_planted_data(make_planted: ModuleType) -> None:
    inputs = json.loads((make_planted.REPORT / "summary.json").read_bytes())["inputs"]
    record = mapgap.analyze(make_planted.DATA / "gt.json", make_planted.DATA / "detections.json").summary["inputs"]
    assert inputs == record
    assert all(inputs[name]["sha256"] for name in inputs)


def change_json(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        record = json.loads(content)
        change(record)
        return json.dumps(record).encode()

    return changed


def add_to_ap(amount: float) -> Callable[[bytes], bytes]:
    return change_json(lambda record: record["coco"].update(AP=record["coco"]["AP"] + amount))


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("summary.json", add_to_ap(2e-9), "summary.json.coco.AP: is "),
        ("summary.json", change_json(lambda record: record.update(extra=1)), "summary.json: has the keys "),
        ("summary.json", change_json(lambda record: record["slices"].pop()), "summary.json.slices: has "),
        ("missed.json", change_json(lambda record: record["annotations"][3].update(id=0)), "annotations[3].id: is 0"),
        ("missed.json", change_json(lambda record: record["annotations"][0].update(iscrowd=False)), ".iscrowd: is Fal"),
        ("slices.csv", lambda content: content.replace(b"night", b"noon", 1), "slices.csv["),
        ("failure_modes.csv", lambda content: content.rsplit(b"\n", 2)[0] + b"\n", "failure_modes.csv: has "),
        ("report.html", lambda content: content.replace(b"Where", b"Who", 1), "report.html["),
        ("report.md", lambda content: content + b" ", "report.md["),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_changed_file_is_seen(
    make_planted: ModuleType, copy: Path, name: str, change: Callable[[bytes], bytes], expected: str
) -> None:
    fresh = make_planted.REPORT / name
    (copy / name).write_bytes(change(fresh.read_bytes()))
    found = make_planted.file_drift(copy / name, fresh)
    assert found
    assert expected in found[0]


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    duckdb.from_df(table).write_parquet(str(path))


@pytest.mark.parametrize("name", ["objects.parquet", "detections.parquet"])
def test_a_changed_table_is_seen(make_planted: ModuleType, copy: Path, name: str) -> None:
    table = mapgap.read_table(copy / name)
    write_parquet(table, copy / name)
    assert make_planted.file_drift(copy / name, make_planted.REPORT / name) == []
    table.loc[5, "gap"] += 1e-8
    write_parquet(table, copy / name)
    (line,) = make_planted.file_drift(copy / name, make_planted.REPORT / name)
    assert line.startswith(f"{name}.gap[5]: is ")


def test_rounding_is_no_drift(make_planted: ModuleType, copy: Path) -> None:
    (copy / "summary.json").write_bytes(add_to_ap(5e-10)((copy / "summary.json").read_bytes()))
    for name in ("report.html", "report.md"):
        text = (copy / name).read_text(encoding="utf-8")
        noisier = make_planted.RESIDUAL.sub(r"\1 7.7e-13", text)
        assert noisier != text
        (copy / name).write_text(noisier, encoding="utf-8", newline="\n")
    for name in FILE_NAMES:
        assert make_planted.file_drift(copy / name, make_planted.REPORT / name) == []


def test_missing_files_and_strangers_are_seen(
    make_planted: ModuleType, copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "report.md").unlink()
    (copy / "notes.txt").write_text("mine")
    expected = ["report.md: missing", "notes.txt: does not belong here"]
    assert make_planted.drift(copy) == expected
    monkeypatch.setattr(make_planted, "REPORT", copy)
    monkeypatch.setattr(sys, "argv", ["make_planted.py", "--check"])
    assert make_planted.main() == 1
    assert capsys.readouterr().out.splitlines() == expected


def test_many_differences_are_cut_short(make_planted: ModuleType, copy: Path) -> None:
    record = json.loads((copy / "missed.json").read_bytes())
    for annotation in record["annotations"]:
        annotation["id"] = -1
    (copy / "missed.json").write_text(json.dumps(record))
    found = make_planted.file_drift(copy / "missed.json", make_planted.REPORT / "missed.json")
    assert len(found) == 6
    assert found[-1].endswith("more differences")
