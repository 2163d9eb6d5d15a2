"""Crops show the object, its surroundings and the boxes, whatever the picture and wherever the box."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mapgap.crops import cutting, workers
from mapgap.crops.cutting import Crop, CropRequest, cut_crops
from mapgap.crops.drawing import LONGEST_SIDE, Outline, draw_crop
from mapgap.crops.notices import crop_notices
from mapgap.crops.workers import PictureRequest, cut_all
from mapgap.pictures.opening import ORIENTATION_TAG
from tests.pictures import encoded, scene, write

NAN = math.nan
GREY = (120, 120, 120)


def shown(content: bytes | None) -> np.ndarray:
    assert content is not None
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "WEBP"
    return np.asarray(picture.convert("RGB")).astype(int)


def near(tones: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Where the colour is, up to what WebP makes of it."""
    return np.abs(tones - np.array(colour)).max(axis=-1) < 70


def solid(tones: np.ndarray) -> np.ndarray:
    """Where it is greener than red; WebP spreads colours over neighbours."""
    return tones[..., 1] - tones[..., 0] > 50


def dashed(tones: np.ndarray) -> np.ndarray:
    """Where it is redder than blue."""
    return tones[..., 0] - tones[..., 2] > 60


def flat(width: int = 400, height: int = 300) -> Image.Image:
    return Image.new("RGB", (width, height), GREY)


def test_the_crop_is_the_object_and_half_as_much_around_it() -> None:
    tones = shown(draw_crop(flat(), [Outline((100, 100, 80, 40))]))
    assert shown(draw_crop(flat(), [Outline((100, 100, 40, 80))])).shape == (320, 240, 3)
    # 80 wide, 40 of surroundings on all sides: a window of 160 x 120, doubled.
    assert tones.shape == (240, 320, 3)
    line = solid(tones)
    rows, columns = np.flatnonzero(line.any(axis=1)), np.flatnonzero(line.any(axis=0))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((78, 161, 78, 241), abs=1)
    assert not line[84:156, 84:236].any()  # nothing is drawn on the object
    assert near(tones[84:156, 84:236], GREY).all()


def test_the_detection_is_dashed_and_in_the_picture() -> None:
    tones = shown(draw_crop(flat(), [Outline((200, 100, 20, 20)), Outline((100, 110, 110, 20), is_dashed=True)]))
    amber = dashed(tones)
    top = amber[np.flatnonzero(amber.sum(axis=1) > 60)[0]]
    assert np.count_nonzero(np.diff(top.astype(int))) > 10  # dashes and pauses
    columns = [np.flatnonzero(line.any(axis=0)) for line in (amber, solid(tones))]
    assert columns[0].min() < columns[1].min() - 150


def test_equal_boxes_are_both_seen() -> None:
    box = (100.0, 100.0, 80.0, 40.0)
    tones = shown(draw_crop(flat(), [Outline(box), Outline(box, is_dashed=True)]))
    assert solid(tones).sum() > 100
    assert dashed(tones).sum() > 100


def test_a_box_at_the_edge_keeps_its_lines() -> None:
    tones = shown(draw_crop(flat(), [Outline((0, 0, 400, 300))]))
    line = solid(tones)
    assert tones.shape == (240, 320, 3)
    for edge in (line[:3], line[-3:], line[:, :3], line[:, -3:]):
        assert edge.sum() > 200


def test_small_objects_are_enlarged_eightfold_at_most() -> None:
    tones = shown(draw_crop(flat(), [Outline((100, 100, 2, 2))]))
    assert tones.shape == (18 * 8, 18 * 8, 3)
    assert max(shown(draw_crop(flat(2000, 100), [Outline((0, 0, 2000, 100))])).shape) == LONGEST_SIDE


@pytest.mark.parametrize("box", [(400, 0, 10, 10), (0, 300, 10, 10), (-20, 5, 20, 10), (5, -9, 10, 8), (NAN, 0, 1, 1)])
def test_an_object_outside_of_the_picture_has_no_crop(box: tuple[float, float, float, float]) -> None:
    assert draw_crop(flat(), [Outline(box)]) is None


COORDINATES = st.one_of(st.integers(-50, 450), st.sampled_from([-1e300, 1e300, 0.5, 399.99, 1e9]))
LENGTHS = st.one_of(st.integers(0, 500), st.sampled_from([1e-9, 1e300, 0.3]))
BOXES = st.tuples(COORDINATES, COORDINATES, LENGTHS, LENGTHS)


@settings(max_examples=80)
@given(BOXES, st.none() | BOXES, st.sampled_from([(1, 1), (400, 300), (3, 500)]))
def test_any_boxes_give_a_picture_or_none(
    box: tuple[float, ...], other: tuple[float, ...] | None, size: tuple[int, int]
) -> None:
    outlines = [Outline(box)] + ([] if other is None else [Outline(other, is_dashed=True)])  # type: ignore[arg-type]
    content = draw_crop(flat(*size), outlines)
    if content is not None:
        assert 1 <= max(shown(content).shape[:2]) <= LONGEST_SIDE


def test_the_same_crop_has_the_same_bytes() -> None:
    outlines = [Outline((10, 10, 50, 60)), Outline((20, 20, 50, 60), is_dashed=True)]
    assert draw_crop(scene(), outlines) == draw_crop(scene(), outlines)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_is_drawn(mode: str) -> None:
    picture = Image.fromarray(np.full((240, 320), 30_840, np.uint16)) if mode == "I;16" else scene().convert(mode)
    tones = shown(draw_crop(picture, [Outline((100, 100, 50, 60))]))
    assert solid(tones).any()
    if mode == "I;16":
        assert near(tones, GREY).any()


def requests_of(*names: str | None, size: tuple[float, float] = (320, 240)) -> list[CropRequest]:
    return [CropRequest(name, *size, (Outline((100, 100, 50, 60)),)) for name in names]


def test_each_picture_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path, {"a.png": encoded(scene()), "b.png": encoded(scene(seed=1))})
    read = []

    def reading(place: Path, name: str | None, **_: bool) -> bytes:
        read.append(name)
        return (place / str(name)).read_bytes()

    monkeypatch.setattr(cutting, "read_picture", reading)
    crops = list(cut_crops(folder, requests_of("b.png", "a.png", "b.png", "a.png", "a.png", size=(NAN, NAN))))
    assert read == ["b.png", "a.png"]
    assert [crop.place for crop in crops] == [0, 2, 1, 3, 4]
    assert crops[0].content == crops[1].content != crops[2].content


def test_bad_pictures_are_told_and_do_not_end_the_run(tmp_path: Path) -> None:
    good = encoded(scene())
    write(
        tmp_path / "in",
        {"good.png": good, "cut.png": good[:-3000], "text.png": b"text", "small.png": encoded(scene(64, 48))},
    )
    write(tmp_path, {"secret.png": good})
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "secret.png")
    names = ["gone.png", None, "../secret.png", "link.png", str(tmp_path / "secret.png")]
    names += ["cut.png", "text.png", "small.png", "good.png"]
    requests = [*requests_of(*names), CropRequest("good.png", 320, 240, (Outline((900, 0, 5, 5)),))]
    crops = sorted(cut_crops(tmp_path / "in", requests), key=lambda crop: crop.place)
    failures = ["missing", "missing", *["refused"] * 3, "unreadable", "unreadable", "wrong_size", None, None]
    assert [crop.failure for crop in crops] == failures
    assert [crop.content is not None for crop in crops] == [*[False] * 8, True, False]
    notices = crop_notices(requests, [crop for crop in crops if crop.content is None])
    assert {notice.code: notice.count for notice in notices} == {
        "crops_missing": 2,
        "crops_refused": 3,
        "crops_unreadable": 2,
        "crops_wrong_size": 1,
        "crops_outside": 1,
    }
    assert notices[0].message == "2 objects without a crop: their pictures are not in the folder"
    assert notices[0].examples == ("gone.png: it is not in the folder", "the ground truth gives no file name")
    assert crop_notices(requests, []) == ()


def test_a_picture_is_turned_as_its_boxes_are(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6  # the top of the picture is on the right of what is stored
    stored = Image.new("RGB", (320, 240), GREY)
    stored.paste((250, 20, 20), (0, 180, 60, 240))
    write(tmp_path, {"a.png": encoded(stored, exif=exif)})
    [as_stored] = cut_crops(tmp_path, [CropRequest("a.png", 320, 240, (Outline((0, 180, 60, 60)),))])
    [upright] = cut_crops(tmp_path, [CropRequest("a.png", 240, 320, (Outline((0, 0, 60, 60)),))])
    for crop, inside in ((as_stored, np.s_[160:300, 20:200]), (upright, np.s_[20:160, 20:160])):
        red = near(shown(crop.content), (250, 20, 20))
        assert red.sum() > 0.8 * near(shown(crop.content), GREY).sum() / 1.3
        assert red[inside].mean() > 0.5


def test_a_crop_says_which_request_it_is_of() -> None:
    assert list(cut_crops(Path("/nowhere"), requests_of("a.png"))) == [
        Crop(0, None, "missing", "it is not in the folder")
    ]


@pytest.fixture
def many(tmp_path: Path) -> tuple[Path, list[PictureRequest]]:
    folder = write(tmp_path, {f"{i}.png": encoded(scene(seed=i)) for i in range(20)})
    return folder, [PictureRequest(f"{i}.png", 320, 240, ((i, 10, 50.5, 40), (500, 0, 9, 9))) for i in range(20)]


def test_windows_are_whole_pixels_within_the_picture(many: tuple[Path, list[PictureRequest]]) -> None:
    folder, requests = many
    for place, pieces in cut_all(folder, requests, jobs=1):
        cut, outside = pieces.cut
        assert outside is None
        assert cut is not None
        assert (cut.window, cut.picture) == ((place, 10, 51, 40), (320, 240))
        assert shown(cut.content).shape == (40, 51, 3)


def test_processes_cut_the_same(many: tuple[Path, list[PictureRequest]], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, requests = many
    alone = dict(cut_all(folder, requests, jobs=1))
    monkeypatch.setattr(workers, "PICTURES_WORTH_A_PROCESS", 2)
    assert dict(cut_all(folder, requests, jobs=2)) == alone


def test_a_picture_that_ends_its_process_is_told(
    many: tuple[Path, list[PictureRequest]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, requests = many
    crash = "worker.cut_picture = lambda folder, one: os.abort() if one.file_name == '3.png' else cut(folder, one)"
    lines = ["import os", "from mapgap.crops import worker", "cut = worker.cut_picture", crash, "work()"]
    program = workers.PROGRAM.replace("work()", "\n".join(lines))
    monkeypatch.setattr(workers, "PROGRAM", program)
    monkeypatch.setattr(workers, "PICTURES_WORTH_A_PROCESS", 2)
    found = dict(cut_all(folder, requests, jobs=2))
    assert {place for place, pieces in found.items() if pieces.failure} == {3}
    assert (found[3].failure, found[3].reason) == ("unreadable", "its decoder crashed")
