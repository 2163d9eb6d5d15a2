"""Pictures are found inside their folder only, and opened within limits."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mapgap.pictures import opening
from mapgap.pictures.failures import PictureError
from mapgap.pictures.opening import decoder_errors, open_picture, plain, upright
from mapgap.pictures.places import OutsideError, find_picture
from mapgap.pictures.reading import read_picture
from tests.pictures import encoded, scene, write


def test_sub_folders_and_base_names_are_found(tmp_path: Path) -> None:
    write(tmp_path, {"a/b/one.jpg": b"1", "two.jpg": b"2", "a/two.jpg": b"3", "same/x.jpg": b"4"})
    assert find_picture(tmp_path, "a/b/one.jpg") == tmp_path / "a/b/one.jpg"
    assert find_picture(tmp_path, "val2017/two.jpg") == tmp_path / "two.jpg"
    assert find_picture(tmp_path, "a/two.jpg") == tmp_path / "a/two.jpg"
    assert find_picture(tmp_path, "./a//two.jpg") == tmp_path / "a/two.jpg"
    assert find_picture(tmp_path, "other/x.jpg") is None
    assert find_picture(tmp_path, "a/b") is None
    assert find_picture(tmp_path, "two.jpg/more") is None


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"secret.jpg": b"x", "in/inside.jpg": b"y"})
    folder = tmp_path / "in"
    (folder / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "away").symlink_to(tmp_path)
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    (folder / "dead.jpg").symlink_to(tmp_path / "nothing.jpg")
    (folder / "near.jpg").symlink_to(folder / "inside.jpg")
    for name in (
        "../secret.jpg",
        "a/../../secret.jpg",
        str(tmp_path / "secret.jpg"),
        "out.jpg",
        "away/secret.jpg",
        "\0",
    ):
        with pytest.raises(OutsideError):
            find_picture(folder, name)
    assert find_picture(folder, "near.jpg") == folder / "inside.jpg"
    assert find_picture(folder, "loop.jpg") is None
    assert find_picture(folder, "dead.jpg") is None
    # The base name of a name that was refused is not tried.
    with pytest.raises(OutsideError):
        find_picture(folder, "../inside.jpg")


def test_addresses_of_the_web_are_names_like_others(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.jpg": b"here"})
    assert read_picture(folder, "https://example.org/images/a.jpg") == b"here"
    for name in ("https://example.org/b.jpg", "file:///etc/passwd", "data:image/png;base64,AAAA"):
        with pytest.raises(PictureError) as caught:
            read_picture(folder, name)
        assert caught.value.failure == "missing"


def test_what_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "in", {"a.jpg": b"12345"})
    monkeypatch.setattr("mapgap.pictures.reading.MOST_BYTES", 4)
    told = {}
    for name in (None, "", "b.jpg", "../a.jpg", "a.jpg"):
        with pytest.raises(PictureError) as caught:
            read_picture(folder, name)
        told[name] = caught.value.failure
    assert list(told.values()) == ["missing", "missing", "missing", "refused", "oversized"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB"])
def test_a_plain_picture_is_grey_or_coloured(mode: str) -> None:
    colours = Image.merge("RGB", [scene(seed=seed) for seed in range(3)])
    source = colours.convert("P").convert("PA") if mode == "PA" else colours.convert("LAB" if mode == "LAB" else mode)
    made = plain(source)
    assert made.mode == ("L" if mode in ("1", "L", "LA") else "RGB")
    assert made.size == source.size


def test_the_upper_8_of_16_bits_are_plain() -> None:
    tones = np.arange(320 * 240, dtype=np.uint16).reshape(240, 320)
    np.testing.assert_array_equal(np.asarray(plain(Image.fromarray(tones))), tones >> 8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_where_its_size_asks_for_it(orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[opening.ORIENTATION_TAG] = orientation
    content = encoded(scene(), exif=exif)
    with decoder_errors():
        assert not open_picture(content, 320, 240).is_turned
        if orientation < 5:
            with pytest.raises(PictureError):
                open_picture(content, 240, 320)
            return
        opened = open_picture(content, 240, 320)
        assert opened.is_turned
        turned = upright(plain(opened.stored), opened.orientation)
        np.testing.assert_array_equal(np.asarray(turned), np.asarray(ImageOps.exif_transpose(opened.stored)))


def test_a_decoder_may_stumble_over_anything() -> None:
    with pytest.raises(PictureError, match="ZeroDivisionError"), decoder_errors():
        raise ZeroDivisionError
    with pytest.raises(KeyboardInterrupt), decoder_errors():
        raise KeyboardInterrupt


def test_formats_that_start_other_programs_are_not_opened() -> None:
    assert not {"EPS", "WMF", "PSD", "FPX"} & {*opening.COMMON_FORMATS, *opening.OTHER_FORMATS}
