"""The command line: it only translates arguments, files, streams and exit codes."""

import os
import sys

from mapgap.cli.signals import end_on_signals, ignore_signals, received_exit_code


def main() -> None:
    """Runs a command and ends the process with its exit code; what went wrong is one line on stderr."""
    end_on_signals()
    # Nothing here is large linear algebra; its threads would only take addresses and time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        # Imported late, so that an early Ctrl-C meets the handler and not a half-imported library.
        from mapgap.cli.app import run
    except BaseException:
        code = received_exit_code()
        if code is None:
            raise
        _tell_end(code)
    else:
        code = run(sys.argv[1:])
    ignore_signals()  # the work is done: one that comes now is too late
    sys.exit(code)


def _tell_end(code: int) -> None:
    from mapgap.cli.exit_codes import MEANINGS
    from mapgap.cli.output import print_complaint

    print_complaint(MEANINGS[code])


__all__ = ["main"]
