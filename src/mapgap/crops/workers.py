"""Windows of many pictures; the crops do not depend on how many processes cut them."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mapgap.crops.windows import Box, CutWindow, cut_windows
from mapgap.pictures.crew import Work, answer_all, processes_worth_it, program_of
from mapgap.pictures.failures import Failure, PictureError
from mapgap.pictures.reading import read_picture

PICTURES_WORTH_A_PROCESS = 64
PROGRAM = program_of("mapgap.crops.worker")


@dataclass(frozen=True)
class PictureRequest:
    """The windows of one picture, with the size the ground truth gives (NaN: none)."""

    file_name: str | None
    width: float
    height: float
    windows: tuple[Box, ...]
    by_base_name: bool = True
    """Whether the picture may be found by its base name."""


@dataclass(frozen=True)
class Pieces:
    """What was cut out of one picture: for each window a crop, None where it lies outside; nothing if it failed."""

    cut: tuple[CutWindow | None, ...] = ()
    failure: Failure | None = None
    reason: str = ""


def cut_all(folder: Path, requests: Sequence[PictureRequest], jobs: int = 0) -> Iterator[tuple[int, Pieces]]:
    """(place of the request, what was cut), as they become ready; `jobs` processes, 0 for one a core.

    Few pictures are cut right here. A picture that ends its process counts as one that cannot be read.
    """
    processes = processes_worth_it(jobs, len(requests), PICTURES_WORTH_A_PROCESS)
    if not processes:
        for place, request in enumerate(requests):
            yield place, cut_picture(folder, request)
        return
    crashed = Pieces((), "unreadable", "its decoder crashed")
    work = Work(PROGRAM, folder, partial(cut_picture, folder), Pieces, crashed)
    with closing(answer_all(work, requests, processes)) as answers:
        yield from answers


def cut_picture(folder: Path, request: PictureRequest) -> Pieces:
    """The windows of one picture."""
    try:
        content = read_picture(folder, request.file_name, by_base_name=request.by_base_name)
        return Pieces(tuple(cut_windows(content, request.width, request.height, request.windows)))
    except PictureError as error:
        return Pieces((), error.failure, error.reason)
