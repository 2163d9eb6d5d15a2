"""Tables joined to the ground truth: against the naive twin, as CSV, Parquet and DataFrame, and hostile ones."""

import csv
import datetime
import gzip
import io
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapgap.attributes import Joined, build_attributes, join_table
from mapgap.attributes.text_columns import TextColumn
from mapgap.coco.detections import read_detections
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import AccessError, InputError
from mapgap.tables import GroundTruth
from tests.generated import CocoPair, coco_pairs
from tests.naive import joined as naive
from tests.test_attributes import assert_is_sound, object_values, tables_of

WORDS = [
    "rain",
    "dry, warm",
    'say "hi"',
    "two\nlines",
    "é",
    "007",
    " blank ",
    "None",
    "true-ish",
    "1e",
    "-",
    "'",
    "\x00",
]
CELLS = {
    "text": st.one_of(st.none(), st.sampled_from(WORDS)),
    "truth": st.one_of(st.none(), st.booleans()),
    "whole": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 9)),
    "number": st.one_of(
        st.none(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.1, -0.0, 1e300, 5e-324])
    ),
}
TYPES = {"text": "VARCHAR", "truth": "BOOLEAN", "whole": "BIGINT", "number": "DOUBLE"}
TEXTS = st.one_of(
    *(st.sampled_from(texts) for texts in (WORDS, ["true", "FALSE", "True", ""], ["nan", "NA", "None", "n/a", "inf"])),
    st.integers().map(str),
    st.floats().map(repr),
    st.sampled_from(
        ["0", "-0", "00", "+1", "-1.50", ".5", "5.", "1e5", "1E-5", "0x1", "1_0", "1,5", "٣", " 7 ", "0.0"]
    ),
)
slow = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def scene(images: int = 3) -> dict[str, Any]:
    """One object an image, ids 11, 12, ..., in images 1, 2, ... called 1.png, 2.png, ..."""
    return {
        "images": [{"id": i, "width": 90, "height": 60, "file_name": f"{i}.png"} for i in range(1, images + 1)],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {"id": 10 + i, "image_id": i, "category_id": 1, "bbox": [0, 0, 5, 5], "area": 25}
            for i in range(1, images + 1)
        ],
    }


def truth(images: int = 3) -> GroundTruth:
    return tables_of(scene(images))[0]  # type: ignore[no-any-return]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def joined_text(folder: Path, content: str | bytes, ground_truth: GroundTruth | None = None) -> Joined:
    return join_table(write(folder / "a.csv", content), truth() if ground_truth is None else ground_truth, "a.csv")


def write_csv(path: Path, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(
        [{True: "true", False: "False"}[cell] if isinstance(cell, bool) else cell for cell in r] for r in rows
    )
    write(path, text.getvalue())


def write_parquet(path: Path, columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """`columns` are names and SQL types."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        definitions = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE t ({definitions})")
        if rows:
            connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", rows)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")


@st.composite
def tables(draw: st.DrawFn) -> tuple[CocoPair, str, dict[str, str], list[dict[str, Any]]]:
    """A pair, a key, the columns (name -> kind) and rows for some images or annotations and for some that are none."""
    pair = draw(coco_pairs())
    for image in pair.ground_truth["images"]:
        image["file_name"] = f"f{image['id']}.png"
    key = draw(st.sampled_from(["id", "image_id", "file_name"]))
    owners = pair.ground_truth["annotations" if key == "id" else "images"]
    known = sorted({owner["file_name" if key == "file_name" else "id"] for owner in owners})
    kinds = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=3))
    columns = {f"c{place}": kind for place, kind in enumerate(kinds)}
    unknown: list[Any] = ["no.png", "nö,.png"] if key == "file_name" else [-(2**40), 2**40]
    chosen = draw(st.lists(st.sampled_from(known + unknown), unique=True, min_size=1)) if known else unknown
    rows = [{key: value, **{name: draw(CELLS[kind]) for name, kind in columns.items()}} for value in chosen]
    return pair, key, columns, rows


@slow
@given(tables())
def test_the_same_table_in_every_form_is_what_the_naive_twin_joins(
    tmp_path: Path, drawn: tuple[CocoPair, str, dict[str, str], list[dict[str, Any]]]
) -> None:
    pair, key, columns, rows = drawn
    ground_truth, _ = tables_of(pair.ground_truth)
    names, cells = [key, *columns], [list(row.values()) for row in rows]
    kinds = {key: "VARCHAR" if key == "file_name" else "BIGINT"} | {name: TYPES[columns[name]] for name in columns}
    write_csv(tmp_path / "t.csv", names, cells)
    write_parquet(tmp_path / "t.parquet", kinds, cells)
    frame = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in names})
    sources = [tmp_path / "t.csv", tmp_path / "t.parquet", frame]
    answers = [answer(source, ground_truth) for source in sources]
    assert answers[1] == answers[2]
    # Without a value, or where all are missing words, a CSV file cannot know the type; None is None all the same.
    if not isinstance(answers[0], str):
        assert isinstance(answers[1], Joined)
        for name, kind in columns.items():
            texts = [row[name] for row in rows if row[name] is not None]
            if kind != "text" or naive.meanings(texts) == texts:
                assert [repr(v) for v in spread(answers[0], name)] == [repr(v) for v in spread(answers[1], name)]
        for name in columns:
            expected = naive.joined_values(rows, key, name, ground_truth)
            assert list(map(repr, of_annotations(answers[1], name, ground_truth))) == list(map(repr, expected))
    else:
        assert answers[0].replace("t.csv", "t.parquet") == answers[1]


def answer(source: Any, ground_truth: GroundTruth) -> Joined | str:
    name = "t.parquet" if isinstance(source, pd.DataFrame) else source.name
    try:
        return join_table(source, ground_truth, name)
    except InputError as error:
        return str(error)


def spread(joined: Joined, name: str) -> list[Any]:
    return list(joined.columns[name])


def of_annotations(joined: Joined, name: str, ground_truth: GroundTruth) -> list[Any]:
    column = joined.columns[name]
    return [column[i] for i in ground_truth.image] if joined.owner == "image" else list(column)


@settings(max_examples=600)
@given(st.lists(TEXTS, max_size=8))
def test_what_a_column_of_text_means(texts: list[str]) -> None:
    column = TextColumn()
    for text in texts:
        column.see(text)
    assert [repr(value) for value in column.scalars([*texts, None])] == [*map(repr, naive.meanings(texts)), "None"]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["true", "False", ""], [True, False, None]),
        (["1", "2", "NaN"], [1, 2, None]),
        (["1", "2.5", "inf"], [1.0, 2.5, None]),
        (["007", "8"], ["007", "8"]),
        (["true", "1"], ["true", "1"]),
        (["1", "true"], ["1", "true"]),
        (["none", "none"], ["none", "none"]),
        (["none", "heavy", "n/a"], ["none", "heavy", None]),
        (["9223372036854775808"], ["9223372036854775808"]),
        (["1", "9" * 400], ["1", "9" * 400]),
    ],
)
def test_examples_of_meanings(texts: list[str], values: list[Any]) -> None:
    column = TextColumn()
    for text in texts:
        column.see(text)
    assert list(map(repr, column.scalars(texts))) == list(map(repr, values))


def test_rows_outside_the_ground_truth_still_say_what_a_column_means(tmp_path: Path) -> None:
    joined = joined_text(tmp_path, "image_id,zone\n1,1\n2,2\n99,A\n")
    assert joined.columns["zone"] == ("1", "2", None)
    joined = joined_text(tmp_path, "image_id,zone,clear\n1,1,true\n2,2,\n99,3,false\n")
    assert joined.columns == {"zone": (1, 2, None), "clear": (True, None, None)}


@pytest.mark.parametrize("content", ["image_id,w\n1,a\n", "\ufeffimage_id;w\n1;a\n", "\n\nw\timage_id\r\na\t1\r\n\r\n"])
def test_separators_marks_and_empty_lines(tmp_path: Path, content: str) -> None:
    for text in (content.encode(), gzip.compress(content.encode())):
        assert joined_text(tmp_path, text).columns == {"w": ("a", None, None)}


def test_separators_inside_quotes_of_the_header_separate_nothing(tmp_path: Path) -> None:
    joined = joined_text(tmp_path, 'image_id;"a,b,c"\n1;"x;y"\n')
    assert joined.columns == {"a,b,c": ("x;y", None, None)}


def test_keys_may_be_written_as_tools_write_them(tmp_path: Path) -> None:
    joined = joined_text(tmp_path, "image_id,w\n0000001,a\n2.0,b\n +3 ,c\n")
    assert joined.columns == {"w": ("a", "b", "c")}
    frame = pd.DataFrame({"image_id": [1.0, 2.0], "w": ["a", "b"]})
    assert join_table(frame, truth(), "frame").columns == {"w": ("a", "b", None)}
    by_index = pd.DataFrame({"w": ["a", "b"]}, index=pd.Index([12, 13], name="id"))
    joined = join_table(by_index, truth(), "frame")
    assert (joined.key, joined.owner, joined.columns) == ("id", "annotation", {"w": (None, "a", "b")})


def test_equal_keys_of_the_ground_truth_share_a_row(tmp_path: Path) -> None:
    ground_truth = scene()
    ground_truth["images"][2]["file_name"] = "1.png"
    ground_truth["images"][1].pop("file_name")
    table, _ = tables_of(ground_truth)
    assert joined_text(tmp_path, "file_name,w\n1.png,a\n", table).columns == {"w": ("a", None, "a")}
    ground_truth["annotations"][2]["id"] = 11
    table, _ = tables_of(ground_truth)
    assert joined_text(tmp_path, "id,image_id,w\n11,1,a\n", table).columns == {"w": ("a", None, "a")}


def test_unknown_and_missing_rows_are_counted_with_examples(tmp_path: Path) -> None:
    joined = joined_text(tmp_path, "image_id,w\n1,a\n" + "".join(f"{i},b\n" for i in range(50, 60)))
    assert [(n.code, n.count, n.examples) for n in joined.notices] == [
        ("joined_rows_unknown", 10, ("50", "51", "52")),
        ("joined_rows_missing", 2, ("2", "3")),
    ]
    ground_truth = scene()
    ground_truth["annotations"][2]["iscrowd"] = 1
    joined = joined_text(tmp_path, "id,w\n11,a\n", tables_of(ground_truth)[0])
    assert [(n.code, n.count, n.examples) for n in joined.notices] == [("joined_rows_missing", 1, ("12",))]


def test_columns_that_become_no_attribute_are_told(tmp_path: Path) -> None:
    joined = joined_text(tmp_path, ",image_id,width,coco_url,w\n0,1,90,u,a\n1,2,90,u,b\n2,3,90,u,c\n")
    assert joined.columns == {"w": ("a", "b", "c")}
    assert [n.message for n in joined.notices] == [
        "the column 'number 1' of a.csv is no attribute: it has no name",
        "the column 'width' of a.csv is no attribute: COCO keeps it for images",
        "the column 'coco_url' of a.csv is no attribute: COCO keeps it for images",
    ]
    joined = joined_text(tmp_path, "id,area,height\n11,1,a\n12,1,b\n13,1,a\n")
    assert joined.columns == {"height": ("a", "b", "a")}


def test_names_are_given_to_the_first_in_rank_and_losers_keep_theirs_with_a_prefix(tmp_path: Path) -> None:
    ground_truth = scene()
    for annotation in ground_truth["annotations"]:
        annotation.update(attributes={"w": "of attributes"}, w="of field")
    for image in ground_truth["images"]:
        image["w"] = "of image"
    tables = tables_of(ground_truth)
    joined = joined_text(tmp_path, "image_id,w,size,class\n1,a,b,c\n2,a,b,c\n3,a,b,c\n", tables[0])
    built, notices = build_attributes(*tables, joined)
    attributes = {attribute.name: attribute for attribute in built}
    assert [(notice.code, notice.message) for notice in notices] == [
        (
            "attribute_renamed",
            f"the joined column '{name}' is called joined.{name}: mapgap has an attribute {name} of its own",
        )
        for name in ("class", "size")
    ]
    values = {name: set(object_values(attributes[name])) for name in attributes if "w" in name.split(".")}
    assert values == {
        "w": {"a"},
        "annotation.w": {"of attributes"},
        "annotation.annotation.w": {"of field"},
        "image.w": {"of image"},
    }
    assert object_values(attributes["joined.size"]) == ["b"] * 3
    assert object_values(attributes["joined.class"]) == ["c"] * 3
    assert attributes["w"].kind == "image"
    assert joined_text(tmp_path, "id,w\n11,a\n", tables[0]).owner == "annotation"


@slow
@given(tables())
def test_joined_attributes_are_sound_and_follow_the_rules_of_annotated_ones(
    tmp_path: Path, drawn: tuple[CocoPair, str, dict[str, str], list[dict[str, Any]]]
) -> None:
    pair, key, columns, rows = drawn
    ground_truth, detections = tables_of(pair.ground_truth, pair.detections)
    frame = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in [key, *columns]})
    try:
        joined = join_table(frame, ground_truth, "frame")
    except InputError:
        return
    attributes, _ = build_attributes(ground_truth, detections, joined)
    in_the_file = dict(pair.ground_truth)
    for owner, fields in (
        ("annotations", joined.columns if key == "id" else {}),
        ("images", {} if key == "id" else joined.columns),
    ):
        records = sorted(in_the_file[owner], key=lambda r: r["id"]) if owner == "images" else in_the_file[owner]
        in_the_file[owner] = [
            {**record, **{name: column[place] for name, column in fields.items()}}
            for place, record in enumerate(records)
        ]
    expected, _ = build_attributes(*tables_of(in_the_file, pair.detections))
    assert [a.name for a in attributes] == [a.name for a in expected]
    for attribute, other in zip(attributes, expected, strict=True):
        assert_is_sound(attribute, ground_truth, detections)
        assert (attribute.name, attribute.kind, attribute.values) == (other.name, other.kind, other.values)
        np.testing.assert_array_equal(attribute.object_codes, other.object_codes)
        np.testing.assert_array_equal(attribute.detection_codes, other.detection_codes)


def test_types_of_parquet(tmp_path: Path) -> None:
    values = {
        "day": ("DATE", datetime.date(2020, 1, 2), "2020-01-02"),
        "moment": ("TIMESTAMP", datetime.datetime(2020, 1, 2, 3, 4, 5), "2020-01-02 03:04:05"),
        "zoned": ("TIMESTAMPTZ", "2020-01-02 03:04:05+02", "2020-01-02 01:04:05+00"),
        "money": ("DECIMAL(9, 2)", Decimal("1.25"), 1.25),
        "tiny": ("UTINYINT", 200, 200),
        "huge": ("HUGEINT", 2**100, float(2**100)),  # Parquet has no such integer: it is written as a double
        "mood": ("ENUM('good', 'bad')", "bad", "bad"),
        "flag": ("BOOLEAN", True, True),
        "single": ("FLOAT", 0.5, 0.5),
        "nothing": ("VARCHAR", None, None),
        "not_a_number": ("DOUBLE", float("nan"), None),
    }
    kinds = {"image_id": "INTEGER"} | {name: kind for name, (kind, _, _) in values.items()}
    write_parquet(tmp_path / "t.parquet", kinds, [[1, *(value for _, value, _ in values.values())]])
    joined = join_table(tmp_path / "t.parquet", truth(1), "t.parquet")
    assert {name: repr(column[0]) for name, column in joined.columns.items()} == {
        name: repr(expected) for name, (_, _, expected) in values.items()
    }


def test_nested_columns_are_left_out_and_empty_ones_are_nothing(tmp_path: Path) -> None:
    kinds = {
        "image_id": "INTEGER",
        "tags": "VARCHAR[]",
        "box": "STRUCT(x INTEGER, y INTEGER[])",
        "raw": "BLOB",
        "w": "INTEGER",
    }
    write_parquet(tmp_path / "t.parquet", kinds, [[1, ["a"], {"x": 1, "y": [2]}, b"\x00", 7], [2, None, None, None, 8]])
    joined = join_table(tmp_path / "t.parquet", truth(2), "t.parquet")
    assert joined.columns == {"w": (7, 8)}
    assert [n.message.split("'")[1] for n in joined.notices] == ["tags", "box", "raw"]
    frame = pd.DataFrame({"image_id": [1, 2], "tags": [["a"], None], "w": pd.array([7, None], dtype="Int64")})
    joined = join_table(frame, truth(2), "frame")
    assert joined.columns == {"w": (7, None)}


def test_a_joined_column_without_any_value_is_told(tmp_path: Path) -> None:
    tables = tables_of(scene())
    content = "image_id,w,empty,not\n1,a,,n/a\n2,b,,\n3,c,,\n50,c,x,\n"
    attributes, notices = build_attributes(*tables, joined_text(tmp_path, content, tables[0]))
    assert {"w"} == {"w", "empty", "not"} & {attribute.name for attribute in attributes}
    assert [notice.message for notice in notices if notice.code == "attribute_left_out"] == [
        f"the joined column '{name}' is no attribute: no row that belongs to the ground truth has a value in it"
        for name in ("empty", "not")
    ]


def test_names_of_parquet_are_told_apart_by_case_and_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "a[1]*?'.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f'COPY (SELECT 1 AS image_id, 2 AS w, [3] AS l, 4 AS "say ""W""") TO \'{tmp_path}/t\' (FORMAT parquet)'
        )
    os.rename(tmp_path / "t", path)
    assert join_table(path, truth(1), "t").columns == {"w": (2,), 'say "W"': (4,)}


def test_a_folder_called_like_a_partition_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "split=val"
    folder.mkdir()
    write_parquet(folder / "t.parquet", {"image_id": "INTEGER", "w": "INTEGER"}, [[1, 2]])
    assert join_table(folder / "t.parquet", truth(1), "t.parquet").columns == {"w": (2,)}


def test_types_of_a_data_frame() -> None:
    frame = pd.DataFrame(
        {
            "id": np.array([11, 12], dtype=np.int16),
            "when": pd.to_datetime(["2020-01-02", None]),
            "kind": pd.Categorical(["a", None]),
            "small": np.array([0.5, np.nan], dtype=np.float32),
            "flag": pd.array([True, None], dtype="boolean"),
            "mixed": pd.Series([np.int64(3), np.str_("x")], dtype=object),
            7: ["u", "v"],
        }
    )
    assert {name: list(map(repr, column)) for name, column in join_table(frame, truth(2), "f").columns.items()} == {
        "when": ["'2020-01-02 00:00:00'", "None"],
        "kind": ["'a'", "None"],
        "small": ["0.5", "None"],
        "flag": ["True", "None"],
        "mixed": ["3", "'x'"],
        "7": ["'u'", "'v'"],
    }


REFUSED = {
    "empty": (b"", "a.csv: the file is empty. Give a CSV file with a header, or a Parquet file"),
    "blank": (b"\n \n", "a.csv: the file is empty. Give a CSV file with a header, or a Parquet file"),
    "no row": (b"image_id,w\n\n", "a.csv: there is a header but no row. Write one row for each image_id"),
    "no key": (
        b"image,w\n1,a\n",
        'a.csv: no column is called image_id, file_name or id; the columns are "image", "w". '
        "Rename the column that says which image, or which annotation, it is",
    ),
    "no attribute": (
        b"image_id,file_name\n1,1.png\n",
        "a.csv: there is nothing to join: no column besides image_id, file_name. Add a column for each attribute",
    ),
    "ragged": (
        b"image_id,w\n1,a\n\n2,b,c\n",
        'a.csv: line 4: 3 fields, but the header has 2; it begins with "2". '
        "Give every row one field a column; a text with a comma in it stands in quotes",
    ),
    "line of a record after one of two lines": (
        b'image_id,w\n1,"a\nb"\nx,c\n',
        'a.csv: line 4: image_id: "x" is not a whole number. Write the image_id as in the ground truth',
    ),
    "fraction": (
        b"image_id,w\n1.5,a\n",
        'a.csv: line 2: image_id: "1.5" is not a whole number. Write the image_id as in the ground truth',
    ),
    "no value of the key": (b"w,image_id\na,\n", "a.csv: line 2: the image_id is missing. Give every row its image_id"),
    "twice": (
        b"image_id,w\n1,a\n2,b\n01,a\n",
        "a.csv: line 4: image_id 1 is given twice, first in line 2. Keep one row for each image_id; "
        "rows of single annotations need a column id",
    ),
    "nothing matches": (
        b"file_name,w\nx/1.png,a\nx/2.png,b\n",
        'a.csv: no row of 2 has the file_name of anything in the ground truth: it has "x/1.png", "x/2.png", '
        'the ground truth "1.png", "2.png", "3.png". Write the file_name as in the ground truth',
    ),
    "ids of images called id": (
        b"id,w\n1,a\n",
        "a.csv: no row of 1 has the id of anything in the ground truth: it has 1, the ground truth 11, 12, 13. "
        "Write the id as in the ground truth. id is the id of an annotation; call the id of an image image_id",
    ),
    "keys that disagree": (
        b"id,file_name,w\n11,1.png,a\n12,3.png,a\n",
        'a.csv: line 3: id 12 is of file_name "2.png", not "3.png". Drop the column that is no key '
        "(id is the id of an annotation)",
    ),
    "names twice": (
        b"image_id,w, w\n1,a,b\n",
        'a.csv: columns 2 and 3 are both called "w". Give every column a name of its own',
    ),
    "columns": (
        b"image_id" + b",x" * 200,
        "a.csv: the table has 201 columns. Keep the at most 200 to slice by, and the key",
    ),
    "open quote": (
        b'image_id,w\n1,a\n2,"b\n3,c\n',
        "a.csv: line 3: no CSV: unexpected end of data. Double the quotes inside a quoted text, "
        'as in "5"" disk", and close every quote',
    ),
    "latin 1": (b"image_id,w\n1,a\n2,\xe9\n", "a.csv: line 3, byte 3: no UTF-8. Save the file as CSV in UTF-8"),
    "UTF-16": ("image_id,w\n1,a\n".encode("utf-16"), "a.csv: the file is UTF-16. Save it as CSV in UTF-8"),
    "JSON": (
        b'{"images": [], "annotations": []}',
        "a.csv: this is JSON. Give a CSV or Parquet file with a column for each attribute",
    ),
    "zip": (b"PK\x03\x04abc", "a.csv: this is a zip or Excel file. Save the table as CSV"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, name: str) -> None:
    content, message = REFUSED[name]
    with pytest.raises(InputError) as caught:
        joined_text(tmp_path, content)
    assert str(caught.value) == message


def test_latin_1_far_into_a_packed_file_is_found(tmp_path: Path) -> None:
    rows = b"".join(b"%d,abc\n" % number for number in range(4, 20_000))
    with pytest.raises(InputError, match=r"a.csv: line 19998, byte 2: no UTF-8"):
        joined_text(tmp_path, gzip.compress(b"image_id,w\n" + rows + b"1\xff,a\n"))


def test_broken_gzip_and_long_fields(tmp_path: Path) -> None:
    packed = gzip.compress(b"image_id,w\n" + bytes(range(32, 127)).replace(b'"', b"") * 1000)
    for broken in (packed[: len(packed) // 2], packed[:12] + b"\xff" * 30, packed[:3]):
        with pytest.raises(InputError, match=r"a.csv: (invalid gzip|no UTF-8|line \d+)"):
            joined_text(tmp_path, broken)
    with pytest.raises(InputError, match="line 2: no CSV: field larger than field limit"):
        joined_text(tmp_path, b"image_id,w\n1," + b"x" * 200_000)


def test_broken_parquet(tmp_path: Path) -> None:
    write_parquet(tmp_path / "t.parquet", {"image_id": "INTEGER", "w": "VARCHAR"}, [[1, "a"], [2, "b"]])
    whole = (tmp_path / "t.parquet").read_bytes()
    for broken in (b"PAR1", whole[:-20], whole[:4] + bytes(len(whole) - 8) + b"PAR1"):
        with pytest.raises(
            InputError, match=r"^p: not a readable Parquet file \(.*\)\. Write it again, whole$"
        ) as caught:
            join_table(write(tmp_path / "broken", broken), truth(), "p")
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"image_id": [1]}, "nothing to join"),
        ({"image_id": [], "w": []}, "there is a header but no row"),
        ({"w": [1]}, "no column is called image_id, file_name or id"),
        ({"image_id": [1, 1], "w": [1, 2]}, r"row 1 \(counted from 0\): image_id 1 is given twice, first in row 0"),
        ({"image_id": [1, None], "w": [1, 2]}, r"row 1 \(counted from 0\): the image_id is missing"),
        ({"image_id": [True], "w": [1]}, r"row 0 .*: image_id: True is not a whole number"),
        ({"file_name": [["a"]], "w": [1]}, r"row 0 .*: file_name: a list, an object or bytes is not text"),
        ({"image_id": [1], "w": ["\ud800"]}, r'row 0 .*: w: "\\ud800" is no Unicode text'),
        ({"image_id": [1], "\ud800": ["x"]}, r'the name "\\ud800" of column 2 is no Unicode text'),
    ],
)
def test_frames_are_refused_with_the_row(frame: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        join_table(pd.DataFrame(frame), truth(), "frame")


def test_what_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="attributes cannot be a dict"):
        join_table({"image_id": [1]}, truth(), "x")
    for path, message in ((tmp_path / "no", "cannot be read: No such file"), (tmp_path, "is no regular file")):
        with pytest.raises(AccessError, match=f"name: {message}"):
            join_table(path, truth(), "name")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AccessError, match="is no regular file"):
        join_table(tmp_path / "pipe", truth(), "name")
    with pytest.raises(AccessError, match="is not a path"):
        join_table("a\x00b", truth(), "name")


def test_a_ground_truth_without_images_takes_any_table(tmp_path: Path) -> None:
    nothing, _ = tables_of({"images": [], "categories": [], "annotations": []})
    joined = joined_text(tmp_path, "image_id,w\n1,a\n", nothing)
    assert joined.columns == {"w": ()}
    assert [n.code for n in joined.notices] == ["joined_rows_unknown"]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=60), st.text(alphabet='image_d,w\n\r";\t1\x00é', max_size=60).map(str.encode)))
def test_any_bytes_are_joined_or_refused(tmp_path: Path, content: bytes) -> None:
    for text in (content, b"image_id,w\n" + content, b"PAR1" + content + b"PAR1", b"\x1f\x8b" + content):
        try:
            joined_text(tmp_path, text)
        except InputError as error:
            complaint = error
        else:
            continue
        assert complaint.file == "a.csv"


def test_kaist_by_table_is_kaist_by_annotation(real_data: Path, tmp_path: Path) -> None:
    """Its occlusion written into a table by id, its time of day by image; both have an id 0."""
    ground_truth = read_ground_truth(real_data / "kaist" / "gt.json")
    images = ground_truth.images
    write_csv(
        tmp_path / "o.csv", ["id", "o"], list(zip(ground_truth.ids, ground_truth.attributes["occlusion"], strict=True))
    )
    write_csv(
        tmp_path / "t.csv", ["image_id", "t"], list(zip(images.ids, images.attributes["time_of_day"], strict=True))
    )
    nobody = read_detections([], ground_truth)
    for path, name, own in ((tmp_path / "o.csv", "o", "occlusion"), (tmp_path / "t.csv", "t", "time_of_day")):
        joined = join_table(path, ground_truth, path.name)
        attributes = {a.name: a for a in build_attributes(ground_truth, nobody, joined)[0]}
        assert attributes[name].values == attributes[own].values
        assert attributes[name].kind == attributes[own].kind
        np.testing.assert_array_equal(attributes[name].object_codes, attributes[own].object_codes)
        assert joined.notices == ()
