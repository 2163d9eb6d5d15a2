"""A headless browser for tests, and a page that is watched for what it should not do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path(os.environ.get("MAPGAP_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def headless_browser() -> Iterator[Browser]:
    """Chromium with an empty profile; skips where it is not installed, but never on CI."""
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Watched:
    """A page and everything it should not do."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.told: list[str] = []
        page.on("console", lambda message: self.told.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.told.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.told.append(f"dialog: {dialog.message}"), dialog.dismiss())[0])
        page.on("request", lambda request: self._requested(request.url, address))
        page.goto(address)

    def _requested(self, url: str, address: str) -> None:
        # What the browser does not fetch is no request.
        if url.split("#")[0] != address.split("#")[0] and not url.startswith(("data:", "blob:")):
            self.told.append(f"request: {url}")
