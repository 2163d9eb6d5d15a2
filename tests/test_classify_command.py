"""`mapgap classify`: which columns are taken for what, what is refused and how, and what it prints."""

import gzip
import json
from pathlib import Path

import pytest

import mapgap
from mapgap.classification.reading import Columns, read_file
from mapgap.classification.tables import Samples
from tests.command import complaint
from tests.command import mapgap as run


def samples_of(folder: Path, text: str, columns: Columns | None = None, **options: str) -> Samples:
    path = folder / "predictions.csv"
    path.write_text(text, encoding="utf-8")
    return read_file(path, columns, **options)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("y_true,y_pred", Columns("y_true", "y_pred")),
        ("Label,Pred", Columns("Label", "Pred")),
        ("target,prediction,id", Columns("target", "prediction", id="id")),
        ("truth,prediction,file_name,light", Columns("truth", "prediction", id="file_name")),
        ("truth,score_1,score_2", Columns("truth", None, scores={"1": "score_1", "2": "score_2"})),
        ("truth,prob_1,prob_2,score_mean", Columns("truth", None, scores={"1": "prob_1", "2": "prob_2"})),
        ("truth,pred,label", Columns("truth", "pred")),
    ],
)
def test_columns_are_found_by_their_names(tmp_path: Path, header: str, expected: Columns) -> None:
    path = tmp_path / "predictions.csv"
    width = header.count(",") + 1
    path.write_text(f"{header}\n{','.join('1' * width)}\n{','.join('2' * width)}\n")
    assert read_file(path)[1] == expected


def test_other_columns_are_attributes(tmp_path: Path) -> None:
    rows = "".join(f"a,a,{'day' if i % 2 else 'night'},{i},name {i},{i % 3 == 0}\n" for i in range(80))
    samples = samples_of(tmp_path, f"truth,pred,light,distance,remark,is_wet\n{rows}")
    values = {attribute.name: attribute.values for attribute in samples.attributes}
    assert values == {
        "light": ("day", "night"),
        "distance": ("< 20", "20 to 40", "40 to 60", ">= 60"),
        "is_wet": (False, True),
    }
    assert [(notice.code, notice.count) for notice in samples.notices] == [("attribute_left_out", 80)]


@pytest.mark.parametrize("kind", ["plain", "marked", "gzip", "semicolons", "quoted", "windows"])
def test_the_same_table_in_other_clothes(tmp_path: Path, kind: str) -> None:
    text = "truth,pred,wéather\ncat,dog,n/a\ndog,dog,rain\n"
    written = {
        "semicolons": text.replace(",", ";"),
        "quoted": text.replace("cat", '"cat"'),
        "windows": text.replace("\n", "\r\n"),
        "marked": "\ufeff" + text,
    }.get(kind, text)
    path = tmp_path / "predictions.csv"
    path.write_bytes(gzip.compress(written.encode()) if kind == "gzip" else written.encode())
    samples, _ = read_file(path)
    assert samples.labels == ("cat", "dog")
    assert samples.prediction.tolist() == [1, 1]
    assert samples.attributes[0].values == ("rain", "n/a")


def test_whole_numbers_are_one_label_however_they_are_written(tmp_path: Path) -> None:
    samples = samples_of(tmp_path, "y_true,y_pred\n1,1.0\n 0,0.0\n10,0\n")
    assert samples.labels == ("0", "1", "10")
    assert samples.prediction.tolist() == [1, 0, 0]
    assert samples_of(tmp_path, "y_true,y_pred\nv1.0,v1\nv1,v1\n").labels == ("v1", "v1.0")


def test_a_parquet_file_is_read_too(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "predictions.parquet"
    duckdb.sql("SELECT * FROM (VALUES (true, .9, 'day'), (false, .2, NULL)) t(truth, score, light)").write_parquet(
        str(path)
    )
    samples, _ = read_file(path)
    assert samples.labels == ("false", "true")
    assert samples.prediction.tolist() == [1, 0]
    assert samples.attributes[0].values == ("day", "n/a")


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("", [], "predictions.csv: the file is empty"),
        ("truth,pred\n", [], "predictions.csv: the file has a header and no row"),
        ("a,b\n1,2\n", [], "no column holds the truth. Name it with --truth; columns: a, b"),
        ("truth,b\n1,2\n", [], "no column holds predictions or scores"),
        (
            "truth,pred\nx,y\n",
            ["--truth", "trth"],
            "there is no column trth. Columns, the most alike first: truth, pred",
        ),
        ("truth,pred\nx,y\nx\n", [], "line 3: 1 fields, but the header has 2"),
        ("truth,pred\nx,y\n,y\n", [], "line 3: truth: the label is missing"),
        ("truth,pred\nx,y\nx,\n", [], "line 3: pred: the label is missing"),
        ("truth,score\n1,.5\n0,nan\n", [], 'line 3: score: "nan" is no score'),
        ("truth,score\n1,.5\n0,\n", [], "line 3: score: the score is missing"),
        ("truth,score\n1,.5\n0,much\n", [], 'line 3: score: "much" is no score'),
        ("truth,score\ncat,.5\ndog,.1\n", [], "scores: nobody said which label the scores are of"),
        ("truth,score\ncat,.5\ndog,.1\n", ["--positive", "dgo"], "positive: no label is"),
        ("truth,pred\na,b\n", ["--threshold", "0.5"], "threshold: a threshold has no meaning"),
        ("truth,score\n1,.5\n0,.1\n", ["--threshold", "often"], "threshold: 'often' is no rule"),
        ("truth,pred\na,b\n", ["--by", "light"], "no attribute is called light"),
        ("truth,pred\na,b\n", ["--scores", "a"], "write label=column for each class"),
        ("truth,truth\na,b\n", [], "columns 1 and 2 are both called"),
        ('truth,pred\n"a,b\n', [], "no CSV"),
    ],
)
def test_bad_input_is_one_line_that_says_where(tmp_path: Path, text: str, options: list[str], words: str) -> None:
    (tmp_path / "predictions.csv").write_text(text)
    assert words in complaint(run("classify", "predictions.csv", *options, cwd=tmp_path), 2)


def test_what_cannot_be_read_or_replaced(tmp_path: Path) -> None:
    complaint(run("classify", "nowhere.csv", cwd=tmp_path), 3)
    (tmp_path / "predictions.csv").write_text("truth,pred\na,b\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert "notes.txt" in complaint(run("classify", "predictions.csv", "-o", "mine", cwd=tmp_path), 3)
    assert "holds the input" in complaint(run("classify", "predictions.csv", "-o", ".", cwd=tmp_path), 3)


def test_one_class_only_has_no_auc(tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text("truth,score\n1,.5\n1,.1\n")
    summary = json.loads(run("classify", "predictions.csv", "--json", cwd=tmp_path).stdout)
    assert summary["metrics"]["auc"] is None
    assert summary["metrics"]["recall"] == 0.5
    assert summary["metrics"]["specificity"] is None


def test_the_lines_for_people(tmp_path: Path) -> None:
    rows = "1,0.9\n" * 400 + "0,0.8\n" * 100 + "1,0.2\n" * 150 + "0,0.1\n" * 350
    (tmp_path / "predictions.csv").write_text("y_true,score\n" + rows)
    done = run("classify", "predictions.csv", "--resamples", "0", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "1,000 samples, 2 classes, 1 from score 0.5 up",
        "accuracy     75 % of 1,000, 750 right",
        "precision    80 % of 500",
        "recall       73 % of 550",
        "specificity  78 % of 450",
        "F1           .762",
        "AUC          .939",
        "confused     1 -> 0: 150 (27 % of it)",
        "confused     0 -> 1: 100 (22 % of it)",
    ]
    assert done.stderr == "mapgap: columns: truth y_true; score score\n"


def test_the_folder_is_the_same_twice_and_replaces_its_like(tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text("truth,pred,light\n" + "a,b,day\na,a,night\nb,b,day\n" * 20)
    for folder in ("one", "two", "two"):
        assert run("classify", "predictions.csv", "-o", folder, cwd=tmp_path).returncode == 0
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "summary.json" in names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    table = mapgap.read_table(tmp_path / "one" / "samples.parquet")
    assert table["outcome"].value_counts().to_dict() == {"right": 40, "wrong": 20}
    assert table["light"].tolist()[:2] == ["day", "night"]
    matrix = mapgap.read_table(tmp_path / "one" / "confusion_matrix.csv")
    assert matrix.to_numpy().tolist() == [["a", 20, 20], ["b", 0, 20]]
    assert mapgap.read_table(tmp_path / "one" / "per_class.csv")["support"].tolist() == [40, 20]
    assert len(mapgap.read_table(tmp_path / "one" / "slices.csv")) == 5
