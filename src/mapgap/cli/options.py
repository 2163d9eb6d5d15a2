"""Arguments and options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import rich_click as click

Command = TypeVar("Command", bound=Callable[..., Any])


def input_arguments(command: Command) -> Command:
    """GT and DT."""
    command = click.argument("detections", metavar="DT", type=click.Path())(command)
    return click.argument("ground_truth", metavar="GT", type=click.Path())(command)


def analysis_options(command: Command) -> Command:
    """Where the counts are taken: score threshold, IoU threshold, IoU type."""
    for option in (
        click.option(
            "--iou-threshold",
            type=float,
            default=0.5,
            show_default=True,
            metavar="IOU",
            help="IoU at which counts are taken; AP and the gap always use .50 to .95.",
        ),
        click.option(
            "--score-threshold",
            default="best-f1",
            show_default=True,
            metavar="RULE",
            help="Score from which detections count: best-f1, a number, precision=P or recall=R.",
        ),
        iou_type_option,
    ):
        command = option(command)
    return command


iou_type_option = click.option(
    "--iou-type", type=click.Choice(["bbox"]), default="bbox", show_default=True, help="What is compared: boxes."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def score_rule(text: str) -> float | str:
    """A number where the text is one, else the rule as it stands."""
    try:
        return float(text)
    except ValueError:
        return text
