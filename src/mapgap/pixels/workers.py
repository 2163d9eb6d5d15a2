"""Several processes that look at pictures at once; the looks do not depend on how many."""

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from mapgap.pictures.crew import Work, answer_all, processes_worth_it, program_of
from mapgap.pixels.looking import Kept, look_at
from mapgap.pixels.looks import Look, Request

PICTURES_WORTH_A_PROCESS = 64
"""Starting one costs as much CPU time as a hundred pictures."""
PROGRAM = program_of("mapgap.pixels.worker")

Found = tuple[int, Look, bytes | None]
"""Place of the request, its look, and the key to keep it under."""


def look_at_all(
    folder: Path, requests: Sequence[Request], cache_file: Path | None, kept: Kept, jobs: int
) -> Generator[Found, None, None]:
    """The look of each request, as they become ready; `jobs` processes, 0 for one a core this process may use.

    Few pictures are looked at right here. Closing the iterator, or an exception where it is read, ends the processes.
    """
    processes = processes_worth_it(jobs, len(requests), PICTURES_WORTH_A_PROCESS)
    if not processes:
        for place, request in enumerate(requests):
            yield (place, *look_at(folder, request, kept))
        return

    def here(request: Request) -> tuple[Look, bytes | None]:
        # In a thread, where the cache of this one may not be asked.
        return look_at(folder, request, lambda key: None)

    crashed: tuple[Look, bytes | None] = (Look("unreadable", "its decoder crashed"), None)
    work = Work(PROGRAM, (folder, cache_file), here, tuple[Look, bytes | None], crashed)
    with closing(answer_all(work, requests, processes)) as answers:
        for place, answer in answers:
            yield (place, *answer)
