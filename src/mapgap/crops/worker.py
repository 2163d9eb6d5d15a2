"""A process that cuts windows out of pictures; see `pictures.answering`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mapgap.crops.workers import PictureRequest, Pieces, cut_picture
from mapgap.pictures.answering import answer_requests


def work() -> None:
    """Answers each request with its pieces. The first message is the folder."""
    answer_requests(_prepared, Path, PictureRequest)


@contextmanager
def _prepared(folder: Path) -> Iterator[Callable[[PictureRequest], Pieces]]:
    yield lambda request: cut_picture(folder, request)
