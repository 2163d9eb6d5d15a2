"""The group of commands, as click reads command lines and renders help."""

import rich_click as click

from mapgap import __version__
from mapgap.cli.check import check
from mapgap.cli.classify import classify
from mapgap.cli.compare import compare
from mapgap.cli.convert import convert
from mapgap.cli.demo import demo
from mapgap.cli.doctor import doctor
from mapgap.cli.evaluate import evaluate
from mapgap.cli.exit_codes import exit_codes_help
from mapgap.cli.export import export
from mapgap.cli.missed import missed
from mapgap.cli.report import report
from mapgap.cli.serve import serve
from mapgap.cli.slices import slices
from mapgap.cli.thresholds import thresholds
from mapgap.errors import InputError


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False, epilog=exit_codes_help())
@click.version_option(__version__, prog_name="mapgap")
@click.rich_config({"text_paragraph_linebreaks": "\n\n"})
def mapgap() -> None:
    """Why an object detector fails, where, what that costs and what to do.

    GT is a COCO ground-truth file and DT a COCO results file, both plain or gzip. Results go to stdout, progress and
    warnings to stderr.

    \b
    Examples:
      mapgap demo
      mapgap report instances_val2017.json detections.json -o reports/yolo
      mapgap missed instances_val2017.json detections.json --where "[size=small]"
      mapgap compare instances_val2017.json before.json after.json
      mapgap doctor instances_val2017.json detections.json
    """


COMMANDS = (
    report,
    compare,
    check,
    evaluate,
    missed,
    slices,
    thresholds,
    classify,
    doctor,
    convert,
    export,
    serve,
    demo,
)
for command in COMMANDS:
    mapgap.add_command(command)


def run_command(arguments: list[str]) -> object:
    """What the command returns, or the exit code of --help; InputError for a command line that has no meaning."""
    try:
        return mapgap.main(arguments, prog_name="mapgap", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.UsageError as error:
        name = error.ctx.command_path if error.ctx else "mapgap"
        raise InputError(error.format_message().rstrip("."), fix=f"See {name} --help") from None
