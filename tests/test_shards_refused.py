"""Shards that do not fit together, or cannot be read: each is named and refused."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

import mapgap
from tests.command import complaint, complaints
from tests.command import mapgap as run_mapgap
from tests.generated import CocoPair
from tests.shard_sets import of_images, write_both, write_results, write_rows, write_truths

PAIR = CocoPair(
    {
        "images": [{"id": i, "width": 70, "height": 70, "file_name": f"{i}.jpg"} for i in range(1, 7)],
        "annotations": [
            {
                "id": i,
                "image_id": i,
                "category_id": 1 + i % 2,
                "bbox": [10.0, 10.0, 20.0, 20.0],
                "area": 400.0,
                "iscrowd": 0,
                "attributes": {"occlusion": "none"},
            }
            for i in range(1, 7)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    },
    [{"image_id": i, "category_id": 1, "bbox": [10.0, 10.0, 20.0, 21.0], "score": i / 10} for i in range(1, 7)],
)
THREE = [[1, 2], [3, 4], [5, 6]]
KINDS = ("json", "jsonl", "parquet")


def refusal(folder: Path) -> str:
    """What `evaluate_shards` says, which `analyze_shards` and the command say too."""
    with pytest.raises(mapgap.InputError) as refused:
        mapgap.evaluate_shards(folder)
    with pytest.raises(mapgap.InputError) as refused_again:
        mapgap.analyze_shards(folder)
    assert str(refused_again.value) == str(refused.value)
    told = complaints(run_mapgap("evaluate", "--shards", folder, cwd=folder), 2)
    assert told == str(refused.value).splitlines()
    return str(refused.value)


def marked(folder: Path, kind: str) -> list[Path]:
    """Three shards that say which they are."""
    return list(mapgap.write_shards(PAIR.ground_truth, PAIR.detections, folder, shards=3, format=kind, name="set"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_shard_is_named(tmp_path: Path, kind: str) -> None:
    marked(tmp_path, kind)[1].unlink()
    words = "1 shard of ground truth and detections missing from the set 'set' of 3: number 2. Give all of them"
    assert refusal(tmp_path) == words


@pytest.mark.parametrize("number", [1, 2, 3])
def test_any_number_may_be_missing(tmp_path: Path, number: int) -> None:
    marked(tmp_path, "json")[number - 1].unlink()
    assert f"missing from the set 'set' of 3: number {number}. Give" in refusal(tmp_path)


def test_a_shortened_shard_with_bad_records_is_told_of_the_records(tmp_path: Path) -> None:
    path = marked(tmp_path, "json")[0]
    content = json.loads(path.read_text())
    content["detections"][0]["image_id"] = None
    path.write_text(json.dumps(content))
    assert refusal(tmp_path).startswith("set-00001-of-00003.json: detections[0], field 'image_id': null is not")
    content["images"].pop()
    content["annotations"].pop()
    path.write_text(json.dumps(content))
    assert "holds 1 images and says that it has 2: the file was cut off" in refusal(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shard_given_twice_is_named(tmp_path: Path, kind: str) -> None:
    path = marked(tmp_path, kind)[1]
    (tmp_path / f"copy.{kind}").write_bytes(path.read_bytes())
    assert f"set-00002-of-00003.{kind}: is shard 2 of 3, and so is copy.{kind}" in refusal(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shard_of_another_set_is_named(tmp_path: Path, kind: str) -> None:
    marked(tmp_path, kind)
    other = tmp_path.with_name(f"{tmp_path.name}-other")
    (path,) = mapgap.write_shards(PAIR.ground_truth, PAIR.detections, other, shards=1, format=kind, name="other")
    path.rename(tmp_path / path.name)
    assert f"other-00001-of-00001.{kind}: is of the set 'other' of 1, and 3 shards are of 'set' of 3" in refusal(
        tmp_path
    )


def test_a_shard_without_a_mark_among_marked_ones_is_named(tmp_path: Path) -> None:
    marked(tmp_path, "json")
    write_both(tmp_path, PAIR, [[1]])
    assert refusal(tmp_path).startswith("both-0.json: has no mark, and set-00001-of-00003.json is marked")


def test_a_shard_of_lines_that_was_cut_off_is_named(tmp_path: Path) -> None:
    path = marked(tmp_path, "jsonl")[2]
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    assert "set-00003-of-00003.jsonl: holds 1 images and says that it has 2: the file was cut off" in refusal(tmp_path)
    path.write_text("".join(lines)[:-10])
    assert refusal(tmp_path).startswith("set-00003-of-00003.jsonl: line 3: not a JSON object: Input data was truncated")


@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_a_file_that_was_cut_off_is_named(tmp_path: Path, kind: str) -> None:
    path = marked(tmp_path, kind)[2]
    path.write_bytes(path.read_bytes()[:-20])
    assert refusal(tmp_path).startswith(f"set-00003-of-00003.{kind}: ")


def test_a_packed_shard_that_was_cut_off_is_named(tmp_path: Path) -> None:
    path = marked(tmp_path, "json")[2]
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    path.with_suffix(".json.gz").write_bytes(packed)
    mapgap.evaluate_shards(tmp_path)
    path.with_suffix(".json.gz").write_bytes(packed[:-9])
    assert refusal(tmp_path).startswith("set-00003-of-00003.json.gz: invalid gzip")


def test_a_shard_with_more_records_than_it_says_is_named(tmp_path: Path) -> None:
    path = marked(tmp_path, "json")[0]
    content = json.loads(path.read_text())
    content["detections"].append(content["detections"][0])
    path.write_text(json.dumps(content))
    words = "set-00001-of-00003.json: holds 3 detections and says that it has 2: the file has grown"
    assert refusal(tmp_path).startswith(words)


def test_an_image_in_two_shards_of_ground_truth_is_named(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, [[1, 2, 3], [3, 4, 5, 6]])
    write_results(tmp_path, PAIR, THREE)
    assert refusal(tmp_path).startswith("truth-1.json: image 3 has ground truth in truth-0.json too")


def test_detections_of_an_image_in_two_shards_are_named(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, [[1, 2, 3, 4], [3, 4, 5, 6]])
    words = "results-1.json: image 3 has detections in results-0.json too (2 such images)"
    assert refusal(tmp_path).startswith(words)


def test_a_missing_shard_of_ground_truth_is_told(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE[:2])
    write_results(tmp_path, PAIR, THREE)
    assert refusal(tmp_path).startswith("results-2.json: 2 of its 2 images, such as 5, are in no shard of ground truth")


def test_a_missing_shard_of_detections_is_told(tmp_path: Path) -> None:
    truth = PAIR.ground_truth
    annotations = [{**truth["annotations"][4], "id": 10 + n} for n in range(9)]
    pair = CocoPair({**truth, "annotations": [*truth["annotations"], *annotations]}, PAIR.detections)
    write_truths(tmp_path, pair, THREE)
    write_results(tmp_path, pair, THREE[:2])
    assert refusal(tmp_path).startswith("truth-2.json: no detection is on any of its images, and there are 2 shards")
    (tmp_path / "empty.json").write_text("[]")
    evaluation = mapgap.evaluate_shards(tmp_path)
    assert evaluation.detections == 4
    assert evaluation.notices == ()  # what is said of the data does not depend on files
    (notice,) = evaluation.shard_notices
    assert (notice.code, notice.examples) == ("shard_without_detections", ("truth-2.json",))
    assert mapgap.read_shards(tmp_path).shard_notices == (notice,)
    for command in (("evaluate",), ("report", "--resamples", "0", "-o", tmp_path / "report")):
        done = run_mapgap(*command, "--shards", tmp_path / "*.json", cwd=tmp_path)
        assert done.returncode == 0
        assert (
            "warning: shard_without_detections: no detection is on any of the 2 images of truth-2.json" in done.stderr
        )


def test_a_small_shard_without_detections_is_only_told(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE[:2])
    evaluation = mapgap.evaluate_shards(tmp_path)
    assert [notice.code for notice in evaluation.shard_notices] == ["shard_without_detections"]


def test_other_classes_are_told(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)
    stranger = of_images(PAIR, THREE[2])
    del stranger["detections"]
    stranger["categories"] = [{"id": 1, "name": "cat"}, {"id": 2, "name": "fox"}]
    (tmp_path / "truth-2.json").write_text(json.dumps(stranger))
    assert refusal(tmp_path).startswith("truth-2.json: its classes are not those of truth-0.json: 2 (dog), 2 (fox)")


def test_classes_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)
    whole = mapgap.evaluate_shards(tmp_path).metrics
    for path in tmp_path.glob("truth-*.json"):
        content = json.loads(path.read_text())
        del content["categories"]
        path.write_text(json.dumps(content))
    assert refusal(tmp_path).startswith("no shard says which classes there are")
    (tmp_path / "classes.json").write_text(json.dumps({"categories": PAIR.ground_truth["categories"]}))
    assert mapgap.evaluate_shards(tmp_path).metrics == whole
    assert mapgap.analyze_shards(tmp_path).metrics == whole
    (tmp_path / "classes.json").write_text(json.dumps({"categories": [{"id": 1, "name": "cat"}]}))
    assert refusal(tmp_path).startswith("truth-0.json: annotations of the class 2, which no shard names")


def test_only_one_side_is_told(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    assert refusal(tmp_path) == "none of the shards holds detections. Name their files too"
    for path in tmp_path.iterdir():
        path.unlink()
    write_results(tmp_path, PAIR, THREE)
    assert refusal(tmp_path).startswith("no shard says which classes there are")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"score": float("nan")}, "results-0.json: invalid JSON at byte"),
        ({"score": None}, "results-0.json: detections[0], field 'score'"),
        ({"bbox": [1.0, 2.0, 3.0]}, "results-0.json: detections[0], field 'bbox'"),
        ({"category_id": 7}, "results-0.json: detections[0], field 'category_id': 7 is not the id of any category"),
        ({"image_id": "x"}, "results-0.json: detections[0], field 'image_id'"),
        ({"image_id": 1.5}, "results-0.json: detections[0], field 'image_id'"),
    ],
)
def test_a_bad_record_is_named_with_its_file(tmp_path: Path, record: dict[str, Any], words: str) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)
    path = tmp_path / "results-0.json"
    first, *others = json.loads(path.read_text())
    path.write_text(json.dumps([first | record, *others]))
    assert refusal(tmp_path).startswith(words)
    if record.get("score", 0) is None:
        evaluation = mapgap.evaluate_shards(tmp_path, reading=mapgap.Reading(lenient=True))
        assert evaluation.detections == 5
        (total,), (by_file,) = evaluation.notices, evaluation.shard_notices
        assert (total.code, total.message) == ("score_invalid", "shards: score invalid (1 record)")
        assert by_file.message == "results-0.json: 1 record left out: null is not a finite number"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[1]", "line 2: not a JSON object: Expected `object`, got `array`"),
        ('{"image": {"id": 9}, "annotations": [5]}', "5 among the annotations or detections of image 9 is no object"),
        ("{}", "line 2: the line is neither an image nor a detection"),
        ('{"image": {"id": 1}}', "line 2: the image has neither annotations nor detections"),
        ('{"image": {"id": "a"}, "annotations": []}', "line 2: the image has no id that is a whole number"),
        ('{"image": {"id": 9}, "annotations": 5}', "line 2: not a JSON object: Expected `array | null`, got `int`"),
        (
            '{"image": {"id": 1e300}, "annotations": []}',
            "line 2: the image has the id 1e+300, which is no whole number",
        ),
        ('{"annotations": []}', "line 2: the annotations stand beside no image"),
        ('{"annotations": [{"id": 9}], "detections": []}', "line 2: the annotations stand beside no image"),
        ('{"categories": [{"id": 5}]}', "line 2: the line has a 'categories' other than a line above"),
        (
            '{"image": {"id": 9}, "annotations": [], "categories": [{"id": 5}]}',
            "line 2: the line has a 'categories' other than a line above",
        ),
        ('{"image": {"id": 9}, "annotations": [], "shard": 3}', "shard: not the mark of a shard"),
        ('{"image": {"id": 9}, "image_id": 8, "annotations": []}', "line 2: the line has another image_id than its"),
        ('{"image": {"id": 9}, "annotations": [{"image_id": 8}]}', "a record with the image_id 8 stands among the"),
        ('{"image": {"id": 9}, "annotations": [{"image_id": ' + "[" * 9999 + "]" * 9999 + "}]}", "line 2: not a JSON"),
        ('{"image": {"id": 9}, "annotations": [null]}', "null among the annotations or detections of image 9 is no"),
        ('{"shard": {"set": "a", "number": 4, "of": 3}}', "shard: number 4 of 3 is no number of a shard"),
        ('{"shard": 3}', "shard: not the mark of a shard"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    write_both(tmp_path, PAIR, THREE, "jsonl")
    path = tmp_path / "both-1.jsonl"
    first, *others = path.read_text().splitlines()
    path.write_text("\n".join([first, line, *others]))
    assert refusal(tmp_path).startswith(f"both-1.jsonl: {words}")


def test_a_line_of_an_image_may_have_the_classes_and_the_mark(tmp_path: Path) -> None:
    write_both(tmp_path, PAIR, THREE, "jsonl")
    whole = mapgap.evaluate_shards(tmp_path).metrics
    for number, path in enumerate(sorted(tmp_path.iterdir()), 1):
        head, *lines = [json.loads(line) for line in path.read_text().splitlines()]
        mark = {"shard": {"set": "s", "number": number, "of": 3}}
        lines[0] |= {**head, **mark, "image": {**lines[0]["image"], "id": float(lines[0]["image"]["id"])}}
        path.write_text("\n".join(json.dumps(line) for line in (*lines, head, mark)))
    path.write_text(path.read_text() + "\n" + json.dumps(head, separators=(",", ":")))
    evaluation = mapgap.evaluate_shards(tmp_path)
    assert (evaluation.metrics, evaluation.name) == (whole, "s")
    path.write_text(path.read_text() + '\n{"shard": {"set": "s", "number": 1, "of": 3}}')
    assert "line 6: the line has a 'shard' other than a line above" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"images": 5}, "truth-0.json: images: 5 is not a list"),
        ({"images": None}, "truth-0.json: images: null is not a list"),
        ({"annotations": None}, "truth-0.json: annotations: null is not a list"),
        ({"annotations": {}}, "truth-0.json: annotations: {} is not a list"),
        ({"images": [{"id": 1e300}]}, "truth-0.json: images[0], field 'id': 1e+300 is not an integer"),
    ],
)
@pytest.mark.parametrize("has_classes", [True, False])
def test_what_is_no_list_is_named(tmp_path: Path, lists: dict[str, Any], words: str, has_classes: bool) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)
    path = tmp_path / "truth-0.json"
    content = json.loads(path.read_text())
    if not has_classes:
        del content["categories"]
    path.write_text(json.dumps(content | lists))
    assert refusal(tmp_path).startswith(words)


def test_lines_of_images_with_and_without_detections_may_be_mixed(tmp_path: Path) -> None:
    write_both(tmp_path, PAIR, [[1, 2, 3, 4, 5, 6]], "jsonl")
    whole = mapgap.evaluate_shards(tmp_path)
    path = tmp_path / "both-0.jsonl"
    head, *lines = path.read_text().splitlines()
    for silent in (0, 5):
        less = [json.loads(line) for line in lines]
        del less[silent]["detections"]
        path.write_text("\n".join([head, *map(json.dumps, less)]))
        assert mapgap.evaluate_shards(tmp_path).detections == whole.detections - 1
        del less[silent]["annotations"]
        less[silent]["detections"] = []
        path.write_text("\n".join([head, *map(json.dumps, less)]))
        evaluation = mapgap.evaluate_shards(tmp_path)
        assert (evaluation.objects, evaluation.detections) == (whole.objects - 1, whole.detections - 1)


def rows(path: Path, **changes: Any) -> None:
    """The detections of the first part as a table, the first row changed."""
    first, *others = of_images(PAIR, THREE[0])["detections"]
    write_rows(path, [first | changes, *others])


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: rows(path, score=None), "detections[0], field 'score': nan is not"),
        (lambda path: rows(path, image_id=None), "detections[0], field 'image_id': nan is not"),
        (lambda path: rows(path, bbox=[1, 2, 3]), "detections[0], field 'bbox': [nan, nan, nan, nan] is not"),
        (lambda path: rows(path, category_id=9), "detections[0], field 'category_id': 9 is not the id of any category"),
        (lambda path: path.write_bytes(b"PAR1 and no more"), "not a readable Parquet file"),
        (lambda path: path.write_bytes(b""), "not a readable Parquet file"),
        (lambda path: write_rows(path, [{"a": 1}], {"a": "BIGINT"}), "no shard has the columns a. A shard has one row"),
        (
            lambda path: write_rows(path, [{"image_id": 1, "score": 1}], {"image_id": "BIGINT", "score": "DOUBLE"}),
            "the table has no column category_id",
        ),
        (
            lambda path: write_rows(
                path,
                [{"image_id": "a", "score": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}],
                {"image_id": "VARCHAR", "score": "DOUBLE", "category_id": "BIGINT", "bbox": "DOUBLE[]"},
            ),
            "the column image_id has no numbers",
        ),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, write: Callable[[Path], None], words: str) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE, "parquet")
    write(tmp_path / "results-0.parquet")
    assert refusal(tmp_path).startswith(f"results-0.parquet: {words}")


def test_tables_of_other_forms_are_read(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)
    whole = mapgap.evaluate_shards(tmp_path).metrics
    (tmp_path / "results-0.json").unlink()
    records = [
        {**record, **dict(zip(("x", "y", "width", "height"), record["bbox"], strict=True))}
        for record in of_images(PAIR, THREE[0])["detections"]
    ]
    sides = dict.fromkeys(("x", "y", "width", "height", "score"), "DOUBLE")
    write_rows(tmp_path / "rows.pq", records, {"image_id": "INTEGER", "category_id": "SMALLINT", **sides})
    assert mapgap.evaluate_shards(tmp_path).metrics == whole
    floats = {"image_id": "DOUBLE", "category_id": "DOUBLE", "bbox": "DOUBLE[]", "score": "DOUBLE"}
    write_rows(tmp_path / "rows.pq", records, floats)
    assert mapgap.evaluate_shards(tmp_path).metrics == whole


def test_a_table_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    bomb = tmp_path / "results.parquet"
    rows = "SELECT 1 AS image_id, 1 AS category_id, [1.0, 2.0, 3.0, 4.0] AS bbox, 0.5 AS score FROM range(1000000)"
    duckdb.connect().execute(f"COPY ({rows}) TO '{bomb}' (FORMAT parquet)")
    assert bomb.stat().st_size < 100_000
    reading = mapgap.Reading(max_input_bytes=10_000_000)
    with pytest.raises(mapgap.InputError, match="it unpacks to more than the 10,000,000 bytes"):
        mapgap.evaluate_shards(tmp_path, reading=reading)
    assert "unpacks to" in complaint(
        run_mapgap("evaluate", "--shards", tmp_path, "--max-input-bytes", "10000000", cwd=tmp_path), 2
    )


def test_files_are_found_by_pattern_folder_and_name(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)
    whole = mapgap.evaluate_shards(tmp_path).metrics
    assert mapgap.evaluate_shards([str(tmp_path / "truth-*"), str(tmp_path / "results-*")]).metrics == whole
    assert mapgap.evaluate_shards([str(tmp_path / "*"), str(tmp_path / "truth-0.json")]).metrics == whole
    odd = tmp_path / "truth-0.json"
    odd = odd.rename(tmp_path / "truth[0].json")
    assert mapgap.evaluate_shards([odd, *sorted(tmp_path.glob("*-*"))]).metrics == whole
    with pytest.raises(mapgap.AccessError, match="no file has such a name"):
        mapgap.evaluate_shards(str(tmp_path / "nothing-*.json"))
    with pytest.raises(mapgap.InputError, match="no shards are given"):
        mapgap.evaluate_shards([])


def test_what_cannot_be_asked_of_shards_is_told(tmp_path: Path) -> None:
    write_both(tmp_path, PAIR, THREE)
    with pytest.raises(mapgap.InputError, match="--image-map stem cannot be asked of shards"):
        mapgap.evaluate_shards(tmp_path, reading=mapgap.Reading(image_map="stem"))
    with pytest.raises(mapgap.InputError, match="is no client of a cluster"):
        mapgap.evaluate_shards(tmp_path, client=7)
    with pytest.raises(mapgap.InputError, match="iou_type 'keypoints' is not supported"):
        mapgap.evaluate_shards(tmp_path, iou_type="keypoints")


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    for command in ("evaluate", "report"):
        assert "leave DT out" in complaint(run_mapgap(command, "a.json", "b", "--shards", "c", cwd=tmp_path), 2)
        assert "--scheduler needs --shards" in complaint(
            run_mapgap(command, "a.json", "a.json", "--scheduler", "tcp://127.0.0.1:1", cwd=tmp_path), 2
        )
        assert "Missing argument 'GT'" in complaint(run_mapgap(command, cwd=tmp_path), 2)
        assert "no file has such a name" in complaint(run_mapgap(command, "--shards", "x*", cwd=tmp_path), 3)


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(mapgap.AccessError, match="holds mine"):
        mapgap.write_shards(PAIR.ground_truth, PAIR.detections, tmp_path, shards=2)
    for wrong, words in (({"shards": 0}, "no number of shards"), ({"shards": 1, "format": "xml"}, "is not known")):
        with pytest.raises(mapgap.InputError, match=words):
            mapgap.write_shards(PAIR.ground_truth, PAIR.detections, tmp_path / "new", **wrong)  # type: ignore[arg-type]
    with pytest.raises(mapgap.InputError, match="is no name of a set"):
        mapgap.write_shards(PAIR.ground_truth, PAIR.detections, tmp_path / "new", shards=1, name="../x")
