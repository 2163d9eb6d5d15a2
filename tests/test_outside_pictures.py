"""Names and links that lead out of the folder of the pictures are refused; lenient reading leaves them out."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

import mapgap
from mapgap.errors import InputError
from mapgap.readings import Reading


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (90, 120, 30)).save(file, "PNG")
    return file.getvalue()


def dataset(name: str) -> dict[str, list[dict[str, object]]]:
    box = {"category_id": 1, "bbox": [5, 5, 20, 20], "area": 400, "iscrowd": 0}
    return {
        "images": [
            {"id": at + 1, "width": 40, "height": 30, "file_name": file} for at, file in enumerate(["in.png", name])
        ],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": at, "image_id": at, **box} for at in (1, 2)],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for path in (folder / "in.png", tmp_path / "secret.png"):
        path.write_bytes(png())
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "near.png").symlink_to(folder / "in.png")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.png")
    return folder


@pytest.mark.parametrize(
    "name", ["../secret.png", "link.png", "up/secret.png", "a/../../secret.png", "/etc/passwd", "a\0b"]
)
def test_what_leads_out_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(InputError, match="leads out of the folder of the pictures") as caught:
        mapgap.analyze(dataset(name), [], images=folder, resamples=0)
    assert caught.value.code == "picture_outside_folder"
    assert caught.value.where == "images[1] (id 2), field 'file_name'"
    assert "\0" not in str(caught.value)
    analysis = mapgap.analyze(dataset(name), [], images=folder, resamples=0, reading=Reading(lenient=True))
    assert "pictures_refused" in {warning["code"] for warning in analysis.summary["warnings"]}


@pytest.mark.parametrize(
    "name", ["near.png", "pipe.png", "..\\secret.png", "C:\\secret.png", "file:///etc/passwd", "gone.png"]
)
def test_what_stays_inside_is_a_warning_at_most(folder: Path, name: str) -> None:
    analysis = mapgap.analyze(dataset(name), [], images=folder, resamples=0)
    codes = {warning["code"] for warning in analysis.summary["warnings"] if warning["code"].startswith("pictures")}
    assert codes <= {"pictures_missing", "pictures_unreadable"}
    assert (codes == set()) == (name == "near.png")
