"""Ctrl-C and SIGTERM: the command ends through its `finally` blocks, once, with 128 + the number of the signal."""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)

_received: list[int] = []


def end_on_signals() -> None:
    """Makes both signals raise SystemExit; one that the caller's shell ignores, as for a background job, stays so."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def ignore_signals() -> None:
    """Makes both signals harmless, for good."""
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
