"""Where the scripts put the examples; without them nothing of it shows."""

from mapgap.number_words import plural
from mapgap.report.embedded.crops import PagePictures, UnusedPictures
from mapgap.report.html.markup import Markup, element
from mapgap.report.html.parts import name

BLANK = "Boxes are drawn to scale on a blank frame"
CROPPED = "Boxes are drawn to scale on a crop of the picture, or on a blank frame where this file holds none"


def examples_section(pictures: PagePictures | None = None) -> Markup:
    """An empty section that the scripts fill and show."""
    return element(
        "section",
        element("h2", "Examples", id="examples-heading", tabindex=-1),
        element(
            "p",
            "The errors at the threshold and filter above, costliest first, one an image until all images had their "
            f"turn. {BLANK if pictures is None else CROPPED}: the object solid, the detection dashed, other objects of "
            "the image faint. A cause or a cell of the matrix chooses errors; it does not change the rates.",
            class_="note",
        ),
        [element("p", _unused(unused), class_="note") for unused in pictures.unused] if pictures else None,
        element(
            "p",
            "File names link to the whole pictures, which are not in this file: the links work as long as the report "
            "and the pictures stay where they are.",
            class_="note",
        )
        if pictures and pictures.links is not None
        else None,
        id="examples",
        aria_labelledby="examples-heading",
        hidden=True,
    )


def _unused(unused: UnusedPictures) -> list[str]:
    """The words and names of one reason."""
    names: list[str] = []
    for shown in unused.names:
        names += [", " if names else " (", name(shown)]
    more = ", …)" if unused.number > len(unused.names) else ")"
    return [f"No crops: {plural(unused.number, 'picture')} {unused.words}", *names, more, "."]
