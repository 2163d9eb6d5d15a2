"""Several runs on one ground truth: their names, their analyses, one folder for all of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapgap
from mapgap.analysis.run_names import checked_run_names, is_run_name, names_of_files
from mapgap.cli.app import run as run_mapgap
from mapgap.demo import Demo, make_demo

PLAIN = ["a", "MSDS-RCNN", "yolov2_416", "epoch=12".replace("=", "."), "v1.0+fix", "7", "x" * 100]
NO_NAMES = [
    "",
    ".",
    "..",
    ".hidden",
    "a/b",
    "../a",
    "a\\b",
    "a b",
    "-a",
    "a.",
    "é",
    "a\n",
    "con",
    "NUL.json",
    "lpt1",
    "x" * 101,
]


@pytest.fixture(scope="module")
def demo() -> Demo:
    return make_demo(seed=3, images=40)


@pytest.fixture(scope="module")
def files(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gt.json, one.json, and two.json with every third detection missing."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "gt.json").write_text(json.dumps(demo.ground_truth))
    (folder / "one.json").write_text(json.dumps(demo.detections))
    (folder / "two.json").write_text(json.dumps([d for place, d in enumerate(demo.detections) if place % 3]))
    return folder


@pytest.mark.parametrize("name", PLAIN)
def test_names_of_runs(name: str) -> None:
    assert is_run_name(name)
    assert checked_run_names([name]) == (name,)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_no_folder_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(mapgap.InputError, match="a run cannot be called"):
        checked_run_names([name])


def test_names_must_be_distinct_on_every_system() -> None:
    with pytest.raises(mapgap.InputError, match="two runs are called A and a"):
        checked_run_names(["A", "b", "a"])
    with pytest.raises(mapgap.InputError, match="there is no run"):
        checked_run_names([])


def test_files_give_their_runs_a_name() -> None:
    assert names_of_files(["x/small.json", "big.JSON.GZ", "yolo v2.bbox.json"]) == ("small", "big", "yolo-v2")
    assert names_of_files(["e1/dt.json", "e2/dt.json", "other.json"]) == ("e1-dt", "e2-dt", "other")
    assert names_of_files(["é.json", "con.json", ".json"]) == ("run", "run-con", "json")


@given(st.lists(st.text(min_size=1, max_size=130).filter(lambda text: "\0" not in text), min_size=1, max_size=5))
def test_every_file_gives_a_name_that_is_one(paths: list[str]) -> None:
    assert all(is_run_name(name) for name in names_of_files(paths))


def test_each_run_is_what_it_is_alone(demo: Demo, files: Path) -> None:
    runs = mapgap.analyze_runs(
        str(files / "gt.json"), {"one": str(files / "one.json"), "two": str(files / "two.json")}, resamples=20
    )
    assert list(runs) == ["one", "two"]
    for name, analysis in runs.items():
        alone = mapgap.analyze(str(files / "gt.json"), str(files / f"{name}.json"), resamples=20)
        assert analysis.summary == alone.summary
    assert runs["one"].results.ground_truth is runs["two"].results.ground_truth
    assert runs["one"].metrics["AP"] != runs["two"].metrics["AP"]


def test_progress_names_the_run(demo: Demo) -> None:
    told: list[str] = []
    mapgap.analyze_runs(demo.ground_truth, {"a": demo.detections, "b": []}, resamples=0, progress=told.append)
    assert told[0] == "a: reading"
    assert told[-1] == "b: advice"
    assert {line.split(": ")[0] for line in told} == {"a", "b"}


def test_runs_must_be_named(demo: Demo) -> None:
    with pytest.raises(mapgap.InputError, match="runs is a list"):
        mapgap.analyze_runs(demo.ground_truth, [demo.detections])  # type: ignore[arg-type]
    with pytest.raises(mapgap.InputError, match=r"a run cannot be called '\.\./up'"):
        mapgap.analyze_runs(demo.ground_truth, {"../up": demo.detections})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_one_folder_for_all_runs(files: Path, tmp_path: Path) -> None:
    arguments = ["report", f"{files}/gt.json", f"{files}/one.json", f"second={files}/two.json", "--resamples", "20"]
    assert run_mapgap([*arguments, "-o", str(tmp_path / "both")]) == 0
    assert run_mapgap([*arguments, "-o", str(tmp_path / "again")]) == 0
    both = contents(tmp_path / "both")
    assert both == contents(tmp_path / "again")
    assert (
        run_mapgap(
            ["report", f"{files}/gt.json", f"{files}/two.json", "--resamples", "20", "-o", str(tmp_path / "two")]
        )
        == 0
    )
    alone = contents(tmp_path / "two")
    assert {name for name in both if name.startswith("runs/")} == {
        f"runs/second/{name}" for name in [*alone, "objects_compared.parquet"] if name != "report.html"
    }
    assert "comparison.json" in both
    assert "comparison.json" not in alone
    for name in alone:
        if name != "report.html":
            assert both[f"runs/second/{name}"] == alone[name], name
    assert "| second | " in both["report.md"].decode()
    # Of fewer runs the folders of the others are gone.
    assert run_mapgap([*arguments[:3], *arguments[4:], "-o", str(tmp_path / "both")]) == 0
    assert not (tmp_path / "both" / "runs").exists()


@pytest.mark.parametrize(
    ("given_runs", "message"),
    [
        (["one.json", "a/../one.json"], "two runs are called one"),
        (["a=one.json", "A=two.json"], "two runs are called a and A"),
        (["../up=one.json"], "a run cannot be called '../up'"),
        (["con=one.json"], "a run cannot be called 'con'"),
        (["=one.json"], "a run cannot be called ''"),
    ],
)
def test_wrong_names_are_a_wrong_command_line(
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given_runs: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(files)
    (files / "a").mkdir(exist_ok=True)
    assert run_mapgap(["report", "gt.json", *given_runs, "-o", str(tmp_path / "out")]) == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_a_file_may_have_an_equals_sign_in_its_name(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lr=0.1.json").write_bytes((files / "one.json").read_bytes())
    arguments = ["report", f"{files}/gt.json", "lr=0.1.json", "low=lr=0.1.json", "--resamples", "0", "--json"]
    assert run_mapgap(arguments) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["inputs"]["detections"]["name"] == "lr=0.1.json"
    assert "the JSON is about lr-0.1" in told.err
    assert (tmp_path / "mapgap-report" / "runs" / "low" / "summary.json").exists()
    assert run_mapgap(["report", f"{files}/gt.json", "lr=missing.json"]) == 3


def command_of(page: Path) -> str:
    facts: Any = page.read_text(encoding="utf-8").split("<dt>command</dt><dd>")
    return str(facts[1].split("</dd>")[0])


def test_the_page_tells_its_command(files: Path, tmp_path: Path) -> None:
    """Without the places of one machine, and the same wherever it runs."""
    arguments = ["--resamples=0", f"{files}/gt.json", f"b={files}/two.json", f"{files}/one.json", "--jobs", "2"]
    arguments += ["--slice", "it's: [size=small]", "--by", "size,class", "-o", str(tmp_path / "out"), "--json"]
    assert run_mapgap(["report", *arguments]) == 0
    assert command_of(tmp_path / "out" / "report.html") == (
        "mapgap report gt.json b=two.json one=one.json "
        "--slice &#x27;it&#x27;&quot;&#x27;&quot;&#x27;s: [size=small]&#x27; --resamples 0 --by size,class"
    )
    assert run_mapgap(["report", f"{files}/gt.json", f"{files}/one.json", "-o", str(tmp_path / "one")]) == 0
    assert command_of(tmp_path / "one" / "report.html") == "mapgap report gt.json one.json"
