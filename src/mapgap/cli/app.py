"""The group of commands, and how every way of ending becomes an exit code."""

import os
import signal
import sys
from types import FrameType

import rich_click as click
from click.exceptions import Exit

from mapgap import __version__
from mapgap.cli.demo import demo
from mapgap.cli.evaluate import evaluate
from mapgap.cli.missed import missed
from mapgap.cli.report import report
from mapgap.cli.slices import slices
from mapgap.errors import MapgapError

BUG = 70
INTERRUPTED = 130
TERMINATED = 143
OUT_OF_RESOURCES = 4
CLOSED_PIPE = 141


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mapgap")
def mapgap() -> None:
    """Why an object detector fails, where, what that costs and what to do.

    GT is a COCO ground-truth file and DT a COCO results file, both plain or gzip.

    \b
    Examples:
      mapgap demo
      mapgap report instances_val2017.json detections.json -o reports/yolo
      mapgap missed instances_val2017.json detections.json --where "[size=small]"

    \b
    Exit codes:
      0   fine, warnings allowed       4    out of memory or disk
      1   a gate failed                70   a bug in mapgap
      2   bad input or command line    130  interrupted
      3   cannot read or write         143  terminated
    """


for command in (report, evaluate, missed, slices, demo):
    mapgap.add_command(command)


def main() -> None:
    """Runs a command and ends the process with its exit code; what went wrong is one line on stderr."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of one command line; nothing escapes as a traceback unless MAPGAP_TRACEBACK is set."""
    try:
        outcome = mapgap.main(arguments, prog_name="mapgap", standalone_mode=False)
        sys.stdout.flush()
    except Exit as ending:
        return int(ending.exit_code)
    except click.UsageError as mistake:
        command = mistake.ctx.command_path if mistake.ctx else "mapgap"
        _say(f"mapgap: {mistake.format_message().rstrip('.')}. See {command} --help")
        return int(mistake.exit_code)
    except click.ClickException as mistake:
        _say(f"mapgap: {mistake.format_message()}")
        return int(mistake.exit_code)
    except MapgapError as error:
        _say(f"mapgap: {error}")
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("mapgap: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except MemoryError:
        _say("mapgap: out of memory. Evaluate fewer images at once, or use a machine with more memory")
        return OUT_OF_RESOURCES
    except Exception as bug:  # the last line of defence: a user must never see a traceback unasked
        if os.environ.get("MAPGAP_TRACEBACK"):
            raise
        _say(
            f"mapgap: this is a bug in mapgap {__version__}: {type(bug).__name__}: {bug}. "
            "Set MAPGAP_TRACEBACK=1, run it again and report what it prints"
        )
        return BUG
    return outcome if isinstance(outcome, int) else 0


def _terminate(number: int, frame: FrameType | None) -> None:
    """Ends through `finally` blocks, so that nothing half-written stays behind."""
    raise SystemExit(TERMINATED)


def _say(line: str) -> None:
    sys.stderr.write(" ".join(line.split("\n")) + "\n")
