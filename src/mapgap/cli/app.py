"""Runs one command line, and makes every way of ending an exit code."""

import errno
import os
import sys

from mapgap import __version__
from mapgap.cli.exit_codes import BUG, FINE, HUNG_UP, INTERRUPTED, MEANINGS, NO_ACCESS, OUT_OF_RESOURCES, TERMINATED
from mapgap.cli.memory_needs import require_room
from mapgap.cli.output import print_complaint
from mapgap.cli.signals import received_exit_code
from mapgap.errors import MapgapError, lines_of

LIBRARY_CLOSED_PIPE = 1
"""click and rich end with SystemExit(1) when stdout is a closed pipe; no command of ours raises that."""

CLICK_COMPLETION = "_MAPGAP_COMPLETE"
"""With this variable click completes a command line instead of running it."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


def run(arguments: list[str]) -> int:
    """The exit code of one command line; nothing escapes as a traceback unless MAPGAP_TRACEBACK is set."""
    try:
        outcome = _carry_out(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit as ending:
        return _ended(ending.code)
    except KeyboardInterrupt:
        return _ended(INTERRUPTED)
    except BrokenPipeError:
        return _ended(LIBRARY_CLOSED_PIPE)
    except Exception as error:  # the last line of defence: a user must never see a traceback unasked
        if received_exit_code() is not None:
            return _ended(received_exit_code())
        return _failed(error)
    return outcome if isinstance(outcome, int) else FINE


def plain_evaluation(arguments: list[str]) -> tuple[str, str, bool] | None:
    """GT, DT and whether there is --json, of `evaluate GT DT [--json]` with two files that can be read; else None."""
    if arguments[:1] != ["evaluate"] or CLICK_COMPLETION in os.environ:
        return None
    files = [argument for argument in arguments[1:] if argument != "--json"]
    if len(files) != 2 or not all(os.access(file, os.R_OK) and not file.startswith("-") for file in files):
        return None
    return files[0], files[1], "--json" in arguments


def _carry_out(arguments: list[str]) -> object:
    """What the command returns; a plain evaluation is read without click, whose import takes longer than many one."""
    require_room(arguments)
    plain = plain_evaluation(arguments)
    if plain is None:
        from mapgap.cli.commands import run_command

        return run_command(arguments)
    from mapgap.cli.evaluation import print_evaluation

    ground_truth, detections, as_json = plain
    print_evaluation(ground_truth, detections, iou_type="bbox", as_json=as_json)
    return FINE


def _ended(code: str | int | None) -> int:
    """The exit code where a command ended before its time: by a signal, or because nobody reads on."""
    if code in (HUNG_UP, INTERRUPTED, TERMINATED):
        print_complaint(MEANINGS[int(code)])
    if code == LIBRARY_CLOSED_PIPE:
        _discard_output()
        return FINE
    return code if isinstance(code, int) else FINE


def _failed(error: Exception) -> int:
    """The exit code of an error, told in one line, or in one a finding."""
    if isinstance(error, MapgapError):
        for line in lines_of(error):
            print_complaint(line)
        return error.exit_code
    if isinstance(error, MemoryError) or is_lack_of_memory(error):
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


def is_lack_of_memory(error: Exception) -> bool:
    """Whether a library says in its own words that memory, addresses or threads are used up."""
    text = str(error)
    if isinstance(error, ImportError):
        return any(words in text for words in ("failed to map segment", "annot allocate memory"))
    if isinstance(error, RuntimeError) and "start new thread" in text:
        return True
    return type(error).__name__ in ("OutOfMemoryException", "_ArrayMemoryError")


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
