"""Where the scripts put the examples; without them nothing of it shows."""

from mapgap.report.html.markup import Markup, element


def examples_section() -> Markup:
    """An empty section that the scripts fill and show."""
    return element(
        "section",
        element("h2", "Examples", id="examples-heading", tabindex=-1),
        element(
            "p",
            "The errors at the threshold and filter above, costliest first, one an image until all images had their "
            "turn. Boxes are drawn to scale on a blank frame: the object solid, the detection dashed, other objects of "
            "the image faint. A cause or a cell of the matrix chooses errors; it does not change the rates.",
            class_="note",
        ),
        id="examples",
        aria_labelledby="examples-heading",
        hidden=True,
    )
