"""The options of every command that analyses a run, read into what `analyze` takes."""

from collections.abc import Callable, Mapping
from functools import wraps
from itertools import pairwise
from math import inf
from typing import Any, TypeVar

import rich_click as click

from mapgap.cli.options import COUNTING, PATH, iou_type_option, named_path
from mapgap.cli.reading_options import reading_options

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]

ATTRIBUTES = "Attributes and slices"
INTERVALS = "Intervals"


def analysis_options(command: Command) -> Command:
    """Adds the options and hands them to the command as one dict, `asked`: keyword arguments of `analyze`."""
    return _with_options(command, OPTIONS)


def gate_options(command: Command) -> Command:
    """The same without those that a baseline decides: what is compared, at which IoU and score."""
    return _with_options(command, {name: option for name, option in OPTIONS.items() if name not in DECIDED})


def data_options(command: Command) -> Command:
    """The same without those of the score threshold, for a command that looks for one."""
    return _with_options(command, {name: option for name, option in OPTIONS.items() if name not in POINT})


def score_rule(context: click.Context, option: click.Parameter, text: str) -> float | str:
    """A number where the text is one, else the rule as it stands."""
    try:
        return float(text)
    except ValueError:
        return text


def _with_options(command: Command, options: Mapping[str, Decorator]) -> Command:
    @wraps(command)
    def with_asked(*arguments: Any, reading: Any, **given: Any) -> Any:
        asked = {**{name: given.pop(name) for name in options}, "reading": reading}
        outcome = command(*arguments, asked=asked, **given)
        if asked["images"] is not None:
            _warn_without_cache()
        return outcome

    decorated: Any = reading_options(with_asked)
    for option in options.values():
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def _warn_without_cache() -> None:
    """On stderr only: what a report says does not depend on the folders of one machine."""
    from mapgap.cli.output import print_warning
    from mapgap.pixels.cache import can_keep

    if not can_keep():
        fix = "Set XDG_CACHE_HOME to a folder of yours"
        print_warning(f"pictures_not_kept: no cache folder can be written, so they are measured anew each time. {fix}")


def _bins(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, list[float]]:
    """Attribute -> edges, of each `name=edge,edge`."""
    bins: dict[str, list[float]] = {}
    for text in texts:
        # A name may hold any sign, edges hold none of these.
        name, equals, edges = text.rpartition("=")
        try:
            numbers = [float(edge) for edge in edges.split(",")]
        except ValueError:
            numbers = []
        rise = all(low < high for low, high in pairwise([-inf, *numbers, inf]))
        if not equals or not name.strip() or not numbers or not rise:
            raise click.BadParameter(f"{text!r} is not name=edge,edge,... with rising edges, as in size=0,256,1024")
        _refuse_repeated(name.strip(), bins, text)
        bins[name.strip()] = numbers
    return bins


def _named_slices(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Name -> expression, of each `name: expression`."""
    slices: dict[str, str] = {}
    for text in texts:
        name, colon, expression = text.partition(":")
        if not colon or not name.strip() or not expression.strip():
            raise click.BadParameter(
                f"{text!r} is not 'name: expression', as in 'small_people: [size=small,class=person]'"
            )
        _refuse_repeated(name.strip(), slices, text)
        slices[name.strip()] = expression.strip()
    return slices


def _costs(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, float]:
    """Cause, or cause:class, -> cost, of each `cause=number,...`."""
    costs: dict[str, float] = {}
    for part in (part for text in texts for part in text.split(",")):
        # A class may have any name, so the number is behind the last sign.
        name, equals, number = part.rpartition("=")
        try:
            cost = float(number)
        except ValueError:
            cost = -1.0
        if not equals or not name.strip() or not 0 <= cost < float("inf"):
            raise click.BadParameter(f"{part!r} is not cause=number or cause:class=number, as in missed=5,background=1")
        _refuse_repeated(name.strip(), costs, part)
        costs[name.strip()] = cost
    return costs


def _refuse_repeated(name: str, known: dict[str, Any], text: str) -> None:
    if name in known:
        raise click.BadParameter(f"{text!r}: {name!r} is given twice. Give it once")


OPTIONS: Mapping[str, Decorator] = {
    "seed": click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        metavar="N",
        panel=INTERVALS,
        help="Seed of the draws: the same seed gives the same intervals.",
    ),
    "resamples": click.option(
        "--resamples",
        type=click.IntRange(min=0),
        default=200,
        show_default=True,
        metavar="N",
        panel=INTERVALS,
        help="How often the images are drawn again for 95 % intervals; 0 for no intervals.",
    ),
    "jobs": click.option(
        "--jobs",
        type=click.IntRange(min=0),
        default=0,
        show_default="one a core",
        metavar="N",
        panel=ATTRIBUTES,
        help="Processes that look at pictures.",
    ),
    "slices": click.option(
        "--slice",
        "slices",
        multiple=True,
        metavar="NAME: EXPRESSION",
        callback=_named_slices,
        panel=ATTRIBUTES,
        help="Name a slice, as in 'night_small: [time_of_day=night,size=small]'; may be repeated.",
    ),
    "bins": click.option(
        "--bins",
        multiple=True,
        metavar="NAME=EDGES",
        callback=_bins,
        panel=ATTRIBUTES,
        help="Edges for an attribute of numbers, as in size=0,256,1024,9216; may be repeated.",
    ),
    "attributes": click.option(
        "--attributes",
        metavar="FILE",
        type=PATH,
        callback=named_path,
        panel=ATTRIBUTES,
        help="CSV or Parquet file to join by a column image_id, file_name or id.",
    ),
    "images": click.option(
        "--images",
        metavar="DIR",
        type=PATH,
        callback=named_path,
        panel=ATTRIBUTES,
        help="Folder of the pictures: brightness, contrast, sharpness and the like become attributes.",
    ),
    "iou_type": iou_type_option,
    "costs": click.option(
        "--cost",
        "costs",
        multiple=True,
        metavar="CAUSE=COST",
        callback=_costs,
        panel=COUNTING,
        help="What an error costs, as in below_threshold=5,background=1 or missed:person=20; else every error costs 1.",
    ),
    "iou_threshold": click.option(
        "--iou-threshold",
        type=float,
        default=0.5,
        show_default=True,
        metavar="IOU",
        panel=COUNTING,
        help="IoU at which counts are taken; AP and the gap always use .50 to .95.",
    ),
    "thresholds": click.option(
        "--thresholds",
        metavar="FILE",
        type=PATH,
        callback=named_path,
        panel=COUNTING,
        help="Scores one a class in place of it: JSON as mapgap thresholds writes it, or {class: score}.",
    ),
    "score_threshold": click.option(
        "--score-threshold",
        default="best-f1",
        show_default=True,
        metavar="RULE",
        callback=score_rule,
        panel=COUNTING,
        help="Score from which detections count: best-f1, a number, precision=P, recall=R, or cost: least by --cost.",
    ),
}
POINT = ("thresholds", "score_threshold")
DECIDED = ("iou_type", "costs", "iou_threshold", "thresholds", "score_threshold")
