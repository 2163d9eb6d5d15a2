"""The style sheets and scripts of the page: those of the detector's report that it shares, then its own."""

from mapgap.report.html.assets import asset_text, one_script

SHARED_STYLES = (
    "base.css",
    "headline.css",
    "cards.css",
    "tables.css",
    "matrix.css",
    "method.css",
    "bar.css",
    "live.css",
    "curves.css",
    "print.css",
)
STYLES = ("classification.css",)
SHARED_SCRIPTS = ("words.js", "elements.js", "sorting.js")
SCRIPTS = ("data.js", "counting.js", "matrix.js", "samples.js", "live.js", "slider.js", "against_rest.js", "page.js")
_PACKAGE = "mapgap.classification.page"


def joined_styles() -> str:
    """All style sheets as one; a later one has the last word."""
    shared = [asset_text("styles", name) for name in SHARED_STYLES]
    return "".join([*shared, *(asset_text("styles", name, _PACKAGE) for name in STYLES)])


def joined_scripts() -> str:
    """All scripts as one."""
    shared = [asset_text("scripts", name) for name in SHARED_SCRIPTS]
    return one_script([*shared, *(asset_text("scripts", name, _PACKAGE) for name in SCRIPTS)])
