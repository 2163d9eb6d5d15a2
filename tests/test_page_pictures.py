"""Crops in the page: the right pixels under the right boxes, within the budget, never out of the folder."""

import base64
import io
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Browser, expect

import mapgap
from mapgap.analysis.page_pictures import page_pictures
from mapgap.errors import InputError
from mapgap.pictures.links import relative_address
from mapgap.pictures.opening import ORIENTATION_TAG
from mapgap.report.content import build_report
from mapgap.report.embedded.crop_plan import Box, wanted_crops, window_around
from mapgap.report.embedded.crops import PagePictures
from mapgap.report.embedded.error_order import errors_by_cost, in_turns, shown_detections
from mapgap.report.embedded.page_data import page_data
from mapgap.report.html.page import report_html
from mapgap.tables import CAUSES, Results
from tests.command import complaint
from tests.command import mapgap as command
from tests.generated import CocoPair, coco_pairs
from tests.pictures import encoded
from tests.test_page_examples import Opened, results_of
from tests.test_report_browser import browser

__all__ = ["browser"]

SCRIPTS = Path(mapgap.__file__).parent / "report" / "html" / "scripts"
GREY, RED, BLUE = (110, 110, 110), (200, 30, 30), (30, 30, 200)
SIZE = (400, 300)
HOSTILE_NAMES = (
    "javascript:alert(1).png",
    "a\"'><img src=x onerror=alert(1)>.png",
    "%2e%2e%2fescape.png",
    "line\nbreak.png",
    "r\u00e9sum\u00e9 \u202e.png",
    "?query#hash.png",
)


def test_the_window_is_that_of_the_scripts(browser: Browser) -> None:
    script = (SCRIPTS / "example_pictures.js").read_text()
    page = browser.new_page()
    numbers = st.floats(-500, 1500, allow_nan=False, width=32)
    sides = st.floats(0, 900, allow_nan=False, width=32)
    boxes = st.lists(st.tuples(numbers, numbers, sides, sides), min_size=1, max_size=2)
    lengths = st.sampled_from([0.0, 640.0, 479.5])

    @settings(max_examples=5, deadline=None, phases=[Phase.generate])
    @given(cases=st.lists(st.tuples(boxes, lengths, lengths), min_size=20, max_size=60))
    def check(cases: list[tuple[list[Box], float, float]]) -> None:
        of_page = page.evaluate(f"(cases) => {{ {script}; return cases.map((one) => windowAround(...one)); }}", cases)
        assert [tuple(window) for window in of_page] == [window_around(*case) for case in cases]

    check()
    page.close()


ORDER = """
() => { const { selection, truth, run } = window.page; const chosen = selection();
  return Array.from({ length: chosen.number }, (_, at) => chosen.at(at)).map((error) =>
    [error.isMissed, error.cause, truth.imageId(error.image), error.object < 0 ? null : truth.objectId(error.object),
     error.row < 0 ? null : run.record[error.row]]); }
"""


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],
)
@given(case=coco_pairs())
def test_the_order_is_that_of_the_page(browser: Browser, tmp_path: Path, case: CocoPair) -> None:
    results = results_of(case, 0.5)
    opened = Opened(browser, tmp_path / "report.html", results)
    order = errors_by_cost(results)
    for cause in (None, *range(len(CAUSES))):
        opened.change({"cause": cause})
        rows = order if cause is None else order[results.errors.cause[order] == cause]
        wanted = list(identities(results, in_turns(results.errors.image, rows)))
        assert opened.page.evaluate(ORDER) == wanted
    assert opened.told == []
    opened.page.close()


def identities(results: Results, rows: np.ndarray) -> Iterator[list[Any]]:
    errors, truth, detection = results.errors, results.ground_truth, shown_detections(results)
    for row in rows.tolist():
        yield [
            bool(errors.is_false_negative[row]),
            int(errors.cause[row]),
            str(truth.images.ids[errors.image[row]]),
            None if errors.object[row] < 0 else str(truth.ids[errors.object[row]]),
            None if detection[row] < 0 else int(results.detections.record[detection[row]]),
        ]


def scenes(names: tuple[str, ...]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An object nobody finds in each image, at a place of its own, and in every image a detection of nothing."""
    images = [{"id": i, "width": 400, "height": 300, "file_name": name} for i, name in enumerate(names)]
    annotations = [
        {"id": 50 + i, "image_id": i, "category_id": 1, "bbox": object_box(i), "area": 2400, "iscrowd": 0}
        for i in range(len(names))
    ]
    detections = [{"image_id": i, "category_id": 1, "bbox": detection_box(i), "score": 0.9} for i in range(len(names))]
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "thing"}]}
    return truth, detections


def object_box(image: int) -> list[float]:
    return [30.0 + 7 * image, 40.0 + 5 * image, 60, 40]


def detection_box(image: int) -> list[float]:
    return [250.0 + 3 * image, 180.0 + 2 * image, 80, 60]


def picture(image: int) -> Image.Image:
    """Grey, the object red, what the detection shows blue."""
    drawn = Image.new("RGB", SIZE, GREY)
    for box, colour in ((object_box(image), RED), (detection_box(image), BLUE)):
        x, y, width, height = (int(number) for number in box)
        drawn.paste(colour, (x, y, x + width, y + height))
    return drawn


def write_pictures(folder: Path, names: tuple[str, ...], **options: Any) -> Path:
    folder.mkdir(exist_ok=True)
    for image, name in enumerate(names):
        (folder / name).write_bytes(encoded(picture(image), **options))
    return folder


def analysed(folder: Path, names: tuple[str, ...], *, lenient: bool = False) -> mapgap.Analysis:
    truth, detections = scenes(names)
    reading = mapgap.Reading(lenient=lenient)
    return mapgap.analyze(truth, detections, score_threshold=0.5, resamples=0, images=folder, reading=reading)


def made(results: Results, folder: Path, **options: Any) -> PagePictures:
    return page_pictures([results], Path(os.path.realpath(folder)), **options)


def decoded(content: bytes) -> np.ndarray:
    shown = Image.open(io.BytesIO(content))
    assert shown.format == "WEBP"
    return np.asarray(shown.convert("RGB")).astype(int)


def is_near(tones: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(tones - np.array(colour)).max(axis=-1) < 40


@pytest.fixture
def cache_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def three(tmp_path: Path, cache_home: None) -> tuple[mapgap.Analysis, Path]:
    names = ("a.png", "b.png", "c.png")
    folder = write_pictures(tmp_path / "images", names)
    return analysed(folder, names), folder


def test_each_error_gets_the_part_the_page_shows(three: tuple[mapgap.Analysis, Path]) -> None:
    analysis, folder = three
    pictures = made(analysis.results, folder)
    assert len(pictures.crops) == 6
    assert pictures.unused == ()
    assert pictures.links is None
    for crop in pictures.crops:
        assert crop.picture == SIZE
        tones = decoded(crop.content)
        x, y, width, height = crop.window
        assert tones.shape == (height, width, 3)  # small ones are not shrunk
        whole = np.asarray(picture(crop.image)).astype(int)[y : y + height, x : x + width]
        assert np.abs(tones - whole).mean() < 6
    windows = {(crop.image, crop.window) for crop in pictures.crops}
    assert (0, (0, 10, 120, 100)) in windows  # 30 around the object
    assert (0, (210, 140, 160, 140)) in windows  # 40 around the detection


def test_pixels_lie_under_their_boxes(browser: Browser, tmp_path: Path, three: tuple[mapgap.Analysis, Path]) -> None:
    analysis, _ = three
    opened = open_report(browser, analysis, tmp_path / "report")
    opened.gallery()
    assert opened.page.locator("#examples [role=status]").text_content() == (
        "6 of 6 errors shown. Pictures for 6 of 6 errors are in this file."
    )
    figures = opened.page.locator("#examples figure").all()
    for error, figure in zip(opened.selection(), figures, strict=True):
        svg = figure.locator("svg.picture")
        assert (svg.get_attribute("aria-label") or "").endswith(", on its picture")
        tones, frame = seen(svg)
        box, colour = (object_box, RED) if error["isMissed"] else (detection_box, BLUE)
        x, y, width, height = box(int(error["image"]))
        inside = part(tones, frame, [x + 5, y + 5, width - 10, height - 10])
        assert is_near(inside, colour).mean() > 0.99
        around = part(tones, frame, [x - 12, y - 12, width + 24, 6])
        assert is_near(around, GREY).mean() > 0.99
    assert opened.told == []
    opened.page.close()


def open_report(browser: Browser, analysis: mapgap.Analysis, output: Path, **options: Any) -> Opened:
    """The page of the report as it is written, in the browser."""
    analysis.report(output, **options)
    opened = Opened.__new__(Opened)
    opened.told = []
    opened.page = browser.new_page()
    address = (output / "report.html").as_uri()
    opened.page.on("console", lambda message: opened.told.append(f"console: {message.text}"))
    opened.page.on("pageerror", lambda error: opened.told.append(f"error: {error}"))
    opened.page.on(
        "request", lambda request: None if request.url.startswith("data:") else opened._asked(request.url, address)
    )
    opened.go(address)
    return opened


def seen(svg: Any) -> tuple[np.ndarray, list[float]]:
    """The pixels of a drawing on the screen, and what part of the image they are: left, top, right, bottom."""
    expect(svg).to_be_visible()
    svg.evaluate("(svg) => Promise.all([...svg.querySelectorAll('image')].map((image) => image.decode()))")
    tones = np.asarray(Image.open(io.BytesIO(svg.screenshot())).convert("RGB")).astype(int)
    x, y, width, height = (float(number) for number in svg.get_attribute("viewBox").split())
    tall, wide = tones.shape[:2]
    scale = min(wide / width, tall / height)
    left, top = (wide - width * scale) / 2, (tall - height * scale) / 2
    return tones, [x - left / scale, y - top / scale, scale]


def part(tones: np.ndarray, frame: list[float], box: list[float]) -> np.ndarray:
    left, top, scale = frame
    x0, y0 = round((box[0] - left) * scale), round((box[1] - top) * scale)
    return tones[y0 : y0 + round(box[3] * scale), x0 : x0 + round(box[2] * scale)].reshape(-1, 3)


def test_a_shrunk_crop_lies_under_its_boxes(browser: Browser, tmp_path: Path, cache_home: None) -> None:
    """A large JPEG, which the decoder shrinks, once lying on its side."""
    folder = tmp_path / "images"
    folder.mkdir()
    boxes = {"upright.jpg": [803, 607, 1111, 777], "turned.jpg": [1205, 309, 901, 1203]}
    for name, (x, y, width, height) in boxes.items():
        drawn = Image.new("RGB", (3000, 2000), GREY)
        drawn.paste(RED, (x, y, x + width, y + height))
        exif = Image.Exif()
        if name == "turned.jpg":
            drawn = drawn.transpose(Image.Transpose.ROTATE_90)
            exif[ORIENTATION_TAG] = 6
        (folder / name).write_bytes(encoded(drawn, "JPEG", quality=95, exif=exif))
    images = [{"id": i, "width": 3000, "height": 2000, "file_name": name} for i, name in enumerate(boxes)]
    annotations = [
        {"id": i, "image_id": i, "category_id": 1, "bbox": box, "area": 9e5, "iscrowd": 0}
        for i, box in enumerate(boxes.values())
    ]
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "thing"}]}
    analysis = mapgap.analyze(truth, [], resamples=0, images=folder)
    opened = open_report(browser, analysis, tmp_path / "report")
    assert len(opened.gallery()) == 2
    for svg, (x, y, width, height) in zip(opened.page.locator("svg.picture").all(), boxes.values(), strict=True):
        tones, frame = seen(svg)
        edge = width / 12
        inside = [x + edge, y + edge, width - 2 * edge, height - 2 * edge]
        assert is_near(part(tones, frame, inside), RED).mean() > 0.99
        assert is_near(part(tones, frame, [x - 3 * edge, y, 2 * edge, height]), GREY).mean() > 0.99
    for crop in made(analysis.results, folder).crops:
        assert max(decoded(crop.content).shape) == 256
        assert all(number % 8 == 0 for number in crop.window)
    assert opened.told == []
    opened.page.close()


def test_what_cannot_be_used_is_told_and_the_rest_is_there(browser: Browser, tmp_path: Path, cache_home: None) -> None:
    outside = tmp_path / "secret.png"
    outside.write_bytes(encoded(picture(0)))
    names = (
        "good.png",
        "absent.png",
        "../secret.png",
        str(outside),
        "https://example.invalid/x.png",
        "link.png",
        "cut.png",
        "bomb.png",
    )
    folder = write_pictures(tmp_path / "images", names[:1])
    (folder / "link.png").symlink_to(outside)
    (folder / "cut.png").write_bytes(encoded(picture(6))[:200])
    bomb = bytearray(encoded(Image.new("1", (8, 8))))
    bomb[16:24] = (60000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    (folder / "bomb.png").write_bytes(bomb)
    with pytest.raises(InputError, match="leads out of the folder"):
        analysed(folder, names)
    analysis = analysed(folder, names, lenient=True)
    opened = open_report(browser, analysis, tmp_path / "report", link_images=True)
    opened.gallery()
    status = opened.page.locator("#examples [role=status]").text_content() or ""
    assert status.endswith("Pictures for 2 of 16 errors are in this file.")
    notes = " ".join(opened.page.locator("#examples > .note").all_text_contents())
    assert "No crops: 2 pictures are not in the folder (absent.png, https://example.invalid/x.png)." in notes
    assert (
        f"3 pictures were refused: a name or a link leads out of the folder (../secret.png, {outside}, link.png)"
        in notes
    )
    assert "1 picture cannot be read (cut.png)" in notes
    assert "1 picture is too large to be read safely (bomb.png)" in notes
    blank = opened.page.locator("#examples figure", has_text="absent.png").first
    assert "no picture in this file" in (blank.locator("figcaption").text_content() or "")
    assert (blank.locator("svg.picture").get_attribute("aria-label") or "").endswith("no picture in this file")
    assert blank.locator("image").count() == 0
    addresses = opened.page.locator("#examples a").evaluate_all("(all) => all.map((link) => link.getAttribute('href'))")
    assert set(addresses) == {"../images/good.png", "../images/cut.png", "../images/bomb.png"}
    assert opened.told == []
    opened.page.close()


@pytest.mark.parametrize("most", [0, 300, 900])
def test_the_budget_holds(three: tuple[mapgap.Analysis, Path], most: int) -> None:
    analysis, folder = three
    everything, some = made(analysis.results, folder), made(analysis.results, folder, most_bytes=most)
    assert sum(len(crop.content) for crop in everything.crops) > 900
    assert sum(map(len, contents(some))) <= most
    assert some.crops == everything.crops[: len(some.crops)]  # those that are wanted most
    assert (len(some.crops) > 0) == (most > 0)


def contents(pictures: PagePictures) -> list[bytes]:
    thumbnails = [one for run in pictures.thumbnails for of_mode in run for one in of_mode if one is not None]
    return [*(crop.content for crop in pictures.crops), *thumbnails]


def test_a_crop_of_another_error_serves_where_it_holds_the_frame(browser: Browser, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "images", ("a.png",))
    truth, detections = scenes(("a.png",))
    truth["annotations"].append({**truth["annotations"][0], "id": 60, "bbox": [45, 55, 12, 8], "area": 96})
    results = mapgap.analyze(truth, detections, score_threshold=0.5, resamples=0).results
    wanted = list(wanted_crops([results], 0, 256))
    assert len(wanted) == 2  # the smaller object is seen with the larger one
    pictures = made(results, folder)
    path = tmp_path / "report.html"
    path.write_text(
        report_html(build_report(results), page_data({"run": results}, pictures=pictures), (), pictures), "utf-8"
    )
    opened = Opened.__new__(Opened)
    opened.told, opened.page = [], browser.new_page()
    opened.go(path.as_uri())
    opened.gallery()
    assert opened.page.locator("svg.picture image").count() == 3
    opened.page.close()


def test_runs_share_the_crops(browser: Browser, tmp_path: Path, three: tuple[mapgap.Analysis, Path]) -> None:
    """Two runs of different length, one of which finds what the other misses."""
    truth, detections = scenes(("a.png", "b.png", "c.png"))
    found = [{"image_id": i, "category_id": 1, "bbox": object_box(i), "score": 0.8} for i in (0, 1)]
    runs = {"first": [*detections, *found], "second": detections[:2]}
    analyses = mapgap.analyze_runs(truth, runs, score_threshold=0.5, resamples=0, images=three[1])
    counted: list[tuple[int, int]] = []
    analyses.report(tmp_path / "report", count=lambda done, of: counted.append((done, of)))
    assert counted[-1] == (6, 6)
    page = browser.new_page()
    for run, errors in (("first", 4), ("second", 5)):
        page.goto("about:blank")
        page.goto(f"{(tmp_path / 'report' / 'report.html').as_uri()}#run={run}")
        page.evaluate("window.mapgap.ready.then(() => 0)")
        page.locator("#examples").scroll_into_view_if_needed()
        expect(page.locator("#examples [role=status]")).to_have_text(
            f"{errors} of {errors} errors shown. Pictures for {errors} of {errors} errors are in this file."
        )
        expect(page.locator("svg.picture image")).to_have_count(errors)
    page.locator("#examples:not([aria-busy])").wait_for()
    page.get_by_role("region", name="Run").get_by_role("combobox").first.select_option(index=0)
    page.locator("#examples").scroll_into_view_if_needed()
    expect(page.locator("svg.picture image")).to_have_count(4)  # read once for both
    page.close()


def test_the_same_bytes_twice_and_for_any_number_of_processes(
    tmp_path: Path, three: tuple[mapgap.Analysis, Path]
) -> None:
    analysis, folder = three
    pages = [(analysis.report(tmp_path / f"report{run}") / "report.html").read_bytes() for run in range(2)]
    assert pages[0] == pages[1]
    assert made(analysis.results, folder, jobs=1) == made(analysis.results, folder, jobs=2)


def test_without_pictures_nothing_of_them_is_in_the_page(tmp_path: Path, three: tuple[mapgap.Analysis, Path]) -> None:
    truth, detections = scenes(("a.png", "b.png", "c.png"))
    analysis = mapgap.analyze(truth, detections, score_threshold=0.5, resamples=0)
    page = (analysis.report(tmp_path / "report") / "report.html").read_text(encoding="utf-8")
    before_script = page[: page.rindex("<script>")]
    for trace in ("mapgap-chunk-crop", "mapgap-chunk-links", '"crops"', "data:image", 'thumbnails"', "<img"):
        assert trace not in before_script
    assert "on a blank frame: the object solid" in before_script
    with_pictures = (three[0].report(tmp_path / "other") / "report.html").read_text(encoding="utf-8")
    assert 'id="mapgap-chunk-crop-pictures"' in with_pictures
    assert "mapgap-chunk-links" not in with_pictures
    assert ' href="../' not in with_pictures


def test_links_stay_links_whatever_a_file_is_called(browser: Browser, tmp_path: Path, cache_home: None) -> None:
    folder = write_pictures(tmp_path / "the images?", HOSTILE_NAMES, kind="PNG")
    analysis = analysed(folder, HOSTILE_NAMES)
    opened = open_report(browser, analysis, tmp_path / "deep" / "report", link_images=True)
    opened.gallery()
    resolved = opened.page.locator("#examples a").evaluate_all("(links) => links.map((link) => link.href)")
    assert len(resolved) == 4 * len(HOSTILE_NAMES)  # figures and rows of two errors an image
    for address in resolved:
        assert address.startswith((tmp_path / "the images?").as_uri() + "/")
        assert Path(unquote(address.removeprefix("file://"))).is_file()
    assert {Path(unquote(address)).name for address in resolved} == set(HOSTILE_NAMES)
    assert "the links work as long as" in (opened.page.locator("#examples").text_content() or "")
    assert opened.told == []
    opened.page.close()


def test_the_scripts_follow_no_address_that_is_not_plain(
    browser: Browser, tmp_path: Path, three: tuple[mapgap.Analysis, Path]
) -> None:
    analysis, _ = three
    pictures = PagePictures(links=("javascript:alert(1)", "//example.invalid/a.png", "../a.png"))
    page = report_html(
        build_report(analysis.results), page_data({"run": analysis.results}, pictures=pictures), (), pictures
    )
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    opened = Opened.__new__(Opened)
    opened.told, opened.page = [], browser.new_page()
    opened.go(path.as_uri())
    opened.gallery()
    assert set(
        opened.page.locator("#examples a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    ) == {"../a.png"}
    opened.page.close()


def test_relative_addresses(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "images", ("a b.png",))
    assert relative_address(folder, "a b.png", tmp_path / "x" / "y") == "../../images/a%20b.png"
    assert relative_address(folder, "a b.png", folder) == "a%20b.png"
    for name in (None, "", "absent.png", "../images/a b.png", str(folder / "a b.png"), "a b.png\0"):
        assert relative_address(folder, name, tmp_path) is None


def test_links_need_pictures(tmp_path: Path) -> None:
    truth, detections = scenes(("a.png",))
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    (tmp_path / "dt.json").write_text(json.dumps(detections))
    with pytest.raises(InputError, match="no pictures to link to"):
        mapgap.analyze(truth, detections, resamples=0).report(tmp_path / "report", link_images=True)
    told = complaint(command("report", "gt.json", "dt.json", "--link-images", "-o", "report", cwd=tmp_path), 2)
    assert "--images" in told
    assert not (tmp_path / "report").exists()


def test_thumbnails_show_the_first_examples_of_a_hot_spot(
    browser: Browser, tmp_path: Path, three: tuple[mapgap.Analysis, Path]
) -> None:
    data = Path(os.environ.get("MAPGAP_DATA", "/nowhere")) / "coco_val2017_images"
    if not data.is_dir():
        pytest.skip("MAPGAP_DATA is not set")
    analysis = mapgap.analyze(str(data / "gt.json"), str(data / "yolov2_608.json"), resamples=0, images=data / "images")
    page = (analysis.report(tmp_path / "report") / "report.html").as_uri()
    without_scripts = browser.new_page(java_script_enabled=False)
    without_scripts.goto(page)
    modes = analysis.results.failure_modes
    images = without_scripts.locator(".card .thumbnails img")
    assert images.count() == sum(min(3, len(mode.examples)) for mode in modes) > 0
    assert all(images.evaluate_all("(all) => all.map((image) => image.complete && image.naturalWidth > 0)"))
    assert images.first.get_attribute("alt") == f"Example in image {modes[0].examples[0].image_id}: object solid"
    without_scripts.close()
    pictures = made(analysis.results, data / "images")
    assert pictures.unused == ()
    assert sum(map(len, contents(pictures))) <= 5_000_000
    source = base64.b64encode(next(one for one in pictures.thumbnails[0][0] if one)).decode("ascii")
    assert source in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
