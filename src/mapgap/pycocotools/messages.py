"""The lines pycocotools prints, through `print` itself: libraries replace it to silence their workers."""

import time


def say(text: object) -> None:
    """Prints one line to whatever is standard output now."""
    print(text)  # noqa: T201


def seconds_since(start: float) -> str:
    """Seconds since `start` (of `time.time`) with two decimals, as in `DONE (t=0.12s)`."""
    return f"{time.time() - start:0.2f}"
