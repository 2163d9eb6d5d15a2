"""Runs in shards where memory or disk do not suffice."""

import os
from pathlib import Path
from typing import Any

import pytest

import mapgap
from mapgap import memory
from mapgap.errors import ResourceError
from mapgap.shards import collecting
from tests.command import complaint
from tests.command import mapgap as run_mapgap
from tests.shard_sets import of_images, write_both, write_results, write_rows, write_truths
from tests.test_shards_refused import PAIR, THREE

FULL = Path("/dev/full")


def test_an_analysis_without_memory_is_refused_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_both(tmp_path, PAIR, THREE)
    whole = mapgap.evaluate_shards(tmp_path).metrics
    needed = 600 * (len(PAIR.detections) + len(PAIR.ground_truth["annotations"]))
    monkeypatch.setattr(memory, "free_memory", lambda: needed - 1)
    with pytest.raises(ResourceError, match=r"analysing 6 detections at once takes some .* `mapgap evaluate --shards`"):
        mapgap.analyze_shards(tmp_path)
    monkeypatch.setattr(memory, "free_memory", lambda: needed)
    assert mapgap.read_shards(tmp_path).detections.score.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    monkeypatch.undo()
    assert mapgap.evaluate_shards(tmp_path).metrics == whole


def test_a_full_disk_ends_with_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_both(tmp_path, PAIR, THREE)
    monkeypatch.setattr(collecting.tempfile, "TemporaryFile", lambda **_: FULL.open("r+b", buffering=0))
    with pytest.raises(ResourceError, match=r"no room in .* for matched detections .No space left on device"):
        mapgap.evaluate_shards(tmp_path, most_in_memory=0)


def test_a_folder_that_cannot_be_written_ends_with_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_both(tmp_path, PAIR, THREE)

    def refused(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(collecting.tempfile, "TemporaryFile", refused)
    with pytest.raises(ResourceError, match=r"no room in .* for matched detections .Permission denied"):
        mapgap.evaluate_shards(tmp_path, most_in_memory=0)


def test_a_class_beyond_32_bits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_both(tmp_path, PAIR, THREE)
    monkeypatch.setattr(collecting, "MOST_OF_A_CLASS", 5)
    with pytest.raises(ResourceError, match="one class has 6 detections, and at most 5 can be put in order"):
        mapgap.evaluate_shards(tmp_path)


def test_small_batches_give_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_both(tmp_path, PAIR, THREE)
    whole = mapgap.evaluate(PAIR.ground_truth, PAIR.detections).metrics
    for rows in (0, 1, 3):
        monkeypatch.setattr(collecting, "ROWS_AT_ONCE", rows)
        for most in (0, 28, 100):
            assert mapgap.evaluate_shards(tmp_path, most_in_memory=most).metrics == whole


def test_a_full_disk_behind_a_buffer_ends_with_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_both(tmp_path, PAIR, THREE)
    monkeypatch.setattr(collecting.tempfile, "TemporaryFile", lambda **_: FULL.open("wb"))
    with pytest.raises(ResourceError, match=r"no room.* for matched detections .No space left on device"):
        mapgap.evaluate_shards(tmp_path, most_in_memory=0)


def test_without_a_folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_both(tmp_path, PAIR, THREE)
    monkeypatch.setattr(collecting.tempfile, "tempdir", None)
    monkeypatch.setattr(collecting.tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "nowhere")])
    with pytest.raises(ResourceError, match=r"no room for matched detections .No usable temporary directory"):
        mapgap.evaluate_shards(tmp_path, most_in_memory=0)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "folder: no file has such a name" in complaint(run_mapgap("evaluate", "--shards", "folder", cwd=tmp_path), 3)
    write_both(tmp_path, PAIR, THREE)
    mapgap.evaluate_shards(tmp_path)
    for name, words in (
        ("pipe", "is no file (a pipe, socket or device)"),
        ("lost", "a link that leads nowhere: No such file"),
    ):
        if name == "pipe":
            os.mkfifo(tmp_path / name)
        else:
            (tmp_path / name).symlink_to("nowhere")
        assert complaint(run_mapgap("evaluate", "--shards", name, cwd=tmp_path), 3).startswith(f"{name}: {words}")
        assert f"{name}: {words}" in complaint(run_mapgap("evaluate", "--shards", tmp_path, cwd=tmp_path), 3)
        (tmp_path / name).unlink()
    (tmp_path / "picture.json").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert "picture.json: the file is a PNG picture" in complaint(
        run_mapgap("evaluate", "--shards", "picture.json", cwd=tmp_path), 2
    )


def test_a_shard_that_goes_away_meanwhile_is_told(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)

    def progress(stage: str) -> None:
        if stage == "reading shards":
            (tmp_path / "truth-1.json").unlink()

    with pytest.raises(mapgap.AccessError, match=r"truth-1.json: cannot be read any more: No such file"):
        mapgap.evaluate_shards(tmp_path, progress=progress)


def test_a_table_whose_name_is_no_utf_8_is_told(tmp_path: Path) -> None:
    write_truths(tmp_path, PAIR, THREE)
    write_results(tmp_path, PAIR, THREE)
    odd = os.fsencode(tmp_path) + b"/caf\xe9.json"
    os.rename(tmp_path / "results-1.json", odd)
    assert mapgap.evaluate_shards(tmp_path).detections == 6
    os.unlink(odd)
    write_rows(tmp_path / "results-1.parquet", of_images(PAIR, THREE[1])["detections"])
    os.rename(tmp_path / "results-1.parquet", os.fsencode(tmp_path) + b"/caf\xe9.parquet")
    told = complaint(run_mapgap("evaluate", "--shards", tmp_path, cwd=tmp_path), 3)
    assert "Parquet files need a path in UTF-8. Rename it" in told
