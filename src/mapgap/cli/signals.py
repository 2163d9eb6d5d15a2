"""Ctrl-C, SIGTERM and a closed terminal: the command ends through its `finally` blocks, once, with 128 + the signal.

Python runs handlers between two of its own steps. A call into the kernel may take longer than anyone wants to wait, so
a thread watches as well: it learns of the signal at once, and ends the process where the command has not.
"""

import _thread
import os
import signal
import sys
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE_SECONDS = 1.5

_received: list[int] = []


def end_on_signals() -> None:
    """Makes the signals raise SystemExit; one that the caller's shell ignores, as for a background job, stays so."""
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, _end)
    _watch_signals(heeded)


def ignore_signals() -> None:
    """Makes the signals harmless, for good."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def received_exit_code() -> int | None:
    """128 + the number of the signal that came, if one did: some libraries turn the SystemExit into their own error."""
    return _received[0] if _received else None


def _end(number: int, frame: FrameType | None) -> None:
    """Not KeyboardInterrupt, which click answers with an empty line; a second signal must not stop the cleaning up."""
    ignore_signals()
    _received.append(128 + number)
    raise SystemExit(128 + number)


def _watch_signals(heeded: list[signal.Signals]) -> None:
    """Starts the thread; without pipes or threads to be had, the handlers alone do it."""
    try:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        _thread.start_new_thread(_end_if_stuck, (reading, heeded))
    except (OSError, RuntimeError):
        return


def _end_if_stuck(reading: int, heeded: list[signal.Signals]) -> None:
    """In the thread: waits for a signal that ends commands, gives the command its time, then ends the process."""
    import time

    number = 0
    while number not in heeded:
        told = os.read(reading, 1)
        if not told:
            return
        number = told[0]
    time.sleep(PATIENCE_SECONDS)
    left = sys.modules.get("mapgap.unfinished")
    if left is not None:
        left.remove_unfinished()
    from mapgap.cli.exit_codes import MEANINGS
    from mapgap.cli.output import print_complaint

    print_complaint(MEANINGS[128 + number])
    os._exit(128 + number)
