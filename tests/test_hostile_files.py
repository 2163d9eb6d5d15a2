"""Names that attack, in every file and on both streams: text stays text, data stay whole."""

import csv
import io
import json
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests import hostile
from tests.command import mapgap
from tests.hostile import NAMES, steering_in
from tests.test_report_markdown import CALLS, FOLDED, OURS, Rendered

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
RULE = 'recall[class="</script><script>window.__hacked=1</script>"] < 99 # \u202e %0A::error::x'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs, and what the commands made of them; their streams are in `streams`."""
    folder = hostile.write_inputs(tmp_path_factory.mktemp("hostile"))
    a, b = hostile.run_file("a"), hostile.run_file("b")
    few = ("--resamples", "20")
    quick = ("--slice", "</b>\u202e<img src=x onerror=window.__hacked=1>: light != 'n/a'", *few)
    commands = {
        "evaluate": ("evaluate", "gt.json", a),
        "doctor": ("doctor", "gt.json", a),
        "report": ("report", "gt.json", f"a={a}", f"b={b}", "--attributes", "joined.csv", "-o", "report", *quick),
        "base": ("report", "gt.json", a, "-o", "base", "--resamples", "0"),
        "compare": ("compare", "gt.json", f"a={a}", f"b={b}", *few),
        "compare.json": ("compare", "gt.json", f"a={a}", f"b={b}", "--json", *few),
        "missed": ("missed", "gt.json", a, "-o", "missed", "--limit", "1000", "--resamples", "0"),
        "missed.json": ("missed", "gt.json", a, "--json", "--resamples", "0"),
        "slices": ("slices", "gt.json", a, *few),
        "slices.json": ("slices", "gt.json", a, "--json", *few),
        "check": ("check", "gt.json", b, "--baseline", "base", "--fail-if", RULE, "--fail-if", "recall[*] drop > 1",
                  "--junit", "gate.xml", "--markdown", "gate.md", "--github", *few),
        "check.json": ("check", "gt.json", b, "--baseline", "base", "--fail-if", RULE, "--json", *few),
        "thresholds": ("thresholds", "gt.json", a, "--by", "light", *few),
        "own": ("slices", "gt.json", a, "--thresholds", "thresholds.json", "--by", "class", *few),
        "classify": ("classify", "samples.csv", "-o", "classified", *few),
    }  # fmt: skip
    (folder / "streams").mkdir()
    for name, arguments in commands.items():
        done = mapgap(*arguments, cwd=folder)
        assert done.returncode in (0, 1), (name, done.stderr[:2000])
        (folder / "streams" / f"{name}.out").write_text(done.stdout, newline="")
        (folder / "streams" / f"{name}.err").write_text(done.stderr, newline="")
    return folder


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def test_nothing_steers_the_terminal(folder: Path) -> None:
    streams = list((folder / "streams").iterdir())
    assert len(streams) == 30
    for path in streams:
        text = read(path)
        assert steering_in(text) == [], path.name
        assert "\r" not in text
        assert max(map(len, text.splitlines()), default=0) <= 2_000 or path.name.endswith(".json.out")
    assert "⟨U+202E⟩" in read(folder / "streams" / "slices.out")
    assert "⟨U+001B⟩" in read(folder / "streams" / "missed.out")


def test_files_have_the_names_that_mapgap_gives(folder: Path) -> None:
    made = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    given = {"gt.json", hostile.run_file("a"), hostile.run_file("b"), "joined.csv", "thresholds.json", "samples.csv"}
    plain = re.compile(r"[a-z_]+(/[a-z_.]+)*\.(html|md|json|csv|parquet|xml|out|err)")
    assert [name for name in made if name not in given and not plain.fullmatch(name)] == []
    assert os.path.exists(folder / "report" / "runs" / "b" / "summary.json")


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "a\\b", "..", ".x", "con", "a\nb", "\u202ea", "-x", "a" * 101, "__proto__"]
)
def test_a_run_has_a_name_that_is_a_folder(folder: Path, name: str) -> None:
    done = mapgap("report", "gt.json", f"{name}={hostile.run_file('a')}", "-o", "never", cwd=folder)
    assert done.returncode in (2, 3)
    assert steering_in(done.stderr) == []
    assert not (folder / "never").exists()


def test_json_is_strict_ascii_and_whole(folder: Path) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    paths = [path for path in folder.rglob("*.json*") if path.parent != folder and not path.name.endswith(".err")]
    assert len(paths) >= 10
    for path in paths:
        content = path.read_bytes()
        assert content.isascii(), path
        json.loads(content, parse_constant=refuse)
    classes = {row["name"] for row in json.loads(read(folder / "missed" / "missed.json"))["categories"]}
    assert classes <= set(NAMES)
    assert classes >= {NAMES[0], NAMES[6], NAMES[9]}
    text = read(folder / "report" / "summary.json")
    assert json.dumps(NAMES[9]) in text


def test_csv_round_trips_and_has_no_formula(folder: Path) -> None:
    paths = [path for part in ("report", "missed", "classified") for path in (folder / part).rglob("*.csv")]
    assert len(paths) >= 5
    for path in paths:
        text = read(path)
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        assert {len(row) for row in rows} <= {len(header)}
        for cell in (cell for row in [header, *rows] for cell in row):
            is_number = re.fullmatch(r"-[\d.][\d.e+-]*", cell) is not None
            assert is_number or not cell.startswith(FORMULAS), (path.name, cell)
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        assert frame.columns.tolist() == header
        assert frame.to_numpy().tolist() == rows
    found = csv.DictReader(io.StringIO(read(folder / "missed" / "missed.csv"), newline=""))
    cells = {cell for row in found for cell in row.values()}
    assert cells >= {NAMES[0], NAMES[9], "'=1+1"}


def test_parquet_keeps_every_value(folder: Path) -> None:
    path = folder / "report" / "objects.parquet"
    rows = duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
    found = {value for row in rows.fetchall() for value in row if isinstance(value, str)}
    truth = hostile.ground_truth()
    # DuckDB's text ends at a NUL, so that U+FFFD stands for it.
    assert found >= {category["name"].replace("\x00", "\ufffd") for category in truth["categories"]}
    assert {"=2+2", "light"} <= set(rows.columns)


@pytest.mark.parametrize("name", ["report/report.md", "gate.md", "classified/report.md"])
def test_markdown_has_no_markup_but_ours(folder: Path, name: str) -> None:
    text = read(folder / name)
    rendered = Rendered(text)
    assert set(rendered.tags) <= OURS | FOLDED
    assert all(len(set(cells)) == 1 for cells in rendered.tables)
    assert rendered.alignments <= {"style=text-align:right"}
    assert not CALLS.search(rendered.text)
    assert steering_in(text) == []


def test_xml_is_xml(folder: Path) -> None:
    content = (folder / "gate.xml").read_bytes()
    root = ElementTree.fromstring(content)
    assert {element.tag for element in root.iter()} <= {"testsuites", "testsuite", "testcase", "failure", "system-out"}
    assert steering_in(content.decode()) == []
    assert root.find("testsuite/testcase[@name]") is not None


def test_annotations_are_as_many_as_rules(folder: Path) -> None:
    lines = read(folder / "streams" / "check.out").splitlines()
    commands = [line for line in lines if re.search("::|##\\[", line[:3])]
    assert 1 <= len(commands) <= 2
    for line in commands:
        kind, _, rest = line.removeprefix("::").partition(" ")
        assert kind in ("error", "warning")
        assert re.fullmatch(r"title=[^:,\r\n]*::.*", rest)
