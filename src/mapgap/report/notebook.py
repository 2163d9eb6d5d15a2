"""The report in a notebook: the whole page in a sandboxed frame, or, where it is too large for one, its first words."""

from collections.abc import Iterator
from urllib.parse import quote

from mapgap.report.headline import number_lines
from mapgap.report.html.markup import Child, Markup, element, join
from mapgap.report.html.parts import pieces
from mapgap.report.json_values import Record
from mapgap.report.wording import cause_label, mode_price, mode_sentence

MOST_BYTES = 5_000_000
"""A notebook keeps every output in its file, and sends it to every reader."""
SANDBOX = "allow-scripts allow-downloads"
"""Scripts of the page run in an origin of their own, and cannot reach the notebook. Examples can be saved."""
HEIGHT = 720
HOT_SPOTS = 10


def notebook_html(page: str, summary: Record, link: str | None = None) -> Markup:
    """The page as a frame; beyond MOST_BYTES the headline, the ranked list and `link`, a path relative to the notebook.

    Nothing of it can run in the notebook, whatever the data are called.
    """
    # ASCII is a byte a character, and other pages are small.
    size = len(page) if page.isascii() else len(page.encode("utf-8", "surrogatepass"))
    return framed(page) if size <= MOST_BYTES else first_words(summary, size, link)


def framed(page: str) -> Markup:
    """The page inside a frame of its own, of the notebook's width."""
    return element(
        "iframe",
        srcdoc=page,
        sandbox=SANDBOX,
        title="mapgap report",
        width="100%",
        height=HEIGHT,
        style="border: 1px solid #8888; border-radius: 4px",
    )


def first_words(summary: Record, size: int, link: str | None) -> Markup:
    """The main numbers and the ranked hot spots, and where the page is."""
    hot_spots = list(_hot_spots(summary))
    megabytes = f"{size / 1e6:,.0f} MB"
    where: tuple[Child, ...] = (
        (f"The page has {megabytes}, too many for a notebook: ", element("code", 'report("FOLDER")'), " writes it.")
        if link is None
        else (f"The page has {megabytes}, too many for a notebook: ", element("a", link, href=quote(link)), ".")
    )
    return element(
        "div",
        [element("p", line) for line in number_lines(summary)],
        element("ol", hot_spots) if hot_spots else element("p", "No slice fails clearly more often than the rest."),
        element("p", *where),
    )


def _hot_spots(summary: Record) -> Iterator[Markup]:
    for mode in summary["failure_modes"][:HOT_SPOTS]:
        advice = mode["recommendation"]
        yield element(
            "li",
            element("b", cause_label(mode["cause"])),
            join([": ", pieces(mode_sentence(mode)), " ", mode_price(mode)]),
            f" To do: {advice['text']}" if advice else None,
        )
