"""Pictures as they are found: every format and mode, hostile files and names; none of them ends a run."""

import contextlib
import io
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgap.errors import AccessError
from mapgap.pictures.failures import PictureError
from mapgap.pixels.attributes import NAMES, pixel_attributes
from mapgap.pixels.decoding import decode
from mapgap.pixels.looks import Look, look_bytes, look_of_bytes
from mapgap.pixels.measuring import Measurements, measure_pictures
from mapgap.pixels.notices import REMARKS
from mapgap.tables import GroundTruth
from tests.pictures import encoded, scene, truth_of, write

SIZE = (320, 240)
ORIENTATION = 0x0112


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def colours() -> Image.Image:
    return Image.merge("RGB", [scene(seed=seed) for seed in range(3)])


def grey_of(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"))


def with_orientation(picture: Image.Image, orientation: int, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encoded(picture, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it is so large and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


def measured(folder: Path, truth: GroundTruth) -> Measurements:
    return measure_pictures(truth, folder, jobs=1)


def told(folder: Path, truth: GroundTruth) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {notice.code: (notice.count, notice.examples) for notice in measured(folder, truth).notices}


MODES = {
    "1": (lambda: scene().convert("1"), "PNG", ()),
    "L": (scene, "PNG", ()),
    "RGB": (colours, "PNG", ()),
    "LA": (lambda: scene().convert("LA"), "PNG", ("alpha",)),
    "RGBA": (lambda: colours().convert("RGBA"), "PNG", ("alpha",)),
    "P": (lambda: scene().convert("P"), "PNG", ("palette",)),
    "P gif": (lambda: scene().convert("P"), "GIF", ()),
    "CMYK tiff": (lambda: colours().convert("CMYK"), "TIFF", ("cmyk",)),
    "YCbCr tiff": (lambda: colours().convert("YCbCr"), "TIFF", ()),
    "RGB bmp": (colours, "BMP", ()),
    "RGB ppm": (colours, "PPM", ()),
    "RGB webp": (colours, "WEBP", ()),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_the_grey_that_pillow_makes_of_it(mode: str) -> None:
    make, kind, remarks = MODES[mode]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(make(), kind, **options)
    picture = decode(content, *SIZE)
    expected = Image.open(io.BytesIO(content))
    np.testing.assert_array_equal(picture.luma, grey_of(expected.convert("RGB")))
    assert set(picture.remarks) - {"palette"} == set(remarks) - {"palette"}
    assert ("palette" in picture.remarks) == (expected.mode == "P")


def test_alpha_is_left_aside() -> None:
    picture = colours().convert("RGBA")
    picture.putalpha(0)
    np.testing.assert_array_equal(decode(encoded(picture), *SIZE).luma, grey_of(colours()))


def test_a_palette_with_transparency_has_its_colours() -> None:
    picture = scene().convert("P")
    content = encoded(picture, transparency=bytes([0] * 256))
    np.testing.assert_array_equal(decode(content, *SIZE).luma, grey_of(picture.convert("RGB")))


def test_a_cmyk_jpeg_is_converted() -> None:
    picture = decode(encoded(colours().convert("CMYK"), "JPEG", quality=98), *SIZE)
    assert picture.remarks == ("cmyk",)
    assert picture.luma.mean() == pytest.approx(grey_of(colours()).mean(), abs=3)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_of_16_bits_the_upper_8_are_measured(kind: str) -> None:
    tones = np.arange(320 * 240, dtype=np.uint16).reshape(240, 320)
    picture = decode(encoded(Image.fromarray(tones), kind), *SIZE)
    np.testing.assert_array_equal(picture.luma, tones >> 8)
    assert picture.remarks == ("16_bit",)


@pytest.mark.parametrize("tones", [np.full((240, 320), 70_000, dtype=np.int32), np.zeros((240, 320), dtype=np.float32)])
def test_numbers_without_a_known_range_are_unreadable(tones: np.ndarray) -> None:
    with pytest.raises(PictureError) as caught:
        decode(encoded(Image.fromarray(tones), "TIFF"), *SIZE)
    assert caught.value.failure == "unreadable"


def test_the_first_frame_of_an_animation_is_measured() -> None:
    frames = [Image.new("L", SIZE, tone) for tone in (40, 200)]
    picture = decode(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), *SIZE)
    assert set(picture.remarks) == {"animated", "palette"} or picture.remarks == ("animated",)
    assert picture.luma.max() == 40


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_lie_in_the_stored_pixels_where_these_have_the_size_that_is_told(kind: str, orientation: int) -> None:
    content = with_orientation(scene(), orientation, kind)
    plain = decode(with_orientation(scene(), 1, kind), *SIZE)
    for size in (SIZE, (math.nan, math.nan), (0, 0)):
        picture = decode(content, *size)
        np.testing.assert_array_equal(picture.luma, plain.luma)
        assert picture.remarks == (("turned_stored",) if orientation > 1 else ())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(5, 9))
def test_boxes_lie_in_the_upright_picture_where_this_has_the_size_that_is_told(kind: str, orientation: int) -> None:
    from PIL import ImageOps

    content = with_orientation(scene(), orientation, kind)
    picture = decode(content, *SIZE[::-1])
    upright = grey_of(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
    assert np.abs(picture.luma.astype(int) - upright).max() <= 1
    assert picture.remarks == ("turned_upright",)


@pytest.mark.parametrize("orientation", range(1, 5))
def test_a_turned_size_without_a_reason_is_a_wrong_size(orientation: int) -> None:
    with pytest.raises(PictureError, match="ground truth says 240 x 320"):
        decode(with_orientation(scene(), orientation), *SIZE[::-1])


def test_broken_exif_does_not_matter() -> None:
    content = encoded(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff nonsense")
    assert decode(content, *SIZE).remarks == ()


GOOD = encoded(scene(), "JPEG", quality=90)
BAD = {
    "empty": b"",
    "text": b"no picture at all",
    "zeros": bytes(5000),
    "cut in the header": GOOD[:100],
    "cut in the data": GOOD[: len(GOOD) // 2],
    "cut png": encoded(scene())[:-2000],
    "png header alone": png_of_size(320, 240),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 320 240\n%%EndComments\n",
    "a crc that is wrong": encoded(scene())[:29] + b"\0\0\0\0" + encoded(scene())[33:],
    "a webp that is none": b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20),
    "a tiff without directory": b"II*\0\xff\xff\xff\x7f",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='320' height='240'/>",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_whole_picture_is_unreadable(name: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode(BAD[name], *SIZE)
    assert caught.value.failure == "unreadable"


def test_flipped_bytes_never_raise_anything_else() -> None:
    chance = np.random.default_rng(0)
    for content in (GOOD, encoded(scene()), encoded(scene(), "TIFF"), encoded(scene(), "GIF")):
        for _ in range(40):
            mutated = bytearray(content)
            for place in chance.integers(len(mutated), size=4).tolist():
                mutated[place] = int(chance.integers(256))
            with contextlib.suppress(PictureError):
                assert decode(bytes(mutated), *SIZE).luma.shape == (240, 320)


@pytest.mark.parametrize("size", [(9460, 9460), (30_000, 30_000), (100_000, 10), (65_537, 1)])
def test_a_bomb_is_not_decoded(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None if size[0] < 30_000 else Image.MAX_IMAGE_PIXELS)
    with pytest.raises(PictureError) as caught:
        decode(png_of_size(*size), *size)
    assert caught.value.failure == "oversized"


def test_every_failure_is_counted_named_and_not_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path / "pictures",
        {
            "good.jpg": GOOD,
            "empty.jpg": b"",
            "text.jpg": b"text",
            "bomb.png": png_of_size(30_000, 30_000),
            "small.jpg": encoded(scene(64, 48), "JPEG"),
        },
    )
    monkeypatch.setattr("mapgap.pictures.reading.MOST_BYTES", 10**6)
    write(tmp_path / "pictures", {"long.jpg": GOOD + bytes(10**6)})
    (tmp_path / "pictures" / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pictures" / "pipe.jpg")
    names = [None, "", "gone.jpg", "../good.jpg", "empty.jpg", "text.jpg", "bomb.png", "small.jpg", "long.jpg"]
    names += ["folder.jpg", "pipe.jpg", "x\0y.jpg", "n" * 5000, "good.jpg"]
    truth = truth_of(names)
    found = measured(tmp_path / "pictures", truth)
    notices = {notice.code: notice for notice in found.notices}
    assert {code: notice.count for code, notice in notices.items()} == {
        "pictures_missing": 4,
        "pictures_refused": 2,
        "pictures_unreadable": 4,
        "pictures_oversized": 2,
        "pictures_wrong_size": 1,
    }
    assert notices["pictures_missing"].examples == (
        "image 0: the ground truth gives no file name",
        "image 1: the ground truth gives no file name",
        "gone.jpg: it is not in the folder",
    )
    assert notices["pictures_wrong_size"].examples == (
        "small.jpg: it has 64 x 48 pixels, the ground truth says 320 x 240",
    )
    assert notices["pictures_unreadable"].message == "4 pictures cannot be read; what is measured there is n/a"
    is_measured = ~np.isnan(found.image[:, 0])
    assert is_measured.tolist() == [False] * 13 + [True]
    attributes = {one.name: one for one in pixel_attributes(found, truth, _no_detections(truth))}
    assert set(attributes) == NAMES
    for attribute in attributes.values():
        values = [attribute.values[code] for code in attribute.object_codes.tolist()]
        assert values[:13] == ["n/a"] * 13
        assert values[13] in ("dark", "normal", "bright", "low", "high")


def _no_detections(truth: GroundTruth):  # type: ignore[no-untyped-def]
    from mapgap.coco.detections import read_detections

    return read_detections([], truth)


def test_unusual_pictures_are_counted_and_measured(tmp_path: Path) -> None:
    deep = Image.fromarray(np.full((240, 320), 40_000, dtype=np.uint16))
    contents = {
        "cmyk.jpg": encoded(colours().convert("CMYK"), "JPEG"),
        "alpha.png": encoded(colours().convert("RGBA")),
        "palette.png": encoded(scene().convert("P")),
        "deep.png": encoded(deep),
        "moving.gif": encoded(scene(), "GIF", save_all=True, append_images=[scene(seed=5)]),
        "turned.jpg": with_orientation(scene(), 6),
        "grey.png": encoded(scene()),
    }
    write(tmp_path, contents)
    names = list(contents)
    found = told(tmp_path, truth_of(names))
    expected = {
        "16_bit": "deep.png",
        "alpha": "alpha.png",
        "animated": "moving.gif",
        "cmyk": "cmyk.jpg",
        "palette": "palette.png",
        "turned_stored": "turned.jpg",
    }
    for remark, name in expected.items():
        assert name in found[f"pictures_{remark}"][1]
    assert not np.isnan(measured(tmp_path, truth_of(names)).image[:, 0]).any()
    assert set(expected) | {"turned_upright"} == set(REMARKS)


def test_one_picture_does_not_stand_for_images_of_several_names(tmp_path: Path) -> None:
    """As where each film has its 1.jpg, and the folder is that of one film, or of neither."""
    write(tmp_path, {"1.jpg": GOOD, "2.jpg": GOOD, "b/3.jpg": GOOD, "3.jpg": GOOD})
    truth = truth_of(["a/1.jpg", "b/1.jpg", "a/2.jpg", "a/2.jpg", "b/3.jpg", "3.jpg"])
    is_measured = ~np.isnan(measured(tmp_path, truth).image[:, 0])
    assert is_measured.tolist() == [False, False, True, True, True, True]
    reason = "it is not in the folder, and other images have its base name too"
    assert told(tmp_path, truth) == {"pictures_missing": (2, (f"a/1.jpg: {reason}", f"b/1.jpg: {reason}"))}


def test_a_folder_or_a_device_called_like_a_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "dir.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    reason = "it is a folder or a device, not a file"
    expected = {"pictures_unreadable": (2, (f"dir.jpg: {reason}", f"pipe.jpg: {reason}"))}
    assert told(tmp_path, truth_of(["dir.jpg", "pipe.jpg"])) == expected


def test_one_picture_is_one_picture(tmp_path: Path) -> None:
    write(tmp_path, {"a.jpg": b"x"})
    (cannot,) = measured(tmp_path, truth_of(["a.jpg"])).notices
    assert cannot.message == "1 picture cannot be read; what is measured there is n/a"
    (missing,) = measured(tmp_path, truth_of(["b.jpg"])).notices
    assert missing.message == "1 picture is not in the folder; what is measured there is n/a"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path / "real", {"a.jpg": GOOD})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert not np.isnan(measured(tmp_path / "link", truth_of(["a.jpg"])).image[0, 0])


@pytest.mark.parametrize("name", ["nowhere", "file", "nowhere/deeper"])
def test_a_folder_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AccessError, match="the folder of the pictures"):
        measure_pictures(truth_of([]), tmp_path / name)


def test_a_look_survives_the_cache() -> None:
    crops = np.arange(10.0).reshape(2, 5)
    crops[0, 0] = np.nan
    look = Look("measured", "", ("alpha", "palette"), 75.0, np.arange(5.0), crops)
    again = look_of_bytes(look_bytes(look), 2)
    assert again is not None
    assert (again.outcome, again.remarks, again.jpeg_quality) == ("measured", ("alpha", "palette"), 75.0)
    np.testing.assert_array_equal(again.crops, crops)
    for bad in (b"", b"x", look_bytes(look)[:-1], look_bytes(look)[:-8]):
        assert look_of_bytes(bad, 2) is None
