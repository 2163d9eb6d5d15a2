"""The group of commands, and how every way of ending becomes an exit code."""

import errno
import os
import sys

import rich_click as click
from click.exceptions import Exit

from mapgap import __version__
from mapgap.cli.demo import demo
from mapgap.cli.evaluate import evaluate
from mapgap.cli.exit_codes import (
    BUG,
    FINE,
    INTERRUPTED,
    MEANINGS,
    NO_ACCESS,
    OUT_OF_RESOURCES,
    TERMINATED,
    exit_codes_help,
)
from mapgap.cli.missed import missed
from mapgap.cli.output import print_complaint
from mapgap.cli.report import report
from mapgap.cli.signals import received_exit_code
from mapgap.cli.slices import slices
from mapgap.errors import MapgapError

LIBRARY_CLOSED_PIPE = 1
"""click and rich end with SystemExit(1) when stdout is a closed pipe; no command of ours raises that."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


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
    """


for command in (report, evaluate, missed, slices, demo):
    mapgap.add_command(command)


def run(arguments: list[str]) -> int:
    """The exit code of one command line; nothing escapes as a traceback unless MAPGAP_TRACEBACK is set."""
    try:
        outcome = mapgap.main(arguments, prog_name="mapgap", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit as ending:
        return _ended(ending.code)
    except (KeyboardInterrupt, click.Abort):
        return _ended(INTERRUPTED)
    except BrokenPipeError:
        return _ended(LIBRARY_CLOSED_PIPE)
    except Exception as error:  # the last line of defence: a user must never see a traceback unasked
        if received_exit_code() is not None:
            return _ended(received_exit_code())
        return _failed(error)
    return outcome if isinstance(outcome, int) else FINE


def _ended(code: str | int | None) -> int:
    """The exit code where a command ended before its time: by a signal, or because nobody reads on."""
    if code in (INTERRUPTED, TERMINATED):
        print_complaint(MEANINGS[int(code)])
    if code == LIBRARY_CLOSED_PIPE:
        _discard_output()
        return FINE
    return code if isinstance(code, int) else FINE


def _failed(error: Exception) -> int:
    """The exit code of an error, told in one line."""
    if isinstance(error, Exit):
        return int(error.exit_code)
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "mapgap"
        print_complaint(f"{error.format_message().rstrip('.')}. See {command} --help")
        return int(error.exit_code)
    if isinstance(error, click.ClickException):
        print_complaint(error.format_message())
        return int(error.exit_code)
    if isinstance(error, MapgapError):
        print_complaint(str(error))
        return error.exit_code
    if isinstance(error, MemoryError):
        print_complaint("out of memory. Evaluate fewer images at once, or use a machine with more memory")
        return OUT_OF_RESOURCES
    if os.environ.get("MAPGAP_TRACEBACK"):
        raise error
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        print_complaint(f"{place}{error.strerror or error}. Check paths, permissions and free space")
        return OUT_OF_RESOURCES if error.errno in NO_ROOM else NO_ACCESS
    print_complaint(
        f"this is a bug in mapgap {__version__}: {type(error).__name__}: {error}. "
        "Set MAPGAP_TRACEBACK=1, run it again and report what it prints"
    )
    return BUG


def _discard_output() -> None:
    """Sends what is still buffered nowhere, so that the interpreter does not complain about it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
        except AttributeError:  # a stream that was closed from the start is None
            continue
