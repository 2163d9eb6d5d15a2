"""--attributes, --bins and --slice as users and scripts see them."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mapgap.demo import make_demo
from tests.command import complaint, mapgap

IMAGES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gt.json, dt.json of a small demo, weather.csv and weather.parquet by file name, notes.csv by annotation."""
    folder = tmp_path_factory.mktemp("inputs")
    demo = make_demo(images=IMAGES)
    (folder / "gt.json").write_text(json.dumps(demo.ground_truth))
    (folder / "dt.json").write_text(json.dumps(demo.detections))
    with (folder / "weather.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "weather", "lux"])
        for place, image in enumerate(demo.ground_truth["images"]):
            writer.writerow([image["file_name"], ["dry", "rain"][place % 2], place * 2.5])
    with duckdb.connect(":memory:") as connection:
        rows = f"SELECT * FROM read_csv('{folder / 'weather.csv'}')"
        connection.execute(f"COPY ({rows}) TO '{folder / 'weather.parquet'}' (FORMAT parquet)")
    annotations = demo.ground_truth["annotations"]
    lines = [f"{annotation['id']},{place % 2 == 0}" for place, annotation in enumerate(annotations)]
    (folder / "notes.csv").write_text("\n".join(["id,checked", *lines]))
    return folder


def pair(folder: Path) -> tuple[Path, Path]:
    return folder / "gt.json", folder / "dt.json"


def rows_of(printed: str, name: str) -> dict[Any, Any]:
    records = json.loads(printed)["slices"]
    return {record["where"][name]: record["objects"] for record in records if list(record["where"]) == [name]}


def test_csv_and_parquet_give_the_same_slices(folder: Path, tmp_path: Path) -> None:
    printed = [
        mapgap("slices", *pair(folder), "--attributes", folder / name, "--json", cwd=tmp_path).stdout
        for name in ("weather.csv", "weather.parquet")
    ]
    assert printed[0] == printed[1]
    weather = rows_of(printed[0], "weather")
    assert set(weather) == {"dry", "rain"}
    annotations = json.loads((folder / "gt.json").read_text())["annotations"]
    assert sum(weather.values()) == sum(not annotation["iscrowd"] for annotation in annotations)
    assert [name.split()[0] for name in rows_of(printed[0], "lux")] == ["<", "25", "50", ">="]


def test_the_summary_says_what_was_asked_and_joined(folder: Path, tmp_path: Path) -> None:
    arguments = ("--attributes", folder / "notes.csv", "--bins", "size=0,256,1024,9216", "--slice", "dim: size < 300")
    done = mapgap("report", *pair(folder), *arguments, "--json", cwd=tmp_path)
    assert done.stderr == ""
    summary = json.loads(done.stdout)
    sha256 = hashlib.sha256((folder / "notes.csv").read_bytes()).hexdigest()
    assert summary["settings"]["attributes"] == {"name": "notes.csv", "sha256": sha256, "key": "id"}
    assert summary["settings"]["bins"] == {"size": [0.0, 256.0, 1024.0, 9216.0]}
    assert summary["settings"]["slices"] == {"dim": "size < 300"}
    assert {"false", "true"} <= {json.dumps(r["where"].get("dim")) for r in summary["slices"]}
    assert {"0 to 256", "256 to 1024"} <= set(rows_of(done.stdout, "size"))
    assert set(rows_of(done.stdout, "checked")) == {True, False, "n/a (background)"}
    assert (tmp_path / "mapgap-report" / "summary.json").read_text() == done.stdout
    page = (tmp_path / "mapgap-report" / "report.html").read_text()
    assert "notes.csv, by id" in page
    assert sha256 in page


def test_nothing_is_joined_by_default(folder: Path, tmp_path: Path) -> None:
    summary = json.loads(mapgap("report", *pair(folder), "--json", cwd=tmp_path).stdout)
    assert [summary["settings"][key] for key in ("attributes", "bins", "slices")] == [None, {}, {}]


def test_named_slices_take_part_in_where_and_by(folder: Path, tmp_path: Path) -> None:
    named = ("--slice", 'night_small: time_of_day == "night" and size == "small"')
    by_name = mapgap("missed", *pair(folder), *named, "--where", "night_small == true", "--json", cwd=tmp_path)
    written_out = mapgap("missed", *pair(folder), "--where", '[time_of_day=night,size="small"]', "--json", cwd=tmp_path)
    ids = [[a["id"] for a in json.loads(done.stdout)["annotations"]] for done in (by_name, written_out)]
    assert ids[0] == ids[1] != []
    crossed = mapgap("slices", *pair(folder), *named, "--by", "night_small,scene", "--json", cwd=tmp_path).stdout
    assert {tuple(record["where"]) for record in json.loads(crossed)["slices"]} == {("night_small", "scene")}
    lines = mapgap("slices", *pair(folder), *named, cwd=tmp_path).stdout.splitlines()
    assert any("night_small" in line for line in lines)


def test_rows_left_out_are_a_warning(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("image_id;haze\n1;1\n2;0\n-5;1\n")
    done = mapgap("slices", *pair(folder), "--attributes", "some.csv", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert "rows of some.csv have a key image_id that the ground truth has not" in done.stderr
    assert "images have no row in some.csv" in done.stderr
    assert set(rows_of(done.stdout, "haze")) == {0, 1, "n/a"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "table.csv: cannot be read: No such file or directory. Check path and permissions"),
        (b"", "table.csv: the file is empty"),
        (b"image_id,a\n1,2,3\n", "table.csv: line 2: 3 fields, but the header has 2"),
        (b"image_id,a\n1,x\n1,y\n", "table.csv: line 3: image_id 1 is given twice, first in line 2"),
        (b"image_id,a\n-1,x\n", "table.csv: no row of 1 has the image_id of anything in the ground truth: it has -1, "),
        (b"image_id,a\n1,\xff\n", "table.csv: line 2, byte 3: no UTF-8"),
        (b"PAR1 not really PAR1", "table.csv: not a readable Parquet file"),
        (b"image_id,a\x1b[31m\n1,x,\x1b\n", "table.csv: line 2: 3 fields"),
        (b"\x1b,a\n1,x\n", "table.csv: no column is called image_id, file_name or id; the columns are"),
        (b"image_id,a\n\x1b[31m,x\n", "table.csv: line 2: image_id: "),
    ],
)
def test_a_bad_table_is_one_line(folder: Path, tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "table.csv").write_bytes(content)
    done = mapgap("slices", *pair(folder), "--attributes", "table.csv", cwd=tmp_path)
    assert complaint(done, 3 if content is None else 2).startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--bins", "sise=1,2"), "bins: no attribute is called sise. Attributes of numbers: size, "),
        (("--bins", "scene=1,2"), "bins: scene has no numbers to put into bins. Attributes of numbers: "),
        (("--slice", "x: size = 'small'"), "slice x, column 6 of \"size = 'small'\": expected a comparison"),
        (("--slice", "x: [size=smal]"), "slice x, column 7 of '[size=smal]': size has no value \"smal\""),
        (("--slice", "scene: [size=small]"), "slice scene: an attribute is called scene too. Give the slice another"),
    ],
)
def test_bad_bins_and_slices_are_one_line(folder: Path, tmp_path: Path, arguments: Any, message: str) -> None:
    done = mapgap("slices", *pair(folder), *arguments, cwd=tmp_path)
    assert complaint(done, 2).startswith(message)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--bins", "size"),
        ("--bins", "=1,2"),
        ("--bins", "size="),
        ("--bins", "size=2,1"),
        ("--bins", "size=1,1"),
        ("--bins", "size=nan"),
        ("--bins", "size=1,inf"),
        ("--bins", "size=1,x"),
        ("--bins", "size=1", "--bins", "size=2"),
        ("--slice", "night"),
        ("--slice", ": [a=b]"),
        ("--slice", "x:"),
        ("--slice", "x: [a=b]", "--slice", "x: [a=c]"),
    ],
)
def test_what_is_no_option_is_a_wrong_command_line(folder: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = mapgap("slices", *pair(folder), *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert arguments[0] in done.stderr


def test_a_name_with_an_equals_sign_has_bins_too(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("image_id,a=b\n1,1\n2,5\n")
    done = mapgap("slices", *pair(folder), "--attributes", "odd.csv", "--bins", "a=b=3", "--json", cwd=tmp_path)
    assert {"< 3", ">= 3"} <= set(rows_of(done.stdout, "a=b"))


def test_the_joined_file_is_not_replaced_by_the_report(folder: Path, tmp_path: Path) -> None:
    assert mapgap("report", *pair(folder), cwd=tmp_path).returncode == 0
    table = Path("mapgap-report") / "objects.parquet"
    done = mapgap("report", *pair(folder), "--attributes", table, cwd=tmp_path)
    assert "holds the input" in complaint(done, 3)
    done = mapgap("report", *pair(folder), "--attributes", table, "-o", "other", cwd=tmp_path)
    assert "rows of single annotations need a column id" in complaint(done, 2)
