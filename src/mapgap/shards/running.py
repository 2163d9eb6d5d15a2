"""Carries out one function on many shards: in this process, or on a Dask cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from mapgap.errors import AccessError, InputError, MapgapError, ResourceError

Item = TypeVar("Item")
Found = TypeVar("Found")

TASKS_A_THREAD = 2
"""So many shards wait or are worked on for each thread of the cluster: results must fit into this process."""


class Runner(Protocol):
    """Where the work is done."""

    def paths(self, files: Sequence[str]) -> Sequence[str]:
        """The files as they are to be named there."""

    def each(self, function: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[tuple[int, Found]]:
        """(place, result) of every item, in any order."""


class InThisProcess:
    """One after another."""

    def paths(self, files: Sequence[str]) -> Sequence[str]:
        """As they are."""
        return files

    def each(self, function: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[tuple[int, Found]]:
        """(place, result) of every item, in their order."""
        for place, item in enumerate(items):
            yield place, function(item)


class OnCluster:
    """On the workers of a Dask cluster, which see the files under the same paths.

    What a lost worker was at is done again by another one.
    """

    def __init__(self, client: Any):
        self._client = client

    def paths(self, files: Sequence[str]) -> Sequence[str]:
        """From the root: a worker stands in another folder."""
        return [os.path.abspath(file) for file in files]

    def each(self, function: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[tuple[int, Found]]:
        """(place, result) of every item, as they are done; few are held at a time."""
        import distributed

        at_once = TASKS_A_THREAD * max(1, sum(self._client.nthreads().values()))
        waiting = iter(enumerate(items))
        places: dict[Any, int] = {}
        untyped: Any = distributed
        done = untyped.as_completed(loop=self._client.loop)
        for place, item in _next(waiting, at_once):
            self._submit(function, place, item, places, done)
        try:
            for future in done:
                place = places.pop(future)
                result = self._result(future)
                future.release()
                for following, item in _next(waiting, 1):
                    self._submit(function, following, item, places, done)
                yield place, result
        finally:
            self._client.cancel(list(places))

    def _submit(
        self, function: Callable[[Item], Found], place: int, item: Item, places: dict[Any, int], done: Any
    ) -> None:
        future = self._client.submit(function, item, pure=False)
        places[future] = place
        done.add(future)

    def _result(self, future: Any) -> Any:
        from distributed import CancelledError, KilledWorker

        try:
            return future.result()
        except MapgapError:
            raise
        except KilledWorker as error:
            raise ResourceError(
                f"the cluster lost the workers that read one shard, again and again: {error}. "
                "Give them more memory, or write smaller shards"
            ) from None
        except (ModuleNotFoundError, ImportError) as error:
            raise AccessError(f"a worker of the cluster lacks mapgap: {error}. Install this version on all") from None
        except (CancelledError, OSError) as error:
            raise AccessError(f"the cluster ended before all shards were done: {error}") from None


def runner_of(client: Any) -> Runner:
    """Where to work: on the cluster of a `dask.distributed.Client`, in this process for None."""
    if client is None:
        return InThisProcess()
    if not hasattr(client, "submit") or not hasattr(client, "nthreads"):
        raise InputError(f"{type(client).__name__} is no client of a cluster", fix="Give a dask.distributed.Client")
    return OnCluster(client)


def _next(waiting: Iterator[tuple[int, Item]], most: int) -> Iterator[tuple[int, Item]]:
    for _ in range(most):
        try:
            yield next(waiting)
        except StopIteration:
            return
