"""A process that looks at pictures; see `pictures.answering`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mapgap.pictures.answering import answer_requests
from mapgap.pixels.cache import Cache
from mapgap.pixels.looking import look_at
from mapgap.pixels.looks import Look, Request

Setup = tuple[Path, Path | None]


def work() -> None:
    """Answers each request with (look, key to keep it under). The first message is (folder, cache file)."""
    answer_requests(_prepared, Setup, Request)


@contextmanager
def _prepared(setup: Setup) -> Iterator[Callable[[Request], tuple[Look, bytes | None]]]:
    folder, cache_file = setup
    with Cache(cache_file, is_reader=True) as cache:
        yield lambda request: look_at(folder, request, cache.get)
