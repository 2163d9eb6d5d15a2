"""The command line that made a report, to be told in it: the same for the same run wherever and however it was made."""

import shlex
from os.path import basename
from typing import Any

import rich_click as click

_GIVEN = "mapgap.given"
UNTOLD = ("output", "as_json", "jobs")
"""Options that change nothing of what a report says."""


class TellingCommand(click.RichCommand):
    """A command that keeps what it was given, so that `command_line` can tell it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keeps the words and parses them."""
        ctx.meta[_GIVEN] = tuple(args)
        return super().parse_args(ctx, args)


def command_line(context: click.Context, arguments: list[str]) -> str:
    """`mapgap report gt.json big=big.json --seed 3`: the options that were given, in a fixed order.

    `arguments` stand for the positional ones. Of files and folders only the base name is told, so that the place of
    the data on one machine stays there.
    """
    options, _, _ = context.command.make_parser(context).parse_args(list(context.meta[_GIVEN]))
    words = ["mapgap", context.info_name or "", *arguments]
    for parameter in context.command.params:
        if isinstance(parameter, click.Option) and parameter.name in options and parameter.name not in UNTOLD:
            words += _written(parameter, options[parameter.name])
    return shlex.join(words)


def told_inputs(ground_truth: str, runs: dict[str, str]) -> list[str]:
    """The inputs as the report tells them: without their folders, and a run with its name unless that is its file's."""
    from mapgap.analysis.run_names import names_of_files

    is_plain = list(runs) == list(names_of_files(list(runs.values()))[:1])
    files = [basename(path) if is_plain else f"{name}={basename(path)}" for name, path in runs.items()]
    return [basename(ground_truth), *files]


def _written(option: click.Option, value: Any) -> list[str]:
    name = max(option.opts, key=len)
    if option.is_flag:
        return [name]
    values = value if isinstance(value, list) else [value]
    is_path = isinstance(option.type, click.Path)
    return [word for one in values for word in (name, basename(one.rstrip("/")) if is_path else one)]
