"""What is measured on pixels: equal to plain loops, right for known pictures, and it moves the way it should."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mapgap import _kernel
from mapgap.pixels.attributes import BINS
from mapgap.pixels.decoding import Picture, decode
from mapgap.pixels.jpeg import jpeg_quality
from mapgap.pixels.looks import MEASURES
from mapgap.pixels.windows import measure
from tests.naive import pixels as naive
from tests.pictures import blurred, encoded, noisy, scene

pytestmark = pytest.mark.kernel


@st.composite
def pictures_and_windows(draw: st.DrawFn) -> tuple[np.ndarray, list[list[list[int]]]]:
    """A picture of few or many tones, and windows (crop, inside, around) in it."""
    width, height = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    tones = draw(st.sampled_from([[0], [0, 255], [7, 8], [0, 1, 254, 255], range(256)]))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    picture = chance.choice(np.array(tones, dtype=np.uint8), size=(height, width))

    def window() -> list[int]:
        left, right = sorted(draw(st.tuples(st.integers(0, width), st.integers(0, width))))
        top, bottom = sorted(draw(st.tuples(st.integers(0, height), st.integers(0, height))))
        return [left, top, right, bottom]

    windows = []
    for _ in range(draw(st.integers(1, 3))):
        crop, inside, other = (draw(st.sampled_from([window(), [0, 0, width, height]])) for _ in range(3))
        around = [*map(min, inside[:2], other[:2]), *map(max, inside[2:], other[2:])]
        windows.append([crop, inside, around])
    return picture, windows


@given(pictures_and_windows())
def test_the_kernel_measures_what_plain_loops_measure(case: tuple[np.ndarray, list[list[list[int]]]]) -> None:
    picture, windows = case
    arrays = np.array(windows, dtype=np.int32).reshape(-1, 3, 4).transpose(1, 0, 2)
    found = _kernel.measure_windows(picture, *(np.ascontiguousarray(part) for part in arrays))
    expected = [naive.measures(picture.tolist(), *window) for window in windows]
    np.testing.assert_array_equal(found, np.array(expected))


@given(
    st.lists(st.tuples(*[st.floats(-50, 80, allow_nan=False)] * 2, *[st.floats(0, 90)] * 2), max_size=5),
    st.sampled_from([1, 2, 8]),
)
def test_windows_reach_outwards_to_whole_pixels(boxes: list[tuple[float, ...]], factor: int) -> None:
    tones = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)
    found = measure(Picture(tones, factor, math.nan, ()), np.array(boxes, dtype=np.float64).reshape(-1, 4))
    whole = [0, 0, 30, 20]
    expected = [naive.measures(tones.tolist(), whole, [0] * 4, [0] * 4)]
    for x, y, width, height in boxes:
        windows = []
        for margin in (0.1, 0.0, 0.5):
            low = [(x - margin * width) / factor, (y - margin * height) / factor]
            high = [(x + (1.0 + margin) * width) / factor, (y + (1.0 + margin) * height) / factor]
            corners = [math.floor(v) for v in low] + [math.ceil(v) for v in high]
            windows.append([min(max(v, 0), whole[2 + i % 2]) for i, v in enumerate(corners)])
        expected.append(naive.measures(tones.tolist(), *windows))
    np.testing.assert_array_equal(found, np.array(expected))


def of(
    picture: Image.Image, box: tuple[float, float, float, float] = (40, 40, 80, 60), **how: object
) -> dict[str, float]:
    """MEASURES of a box, "image_..." of the whole picture, and the quality."""
    read = decode(encoded(picture, **how), *picture.size)  # type: ignore[arg-type]
    rows = measure(read, np.array([box], dtype=np.float64))
    return {
        **dict(zip(MEASURES, rows[1].tolist(), strict=True)),
        **{f"image_{name}": value for name, value in zip(MEASURES, rows[0].tolist(), strict=True)},
        "jpeg_quality": read.jpeg_quality,
    }


def flat(tone: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    return Image.new("L", size, tone)


@pytest.mark.parametrize(
    ("tone", "name"), [(0, "dark"), (76, "dark"), (77, "normal"), (165, "normal"), (166, "bright")]
)
def test_a_flat_picture_has_its_tone_as_brightness_and_no_edges(tone: int, name: str) -> None:
    found = of(flat(tone))
    assert found["brightness"] == found["image_brightness"] == tone / 255
    bins = BINS["brightness"]
    assert bins.names[sum(found["brightness"] >= edge for edge in bins.edges)] == name
    assert found["contrast"] == found["noise"] == found["local_contrast"] == 0
    assert math.isnan(found["sharpness"])


def test_black_beside_white_has_the_largest_contrast() -> None:
    picture = flat(0, (200, 200))
    picture.paste(255, (100, 0, 200, 200))
    found = of(picture, (50, 50, 100, 100))
    assert found["contrast"] == found["image_contrast"] == 0.5
    assert found["image_brightness"] == 0.5


def test_an_object_stands_out_by_the_difference_of_tones() -> None:
    for tone, expected in ((100, 0.0), (110, 10 / 255), (90, 10 / 255), (255, 155 / 255)):
        picture = flat(100, (200, 200))
        picture.paste(tone, (80, 80, 120, 120))
        assert of(picture, (80, 80, 40, 40))["local_contrast"] == pytest.approx(expected)


def test_stripes_stand_out_from_grey_of_the_same_brightness() -> None:
    tones = np.full((200, 200), 100, dtype=np.uint8)
    tones[80:120, 80:120:2], tones[80:120, 81:120:2] = 50, 150
    assert of(Image.fromarray(tones), (80, 80, 40, 40))["local_contrast"] == pytest.approx(50 / 255)


def test_a_picture_that_is_all_object_has_no_surroundings() -> None:
    assert math.isnan(of(scene(), (0, 0, 320, 240))["local_contrast"])


@pytest.mark.parametrize("box", [(400, 10, 20, 20), (10, 300, 20, 20), (-40, 0, 20, 20), (40, 40, 0, 0)])
def test_a_box_without_pixels_has_no_measures(box: tuple[float, float, float, float]) -> None:
    found = of(scene(), box)
    assert all(math.isnan(found[name]) for name in MEASURES)


def test_a_crop_of_fewer_than_eight_pixels_has_no_sharpness_and_no_noise() -> None:
    picture = noisy(scene(), 3)
    small, enough = of(picture, (40, 40, 5, 60)), of(picture, (40, 40, 8, 60))
    assert math.isnan(small["sharpness"])
    assert math.isnan(small["noise"])
    assert small["brightness"] > 0
    assert not math.isnan(enough["sharpness"])


@pytest.mark.parametrize("seed", range(3))
def test_blur_lowers_sharpness_step_by_step(seed: int) -> None:
    picture = noisy(scene(640, 480, seed=seed), 4)
    found = [of(blurred(picture, radius) if radius else picture, (100, 100, 200, 200)) for radius in (0, 1, 2, 4)]
    for name in ("sharpness", "image_sharpness"):
        values = [one[name] for one in found]
        assert values == sorted(values, reverse=True)
        assert values[0] >= BINS["sharpness"].edges[0] > values[3]


def test_motion_across_is_blur_although_lines_across_stay_sharp() -> None:
    tones = np.asarray(scene(640, 480), dtype=np.float64)
    moved = np.mean([np.roll(tones, shift, axis=1) for shift in range(15)], axis=0)
    still, in_motion = of(scene(640, 480)), of(Image.fromarray(moved.astype(np.uint8)))
    assert in_motion["image_sharpness"] < 0.5 * still["image_sharpness"]


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_measured_in_shares_of_the_range(seed: int) -> None:
    values = []
    for deviation in (0.0, 2.0, 5.0, 10.0, 20.0):
        picture = noisy(scene(239, 180, seed=seed), deviation, seed=seed)
        values.append(of(picture)["image_noise"])
    assert values == sorted(values)
    assert values[0] == 0
    for value, deviation in zip(values[1:], (2.0, 5.0, 10.0, 20.0), strict=True):
        assert value * 255 == pytest.approx(deviation, rel=0.15)


def test_darkening_and_flattening_are_seen() -> None:
    picture = scene()
    darker = [of(picture.point(lambda tone, f=f: int(tone * f)))["image_brightness"] for f in (1.0, 0.7, 0.4, 0.1)]  # type: ignore[misc]
    assert darker == sorted(darker, reverse=True)
    flatter = [
        of(picture.point(lambda tone, f=f: int(128 + (tone - 128) * f)))["image_contrast"]  # type: ignore[misc]
        for f in (1.0, 0.5, 0.2)
    ]
    assert flatter == sorted(flatter, reverse=True)
    # Sharpness is a ratio of steps: it hardly knows how strong the contrast is.
    assert of(picture)["image_sharpness"] == pytest.approx(
        of(picture.point(lambda tone: tone // 2))["image_sharpness"], abs=0.02
    )


@pytest.mark.parametrize("quality", [*range(1, 100, 7), 30, 75, 95, 100])
def test_the_quality_of_a_jpeg_is_the_one_it_was_saved_with(quality: int) -> None:
    assert of(scene(), kind="JPEG", quality=quality)["jpeg_quality"] == quality


def test_only_a_jpeg_has_a_quality() -> None:
    for kind in ("PNG", "BMP", "GIF"):
        assert math.isnan(of(scene(), kind=kind)["jpeg_quality"])


def test_a_table_between_two_qualities_takes_the_nearer_one() -> None:
    assert jpeg_quality([1] * 64) == 100
    assert jpeg_quality([255] * 64) == 1
    assert jpeg_quality([10_000] * 64) == 1


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (641, 479), (1300, 900), (2500, 30), (7, 5), (1, 1)])
def test_jpeg_and_png_agree(size: tuple[int, int]) -> None:
    """A JPEG is reduced by its decoder, a PNG by us."""
    picture = blurred(scene(*size), 2)
    png, jpeg = of(picture), of(picture, kind="JPEG", quality=98)
    for name in ("brightness", "contrast", "local_contrast", "image_brightness", "image_contrast"):
        assert jpeg[name] == pytest.approx(png[name], abs=0.01, nan_ok=True)
    read = [decode(encoded(picture, kind), *size) for kind in ("PNG", "JPEG")]
    assert read[0].luma.shape == read[1].luma.shape
    assert read[0].factor == read[1].factor


@pytest.mark.parametrize(("long", "factor"), [(479, 1), (480, 2), (640, 2), (959, 2), (960, 4), (1920, 8), (9000, 8)])
def test_a_picture_is_halved_down_to_240_pixels_but_three_times_at_most(long: int, factor: int) -> None:
    assert decode(encoded(flat(9, (long, 40))), long, 40).factor == factor


def test_every_bin_has_rising_edges() -> None:
    for bins in BINS.values():
        assert bins.edges[0] < bins.edges[1]
    assert set(BINS) == {*MEASURES, "jpeg_quality"}
