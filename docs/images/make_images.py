"""Draws docs/images/report.png: the top of the sample report in reports/planted, in headless Chromium.

    python docs/images/make_images.py

Needs Chromium (MAPGAP_CHROMIUM, by default /usr/bin/chromium) and the packages of the extra `test`. Run it again after
`reports/make_planted.py` when the report's looks change: pictures are not compared, because fonts differ by machine.
"""

import os
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
REPORT = HERE.parents[1] / "reports" / "planted" / "report.html"
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
HOT_SPOTS, MARGIN = 4, 14


def screenshot(page_file: Path) -> bytes:
    """The page from its top to below the first hot spots as PNG, WIDTH pixels wide, light colours."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": WIDTH, "height": 2 * WIDTH}, color_scheme="light")
        page.goto(page_file.as_uri())
        box = page.locator("li.card").nth(HOT_SPOTS - 1).bounding_box()
        assert box is not None, "the sample report has fewer hot spots than the picture shows"
        bottom = box["y"] + box["height"] + MARGIN
        picture = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom})
        browser.close()
    return picture


def write_optimised(picture: bytes, path: Path) -> None:
    """Writes the picture without loss, as small as PNG allows."""
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").save(path, optimize=True)


if __name__ == "__main__":
    write_optimised(screenshot(REPORT), HERE / "report.png")
