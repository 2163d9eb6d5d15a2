"""Several processes that look at pictures at once; the looks do not depend on how many."""

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path

from mapgap.pixels.looking import Kept, look_at
from mapgap.pixels.looks import Look, Request

PICTURES_WORTH_A_PROCESS = 64
"""Starting one costs as much CPU time as a hundred pictures."""
CHUNK = 16

# A fresh interpreter instead of multiprocessing, whose spawned children run the caller's script again.
PROGRAM = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from mapgap.pixels.worker import work
work()
"""

Found = tuple[int, Look, bytes | None]
"""Place of the request, its look, and the key to keep it under."""


def look_at_all(
    folder: Path, requests: Sequence[Request], cache_file: Path | None, kept: Kept, jobs: int
) -> Generator[Found, None, None]:
    """The look of each request, as they become ready; `jobs` processes, 0 for one a core this process may use.

    Few pictures are looked at right here. Closing the iterator, or an exception where it is read, ends the processes.
    """
    processes = min(jobs or len(os.sched_getaffinity(0)), len(requests) // PICTURES_WORTH_A_PROCESS)
    if processes <= 1 or not sys.executable:
        for place, request in enumerate(requests):
            yield (place, *look_at(folder, request, kept))
        return
    with _Crew(folder, requests, cache_file, kept, processes) as crew:
        for _ in requests:
            yield crew.next_look()


class _Crew:
    """The running processes, with a thread of ours beside each, which hands it chunks of requests."""

    def __init__(self, folder: Path, requests: Sequence[Request], cache_file: Path | None, kept: Kept, processes: int):
        self._folder, self._requests, self._cache_file, self._kept = folder, requests, cache_file, kept
        self._chunks: queue.SimpleQueue[range] = queue.SimpleQueue()
        for start in range(0, len(requests), CHUNK):
            self._chunks.put(range(start, min(start + CHUNK, len(requests))))
        self._looks: queue.SimpleQueue[Found | BaseException] = queue.SimpleQueue()
        self._running: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._is_over = False
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(processes)]

    def __enter__(self) -> "_Crew":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *ending: object) -> None:
        with self._lock:
            self._is_over = True
            running = list(self._running)
        for process in running:
            process.kill()
        for thread in self._threads:
            thread.join()

    def next_look(self) -> Found:
        """Waits for one."""
        found = self._looks.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def _serve(self) -> None:
        """In a thread: chunk after chunk until none is left."""
        process: subprocess.Popen[bytes] | None = None
        try:
            with suppress(queue.Empty):
                while not self._is_over:
                    places = list(self._chunks.get_nowait())
                    while places and not self._is_over:
                        process = process or self._start()
                        done = self._look_here(places) if process is None else self._look_there(process, places)
                        places = places[done:]
                        if places:  # the process died over the next picture
                            self._end(process)
                            process = None
                            self._tell(places.pop(0), Look("unreadable", "its decoder crashed"), None)
        except BaseException as error:  # whatever it is, the main thread must not wait for ever
            self._looks.put(error)
        finally:
            self._end(process)

    def _tell(self, place: int, look: Look, key: bytes | None) -> None:
        if not self._is_over:
            self._looks.put((place, look, key))

    def _look_here(self, places: Sequence[int]) -> int:
        for done, place in enumerate(places):
            if self._is_over:
                return done
            self._tell(place, *look_at(self._folder, self._requests[place], lambda key: None))
        return len(places)

    def _look_there(self, process: subprocess.Popen[bytes], places: Sequence[int]) -> int:
        """How many of the pictures the process looked at before it was done, or died."""
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            _send(process, [self._requests[place] for place in places])
        for done, place in enumerate(places):
            try:
                answer = pickle.load(process.stdout)
            except (EOFError, pickle.UnpicklingError):
                return done
            if isinstance(answer, BaseException):
                raise answer
            self._tell(place, *answer)
        return len(places)

    def _start(self) -> "subprocess.Popen[bytes] | None":
        """A process that is ready, or None if none can be started: then its thread does the work."""
        with self._lock:
            if self._is_over:
                return None
            try:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-c", PROGRAM],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError:
                return None
            self._running.append(process)
        try:
            _send(process, list(sys.path))
            _send(process, (self._folder, self._cache_file))
            assert process.stdout is not None
            pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            self._end(process)
            return None
        return process

    def _end(self, process: "subprocess.Popen[bytes] | None") -> None:
        if process is None:
            return
        with self._lock:
            if process in self._running:
                self._running.remove(process)
        process.kill()
        with suppress(OSError):
            process.communicate()


def _send(process: "subprocess.Popen[bytes]", message: object) -> None:
    assert process.stdin is not None
    pickle.dump(message, process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
    process.stdin.flush()
