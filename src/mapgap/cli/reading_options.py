"""The options that say how both inputs are read where they are not in COCO's format."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import rich_click as click

Command = TypeVar("Command", bound=Callable[..., Any])

READING = "How inputs are read"


def reading_options(command: Command) -> Command:
    """Adds the options and hands them to the command as one `Reading`, `reading`."""

    @wraps(command)
    def with_reading(*arguments: Any, **given: Any) -> Any:
        from mapgap.readings import Reading

        asked = {name: given.pop(name) for name in OPTIONS}
        return command(*arguments, reading=Reading(**asked), **given)

    decorated: Any = with_reading
    for option in reversed(OPTIONS.values()):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


OPTIONS = {
    "box_format": click.option(
        "--box-format",
        default="xywh",
        show_default=True,
        metavar="FORMAT",
        panel=READING,
        help="Boxes of DT: xywh, xyxy, yxyx, cxcywh or yxhw; with -normalized, -resized:640, -letterboxed:640.",
    ),
    "ground_truth_box_format": click.option(
        "--ground-truth-box-format",
        default="xywh",
        show_default=True,
        metavar="FORMAT",
        panel=READING,
        help="Boxes of GT, in the same words.",
    ),
    "category_map": click.option(
        "--category-map",
        metavar="MAP",
        panel=READING,
        help="How category ids of DT become those of GT: coco80to91, +1, -1, by-position or by-name.",
    ),
    "image_map": click.option(
        "--image-map",
        metavar="MAP",
        panel=READING,
        help="How image ids of DT become those of GT: +1, -1, by-position, file-name or stem.",
    ),
    "score_format": click.option(
        "--score-format",
        metavar="FORMAT",
        panel=READING,
        help="What scores of DT are: percent, logit or reversed.",
    ),
    "lenient": click.option(
        "--lenient",
        is_flag=True,
        panel=READING,
        help="Leave out or mend records without a meaning, and count them, in place of refusing the file.",
    ),
    "max_input_bytes": click.option(
        "--max-input-bytes",
        type=click.IntRange(min=1),
        metavar="BYTES",
        panel=READING,
        help="Refuse an input that is longer, unpacked.",
    ),
}
