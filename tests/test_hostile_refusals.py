"""What mapgap says of files whose every value attacks: the values are quoted, the lines stay lines."""

import json
import os
from itertools import cycle
from pathlib import Path

import pytest

from tests import hostile
from tests.command import mapgap
from tests.hostile import NAMES, run_file, steering_in

RUN = run_file("a")
NAME = "\x1b[31m\u202e<b>"
FIELDS = ("bbox", "category_id", "image_id", "iscrowd", "area", "id", "attributes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both inputs with a hostile text in every field that is read, and files that are no JSON."""
    folder = hostile.write_inputs(tmp_path_factory.mktemp("refused"))
    truth = hostile.ground_truth()
    for annotation, field, name in zip(truth["annotations"], cycle(FIELDS), cycle(NAMES), strict=False):
        annotation[field] = name
    truth["images"][4]["width"] = truth["images"][5]["id"] = NAME
    truth["categories"].append({"id": 1, "name": NAME})
    (folder / "truth.json").write_text(json.dumps(truth))
    found = hostile.detections()
    for detection, field, name in zip(
        found, cycle(("bbox", "category_id", "image_id", "score")), cycle(NAMES), strict=False
    ):
        detection[field] = name
    (folder / "found.json").write_text(json.dumps(found))
    (folder / "map.json").write_text(json.dumps({name: name for name in NAMES}))
    (folder / NAME).write_text('{"' + NAME)
    (folder / "pictures").mkdir()
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "truth.json", "found.json"),
        ("doctor", "truth.json", RUN),
        ("doctor", "gt.json", "found.json"),
        ("doctor", "gt.json", RUN, "--category-map", "map.json"),
        ("doctor", "gt.json", RUN, "--images", "pictures"),
        ("doctor", NAME, RUN),
        ("doctor", "truth.json", "found.json", "--json"),
        ("evaluate", "truth.json", "found.json"),
        ("evaluate", "gt.json", NAME),
        ("evaluate", "gt.json", f"no {NAME}"),
        ("evaluate", "gt.json", RUN, "--image-map", "map.json"),
        ("evaluate", "gt.json", RUN, "--box-format", NAME),
        ("evaluate", "gt.json", RUN, "--max-input-bytes", NAME),
        ("evaluate", "gt.json", RUN, "--max-input-bytes", "100"),
        ("evaluate", "gt.json", RUN, f"--{NAME}"),
        ("slices", "gt.json", RUN, "--slice", f"{NAME}: ("),
        ("slices", "gt.json", RUN, "--by", NAME),
        (NAME,),
    ],
    ids=lambda arguments: ascii(" ".join(arguments)),
)
def test_a_refusal_steers_nothing(folder: Path, arguments: tuple[str, ...]) -> None:
    done = mapgap(*arguments, cwd=folder)
    said = done.stdout + done.stderr
    assert done.returncode in (2, 3), said
    assert steering_in(said) == []
    assert "Traceback" not in said
    if arguments[0] != "doctor":  # which indents what belongs to a finding
        assert all(line.startswith("mapgap: ") for line in done.stderr.splitlines()), said
    if "--json" in arguments:
        assert done.stdout.isascii()
        assert json.loads(done.stdout)


def test_lenient_reading_tells_what_it_left_out(folder: Path) -> None:
    done = mapgap("evaluate", "truth.json", "found.json", "--lenient", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert steering_in(done.stdout + done.stderr) == []
    assert all(line.startswith("mapgap: ") for line in done.stderr.splitlines())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pictures_that_are_pipes_and_bombs_end_with_words(folder: Path) -> None:
    from PIL import Image

    truth = json.loads((folder / "gt.json").read_text())
    names = ["pipe.jpg", "bomb.png", "moving.gif", "drawn.svg"]
    truth["images"], truth["annotations"] = truth["images"][:4], truth["annotations"][:12]
    for image, name in zip(truth["images"], names, strict=True):
        image["file_name"] = name
    (folder / "pictured.json").write_text(json.dumps(truth))
    (folder / "few.json").write_text("[]")
    pictures = folder / "album"
    pictures.mkdir()
    os.mkfifo(pictures / "pipe.jpg")
    Image.new("1", (20_000, 20_000)).save(pictures / "bomb.png")  # 50 KB
    frames = [Image.new("P", (200, 100), number % 256) for number in range(2000)]
    frames[0].save(pictures / "moving.gif", save_all=True, append_images=frames[1:])
    (pictures / "drawn.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>")
    done = mapgap("doctor", "pictured.json", "few.json", "--images", "album", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert "pipe.jpg: it is a folder or a device" in done.stdout
    assert "drawn.svg: it is no picture of a known format" in done.stdout
    assert "pictures_oversized" in done.stdout
    assert "bomb.png" in done.stdout
