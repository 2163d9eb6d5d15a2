"""Arguments and options that several commands share, each with the panel of --help it stands in."""

from collections.abc import Callable
from os.path import exists
from typing import Any, TypeVar

import rich_click as click

Command = TypeVar("Command", bound=Callable[..., Any])

COUNTING = "What counts"
SLICING = "Slices and ranking"
OUTPUT = "Output"


PATH = click.Path(readable=False)
"""Click does not look whether it can be read: that is no wrong command line, and has an exit code of its own."""


def named_path(context: click.Context, option: click.Parameter, path: str | None) -> str | None:
    """An empty name, mostly of a shell variable that is not set, would mean the current folder."""
    if path == "":
        raise click.BadParameter("the name is empty. Leave the option out, or name what it is to read")
    return path


def input_arguments(command: Command) -> Command:
    """GT and DT."""
    return _input_arguments(command, required=True)


def input_arguments_or_shards(command: Command) -> Command:
    """The same where --shards may stand for them: `patterns_of` looks what is missing."""
    return _input_arguments(command, required=False)


def _input_arguments(command: Command, *, required: bool) -> Command:
    command = click.argument("detections", metavar="DT", required=required, type=PATH)(command)
    return click.argument("ground_truth", metavar="GT", required=required, type=PATH)(command)


def run_arguments(command: Command) -> Command:
    """GT and one or several [NAME=]DT; the command gets `runs`, name -> path."""
    return _run_arguments(command, required=True)


def run_arguments_or_shards(command: Command) -> Command:
    """The same where --shards may stand for them: `patterns_of` looks what is missing."""
    return _run_arguments(command, required=False)


def _run_arguments(command: Command, *, required: bool) -> Command:
    several = click.argument(
        "runs", metavar="[NAME=]DT...", nargs=-1, required=required, type=PATH, callback=_named_runs
    )
    return click.argument("ground_truth", metavar="GT", required=required, type=PATH)(several(command))


def _named_runs(context: click.Context, argument: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Name -> path of each `name=path`; a file without a name, or with "=" in its own, is called by what it is."""
    from mapgap.analysis.run_names import RULE, checked_run_names, is_run_name, names_of_files
    from mapgap.errors import InputError

    if not texts:  # where --shards may stand for them
        return {}
    given: list[tuple[str | None, str]] = []
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or exists(text):
            given.append((None, text))
        elif is_run_name(name):
            given.append((name, path))
        elif exists(path):
            raise click.BadParameter(f"{text!r}: a run cannot be called {name!r}. {RULE}")
        else:
            given.append((None, text))
    own = iter(names_of_files([path for name, path in given if name is None]))
    try:
        names = checked_run_names(next(own) if name is None else name for name, _ in given)
    except InputError as error:
        raise click.BadParameter(str(error)) from error
    return dict(zip(names, (path for _, path in given), strict=True))


def output_option(default: str, kind: str) -> Callable[[Command], Command]:
    """The folder to write, and what may be there already."""
    return click.option(
        "-o",
        "--output",
        default=default,
        show_default=True,
        metavar="FOLDER",
        type=PATH,
        callback=named_folder,
        panel=OUTPUT,
        help=f"Folder to write; a {kind} there is replaced, anything else is refused.",
    )


def optional_output_option(help_text: str) -> Callable[[Command], Command]:
    """The folder to write, where one is wanted."""
    return click.option(
        "-o", "--output", metavar="FOLDER", type=PATH, callback=named_folder, panel=OUTPUT, help=help_text
    )


def crosses_option(help_text: str) -> Callable[[Command], Command]:
    """--by A,B, as often as one likes."""
    return click.option("--by", multiple=True, metavar="A,B", callback=attribute_crosses, panel=SLICING, help=help_text)


iou_type_option = click.option(
    "--iou-type",
    type=click.Choice(["bbox", "segm"]),
    default="bbox",
    show_default=True,
    panel=COUNTING,
    help="What is compared: boxes or masks.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, panel=OUTPUT, help="Print JSON instead of text, whole and in full precision."
)


def attribute_crosses(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> list[list[str]]:
    """The names of each --by, without the blanks around them; one of them empty or twice is a usage error."""
    crosses = []
    for text in texts:
        names = [name.strip() for name in text.split(",")]
        if not all(names):
            raise click.BadParameter(f"{text!r} has an empty name. Write attributes as in --by size,class")
        if len(set(names)) < len(names):
            raise click.BadParameter(f"{text!r} names an attribute twice. Write each once, as in --by size,class")
        crosses.append(names)
    return crosses


def named_folder(context: click.Context, option: click.Parameter, folder: str | None) -> str | None:
    """An empty name, mostly of a shell variable that is not set, would mean the current folder."""
    if folder == "":
        raise click.BadParameter("the folder has an empty name. Write . for the current folder")
    return folder
