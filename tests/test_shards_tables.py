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
        ("SELECT 1 AS id, [5] AS annotations", RESULTS, HEAD, "truth.parquet: 5 among the annotations or"),
        (OBJECTS.replace("4.0]", "'nan'::DOUBLE]"), RESULTS, HEAD, "truth.parquet: image 1 or a record of it holds"),
        (f"{OBJECTS}, 'inf'::DOUBLE AS width", RESULTS, HEAD, "truth.parquet: image 1 or a record of it holds"),
        (OBJECTS, RESULTS, "xx", "truth.parquet: metadata 'mapgap' is no JSON object"),
        (OBJECTS, RESULTS, '{"categories": 5}', "truth.parquet: categories: 5 is not a list"),
        (OBJECTS, RESULTS.replace("0.9", "'x'"), HEAD, "results.parquet: the table is not laid out as a shard (Conv"),
        (OBJECTS, RESULTS.replace("[1.0, 2.0, 3.0, 4.0]", "5"), HEAD, "results.parquet: the table is not laid out"),
    ],
)
def test_tables_of_wrong_types_are_named(tmp_path: Path, truth: str, results: str, head: str, words: str) -> None:
    tables(tmp_path, truth, results, head)
    assert refusal(tmp_path).startswith(words)


@pytest.mark.parametrize("detections", ["[5]", "[{'category_id': 1, 'bbox': [1.0]}]", "5"])
def test_lists_of_wrong_types_are_named(tmp_path: Path, detections: str) -> None:
    tables(tmp_path, f"{OBJECTS}, {detections} AS detections")
    (tmp_path / "results.parquet").unlink()
    assert refusal(tmp_path).startswith("truth.parquet: the table is not laid out as a shard (Binder Error")
