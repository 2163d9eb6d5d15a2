"""The style sheets and scripts of the page, each joined into one in a listed order, and the policy that allows them."""

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files

STYLES = (
    "base.css",
    "headline.css",
    "cards.css",
    "gap.css",
    "tables.css",
    "matrix.css",
    "method.css",
    "bar.css",
    "live.css",
    "gallery.css",
    "curves.css",
    "crops.css",
    "comparison.css",
    "print.css",
)
"""A later one has the last word."""

SCRIPTS = (
    "manifest.js",
    "once.js",
    "words.js",
    "elements.js",
    "order.js",
    "decode.js",
    "tally.js",
    "presence.js",
    "by_threshold.js",
    "state.js",
    "runs.js",
    "threshold_slider.js",
    "add_filter.js",
    "bar.js",
    "headline.js",
    "cell_keys.js",
    "live_tables.js",
    "gap.js",
    "sorting.js",
    "heat_map.js",
    "selection.js",
    "example_files.js",
    "example_pictures.js",
    "crops.js",
    "gallery.js",
    "charts.js",
    "curves.js",
    "hot_spots.js",
    "missed.js",
    "comparison.js",
    "frame.js",
    "page.js",
)
"""In the order in which they need each other."""


def joined_styles() -> str:
    """The style sheets of the page as one."""
    return "".join(asset_text("styles", name) for name in STYLES)


def joined_scripts() -> str:
    """The scripts of the page as one, strict and without a name of theirs outside."""
    return one_script(asset_text("scripts", name) for name in SCRIPTS)


def one_script(texts: Iterable[str]) -> str:
    """Several scripts as one, strict and without a name of theirs outside."""
    return '(() => {\n"use strict";\n' + "\n".join(texts) + "})();\n"


def asset_text(folder: str, name: str, package: str = "mapgap.report.html") -> str:
    """A style sheet or script as it is in the package."""
    return files(package).joinpath(folder, name).read_text(encoding="utf-8")


def content_security_policy(style: str, script: str | None = None) -> str:
    """A policy that allows this style sheet, this script, pictures inside the file, and nothing else."""
    allowed = f"style-src '{_hash(style)}'" + (f"; script-src '{_hash(script)}'" if script else "")
    return f"default-src 'none'; {allowed}; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    """What a policy calls a text by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
