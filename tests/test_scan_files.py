"""Files for the fast reader: gzip, pipes, what cannot be read, what changes meanwhile."""

import gzip
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mapgap import _kernel
from mapgap.coco.ground_truth import read_ground_truth
from mapgap.errors import AccessError
from tests.command import PATIENCE_SECONDS
from tests.scan_checks import ground_truth_of_ids, is_read_fast, outcome, require_handed_over, table_differences
from tests.scan_corpus import usual_texts

pytestmark = pytest.mark.kernel

ONE = np.array([1])
TRUTH, RESULTS = usual_texts()["ground_truth_tiny"], usual_texts()["detections_tiny"]


def written(path: Path, text: bytes) -> Path:
    path.write_bytes(text)
    return path


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    ground_truth = ground_truth_of_ids([1], [1])
    for text, truth in ((TRUTH, None), (b"\xef\xbb\xbf" + TRUTH, None), (RESULTS, ground_truth)):
        path = written(tmp_path / "text.json", gzip.compress(text))
        assert is_read_fast(path, truth)
        assert table_differences(outcome(path, truth), outcome(path, truth, carefully=True)) == []


@pytest.mark.parametrize("broken", ["short", "magic", "empty", "checksum", "tail", "twice"])
def test_broken_gzip(tmp_path: Path, broken: str) -> None:
    packed = gzip.compress(TRUTH)
    texts = {
        "short": packed[:-9],
        "magic": packed[:2],
        "empty": gzip.compress(b""),
        "checksum": packed[:-8] + bytes(4) + packed[-4:],
        "tail": packed + b"\x00\x00x",
        "twice": gzip.compress(packed),
    }
    require_handed_over(tmp_path / "text.json", texts[broken])


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    ground_truth = ground_truth_of_ids([1], [1])
    for path in (tmp_path, tmp_path / "nowhere.json", f"{tmp_path}/\0", "\ud800", "x" * 5000):
        assert "AccessError" in outcome(path)
        assert "AccessError" in outcome(path, ground_truth)
        assert outcome(path) == outcome(path, carefully=True)


def test_a_file_that_vanishes_before_it_is_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "text.json", TRUTH)
    scan = _kernel.scan_ground_truth

    def vanish(*arguments: object) -> object:
        path.unlink()
        return scan(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(_kernel, "scan_ground_truth", vanish)
    with pytest.raises(AccessError):
        read_ground_truth(path)


def test_a_named_pipe_is_opened_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    outcomes: list[object] = []
    program = f"from pathlib import Path; Path({str(path)!r}).write_bytes({TRUTH!r})"
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as writer:
        # A second opening would wait for a second writer.
        reader = threading.Thread(target=lambda: outcomes.append(outcome(path)), daemon=True)
        reader.start()
        _, complaint = writer.communicate(timeout=PATIENCE_SECONDS)
        reader.join(PATIENCE_SECONDS)
    assert (writer.returncode, complaint) == (0, b"")
    path.unlink()
    careful = outcome(written(path, TRUTH), carefully=True)
    assert table_differences(outcomes[0], careful) == []


@pytest.mark.parametrize("is_pipe", [True, False])
def test_standard_input(tmp_path: Path, is_pipe: bool) -> None:
    path = written(tmp_path / "text.json", TRUTH)
    program = "from mapgap.coco.ground_truth import read_ground_truth as r; print(len(r('/dev/stdin').ids))"
    with open(path, "rb") as file:
        source: dict[str, Any] = {"input": TRUTH} if is_pipe else {"stdin": file}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, **source, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    assert (done.stdout, done.stderr) == (b"1\n", b"")


@pytest.mark.parametrize("text", [TRUTH, RESULTS], ids=["ground truth", "detections"])
def test_a_file_that_becomes_shorter_while_it_is_read(tmp_path: Path, text: bytes) -> None:
    """Less is there than its size promised, even if what is there could stand alone."""

    def scan(size: int) -> object:
        with open(path, "rb") as file:
            if text is TRUTH:
                return _kernel.scan_ground_truth(file.fileno(), size, True)
            return _kernel.scan_detections(file.fileno(), size, ONE, ONE)

    path = written(tmp_path / "text.json", text + b"  ")
    assert scan(len(text) + 2) is not None
    assert scan(len(text)) is not None
    assert scan(len(text) + 3) is None
    assert scan(len(text) - 1) is None
    assert scan(10**15) is None
    assert scan(0) is None


def test_a_file_that_is_closed() -> None:
    assert _kernel.scan_ground_truth(10**6, 100, True) is None
    assert _kernel.scan_detections(-1, 100, ONE, ONE) is None
