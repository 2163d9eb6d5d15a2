"""What can be wrong with a picture, none of which may end a run."""

from collections.abc import Mapping
from typing import Literal

Failure = Literal["missing", "refused", "unreadable", "oversized", "wrong_size"]

FAILURES: Mapping[Failure, str] = {
    "missing": "are not in the folder",
    "refused": "were refused: a name or a link leads out of the folder",
    "unreadable": "cannot be read",
    "oversized": "are too large to be read safely",
    "wrong_size": "have another size than the ground truth says",
}
"""Words that follow "pictures"."""

OF_ONE = {"are": "is", "were": "was", "have": "has"}


def failure_words(failure: Failure, number: int) -> str:
    """Words that follow "1 picture" or "2 pictures"."""
    first, rest = FAILURES[failure].split(" ", 1)
    return f"{OF_ONE.get(first, first) if number == 1 else first} {rest}"


class PictureError(Exception):
    """A picture that cannot be used: the failure and the reason."""

    def __init__(self, failure: Failure, reason: str):
        self.failure: Failure = failure
        self.reason = reason
        super().__init__(reason)
