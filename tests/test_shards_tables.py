"""Parquet shards of all types of columns: read, or refused by name."""

from pathlib import Path

import duckdb
import pytest

import mapgap
from tests.test_shards_refused import refusal

OBJECT = "'id': 1, 'category_id': 1, 'bbox': [1.0, 2.0, 3.0, 4.0]"
OBJECTS = f"SELECT 1 AS id, [{{{OBJECT}}}] AS annotations"
RESULTS = "SELECT 1 AS image_id, 1 AS category_id, [1.0, 2.0, 3.0, 4.0] AS bbox, 0.9 AS score"
HEAD = '{"categories": [{"id": 1, "name": "a"}]}'


def tables(folder: Path, truth: str, results: str = RESULTS, head: str = HEAD) -> None:
    """Ground truth and detections of one image as Parquet, from SQL."""
    connection = duckdb.connect()
    marked = f"(FORMAT parquet, KV_METADATA {{mapgap: '{head}'}})"
    connection.execute(f"COPY ({truth}) TO '{folder}/truth.parquet' {marked}")
    connection.execute(f"COPY ({results}) TO '{folder}/results.parquet' (FORMAT parquet)")


@pytest.mark.parametrize(
    ("truth", "results"),
    [
        (f"SELECT 1 AS id, [{{{OBJECT}, 'area': 12.0, 'iscrowd': false}}] AS annotations", RESULTS),
        (f"SELECT 1 AS id, [{{{OBJECT}, 'area': NULL::DOUBLE, 'iscrowd': NULL::INT}}] AS annotations", RESULTS),
        (f"SELECT 1::UBIGINT AS id, [{{{OBJECT}, 'image_id': 1}}] AS annotations", RESULTS),
        (f"{OBJECTS}, NULL::INT AS width", RESULTS.replace("4.0]", "4.0]::FLOAT[4]")),
        (OBJECTS, RESULTS.replace("image_id", '"Image_ID"')),
        (OBJECTS, RESULTS.replace("0.9", "0.9::DECIMAL(4, 3)")),
        (OBJECTS, RESULTS.replace("1 AS image_id", "1::DECIMAL(18, 2) AS image_id")),
        (OBJECTS, f"{RESULTS}, 5 AS shard"),
        (f"{OBJECTS}, DATE '2020-01-02' AS date_captured, map {{'a': 1}} AS m", RESULTS),
    ],
)
def test_tables_of_other_types_are_read(tmp_path: Path, truth: str, results: str) -> None:
    tables(tmp_path, truth, results)
    evaluation = mapgap.evaluate_shards(tmp_path)
    assert (evaluation.objects, evaluation.detections) == (1, 1)
    assert evaluation.metrics["AP"] == pytest.approx(1)
    assert mapgap.analyze_shards(tmp_path, resamples=0).metrics == evaluation.metrics


@pytest.mark.parametrize(
    ("truth", "results", "head", "words"),
    [
        (OBJECTS.replace("1 AS id", "NULL::INT AS id"), RESULTS, HEAD, "truth.parquet: an image has the id None"),
        ("SELECT 1 AS id, 5 AS annotations", RESULTS, HEAD, "truth.parquet: image 1 has no list of records"),
        ("SELECT 1 AS id, [NULL] AS annotations", RESULTS, HEAD, "truth.parquet: null among the annotations or"),
        (OBJECTS.replace("'id'", "'image_id': 2, 'id'"), RESULTS, HEAD, "truth.parquet: a record with the image_id 2"),
        ("SELECT 1 AS id, [5] AS annotations", RESULTS, HEAD, "truth.parquet: 5 among the annotations or"),
        (OBJECTS.replace("4.0]", "'nan'::DOUBLE]"), RESULTS, HEAD, "truth.parquet: image 1 or a record of it holds"),
        (f"{OBJECTS}, 'inf'::DOUBLE AS width", RESULTS, HEAD, "truth.parquet: image 1 or a record of it holds"),
        (OBJECTS, RESULTS, "xx", "truth.parquet: metadata 'mapgap' is no JSON object"),
        (OBJECTS, RESULTS, '{"categories": 5}', "truth.parquet: categories: 5 is not a list"),
        (OBJECTS, RESULTS.replace("0.9", "'x'"), HEAD, "results.parquet: the column score has no numbers but VARCHAR"),
        (
            OBJECTS,
            RESULTS.replace("0.9", "'0.9'"),
            HEAD,
            "results.parquet: the column score has no numbers but VARCHAR",
        ),
        (OBJECTS, RESULTS.replace("0.9", "true"), HEAD, "results.parquet: the column score has no numbers but BOOLEAN"),
        (OBJECTS, RESULTS.replace("1 AS image_id", "1.5 AS image_id"), HEAD, "results.parquet: the image_id 1.5 is no"),
        (
            OBJECTS,
            RESULTS.replace("1 AS category_id", f"{10**20}::DECIMAL(38, 0) AS category_id"),
            HEAD,
            "results.parquet: the category_id 100000000000000000000 is no whole number of 64 bits",
        ),
        (
            OBJECTS,
            RESULTS.replace("[1.0, 2.0, 3.0, 4.0]", "'1234'"),
            HEAD,
            "results.parquet: the column bbox has no lists",
        ),
        (
            OBJECTS,
            RESULTS.replace("[1.0, 2.0, 3.0, 4.0]", "['1', '2', '3', '4']"),
            HEAD,
            "results.parquet: the column bbox",
        ),
        (OBJECTS, RESULTS.replace("[1.0, 2.0, 3.0, 4.0]", "5"), HEAD, "results.parquet: the column bbox has no lists"),
    ],
)
def test_tables_of_wrong_types_are_named(tmp_path: Path, truth: str, results: str, head: str, words: str) -> None:
    tables(tmp_path, truth, results, head)
    assert refusal(tmp_path).startswith(words)


@pytest.mark.parametrize("detections", ["[5]", "5"])
def test_lists_of_wrong_types_are_named(tmp_path: Path, detections: str) -> None:
    tables(tmp_path, f"{OBJECTS}, {detections} AS detections")
    (tmp_path / "results.parquet").unlink()
    assert refusal(tmp_path).startswith("truth.parquet: the table is not laid out as a shard (Binder Error")


DETECTION = "'category_id': 1, 'bbox': [1.0, 2.0, 3.0, 4.0], 'score': 0.9"
NESTED = f"{OBJECTS}, [{{{DETECTION}}}] AS detections"


def nested(folder: Path, table: str) -> None:
    """Both in one table."""
    tables(folder, table)
    (folder / "results.parquet").unlink()


def test_a_nested_detection_may_name_its_image_but_no_other(tmp_path: Path) -> None:
    for own in ("1", "NULL::BIGINT", "1.0"):
        nested(tmp_path, NESTED.replace("'score'", f"'image_id': {own}, 'score'"))
        assert mapgap.evaluate_shards(tmp_path).metrics["AP"] == pytest.approx(1)
    nested(tmp_path, NESTED.replace("'score'", "'image_id': 2, 'score'"))
    assert refusal(tmp_path).startswith("truth.parquet: a record with the image_id 2 stands among the annotations or")


def test_lists_that_are_all_empty_may_be_of_any_type(tmp_path: Path) -> None:
    for empty in ("[]", "[]::INT[]", "[]::VARCHAR[]", "NULL::STRUCT(a INT)[]"):
        nested(tmp_path, f"{OBJECTS}, {empty} AS detections")
        evaluation = mapgap.evaluate_shards(tmp_path)
        assert (evaluation.objects, evaluation.detections) == (1, 0)
    nested(tmp_path, f"{OBJECTS}, [{{'category_id': 1, 'bbox': [1.0]}}] AS detections")
    assert refusal(tmp_path).startswith("truth.parquet: the table has no column score")


def test_a_table_without_rows_may_have_columns_of_any_type(tmp_path: Path) -> None:
    tables(tmp_path, OBJECTS, "SELECT '' AS image_id, '' AS category_id, '' AS bbox, '' AS score WHERE false")
    assert mapgap.evaluate_shards(tmp_path).detections == 0


@pytest.mark.parametrize("kind", ["BIGINT", "DECIMAL(38, 0)"])
def test_ids_beyond_doubles_are_not_rounded(tmp_path: Path, kind: str) -> None:
    large = 2**53 + 1
    truth = f"SELECT {large} AS id, [{{{OBJECT}}}] AS annotations UNION ALL SELECT {large - 1} AS id, [] AS annotations"
    results = RESULTS.replace("1 AS image_id", f"{large}::{kind} AS image_id")
    tables(tmp_path, truth, results)
    assert mapgap.evaluate_shards(tmp_path).metrics["AP"] == pytest.approx(1)
    tables(tmp_path, truth, f"{results} UNION ALL {RESULTS.replace('1 AS image_id', f'NULL::{kind} AS image_id')}")
    words = "results.parquet: detections[1], field 'image_id': null is not an integer"
    assert refusal(tmp_path).startswith(words)
    evaluation = mapgap.evaluate_shards(tmp_path, reading=mapgap.Reading(lenient=True))
    assert (evaluation.detections, evaluation.metrics["AP"]) == (1, pytest.approx(1))


def test_ids_beyond_64_bits_beside_nulls_are_named(tmp_path: Path) -> None:
    both = [RESULTS.replace("1 AS category_id", f"{value}::UBIGINT AS category_id") for value in (2**63, "NULL")]
    tables(tmp_path, OBJECTS, " UNION ALL ".join(both))
    assert "field 'category_id': 9223372036854775808 is not an integer of at most 64 bits" in refusal(tmp_path)


def test_a_table_of_masks_may_have_a_column_called_shard(tmp_path: Path) -> None:
    mask = "{'size': [9, 9], 'counts': [10, 5, 66]}"
    truth = OBJECTS.replace("}]", f", 'segmentation': {mask}}}]") + ", 9 AS width, 9 AS height"
    results = f"SELECT 1 AS image_id, 1 AS category_id, {mask} AS segmentation, 0.9 AS score, 5 AS shard"
    tables(tmp_path, truth, results)
    assert mapgap.evaluate_shards(tmp_path, iou_type="segm").metrics["AP"] == pytest.approx(1)
