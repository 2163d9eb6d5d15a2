"""Draws the pictures of the README: the report on datasets/planted with its pictures, in headless Chromium.

    python docs/images/make_images.py

report.png is its top, examples.png what a press on the first hot spot shows, curves.png the curves under that filter,
narrow.png the page on a phone, compare.png what changed to the later detector. Needs Chromium (MAPGAP_CHROMIUM, by
default /usr/bin/chromium) and the packages of the extra `test`. Run it again when the report's looks change: pictures
are not compared, because fonts differ by machine.
"""

import os
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import mapgap

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "datasets" / "planted"
CHROMIUM = os.environ.get("MAPGAP_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTH = 1280
NARROW = 360
HOT_SPOTS, MARGIN = 2, 14
DRAWN = "#examples:not([aria-busy]) .gallery figure"


def top(browser: Browser, address: str) -> bytes:
    """The page from its top to below the first hot spots."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 2 * WIDTH}, color_scheme="light")
    page.goto(address)
    page.evaluate("mapgap.ready.then(() => null)")
    box = page.locator("li.card").nth(HOT_SPOTS - 1).bounding_box()
    assert box is not None, "the sample report has fewer hot spots than the picture shows"
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": box["y"] + box["height"] + MARGIN}
    return page.screenshot(clip=clip)  # type: ignore[arg-type]


def filtered(browser: Browser, address: str) -> Page:
    """The page after a press on "show examples" of the first hot spot."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="dark")
    page.goto(address)
    page.evaluate("mapgap.ready.then(() => null)")
    page.locator("li.card .show button").first.click()
    page.locator(DRAWN).first.wait_for()
    return page


def at(page: Page, section: str) -> bytes:
    """What is in sight when a section is."""
    page.evaluate("(id) => document.getElementById(id).scrollIntoView()", section)
    page.wait_for_timeout(500)
    return page.screenshot()


def narrow(browser: Browser, address: str) -> bytes:
    """The top on a phone."""
    page = browser.new_page(viewport={"width": NARROW, "height": 1100}, color_scheme="light")
    page.goto(f"{address}#fix-first")
    page.evaluate("mapgap.ready.then(() => null)")
    return page.screenshot()


def compared(browser: Browser, address: str) -> bytes:
    """The leaderboard and what changed, as far as the steps from AP to AP by cause."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 3 * WIDTH}, color_scheme="light")
    page.goto(address)
    page.evaluate("mapgap.ready.then(() => null)")
    first, last = (page.locator(f"#changes {part}").first.bounding_box() for part in ("h2", ".fates"))
    assert first is not None
    assert last is not None
    height = last["y"] + last["height"] - first["y"] + 2 * MARGIN
    clip = {"x": 0, "y": first["y"] - MARGIN, "width": WIDTH, "height": height}
    return page.screenshot(clip=clip)  # type: ignore[arg-type]


def write_optimised(picture: bytes, name: str) -> None:
    """Writes the picture without loss, as small as PNG allows."""
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").save(HERE / name, optimize=True)


def main() -> None:
    """Writes all pictures."""
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        analysis = mapgap.analyze(DATA / "gt.json", DATA / "detections.json", images=DATA / "images")
        address = (analysis.report(Path(place) / "report") / "report.html").as_uri()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        write_optimised(top(browser, address), "report.png")
        page = filtered(browser, address)
        write_optimised(at(page, "examples"), "examples.png")
        write_optimised(at(page, "curves"), "curves.png")
        write_optimised(narrow(browser, address), "narrow.png")
        runs = {"before": DATA / "detections.json", "later": DATA / "later.json"}
        both = mapgap.compare(DATA / "gt.json", runs).report(Path(place) / "both")
        write_optimised(compared(browser, (both / "report.html").as_uri()), "compare.png")
        browser.close()


if __name__ == "__main__":
    main()
