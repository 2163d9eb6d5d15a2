"""Several processes that work on pictures at once; what comes out does not depend on how many."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from mapgap.pictures.messages import read_message, write_message

Request = TypeVar("Request")
Answer = TypeVar("Answer")

CHUNK = 16

# A fresh interpreter instead of multiprocessing, whose spawned children run the caller's script again.
PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.stdin.buffer.readline())
from {module} import work
work()
"""


def program_of(module: str) -> str:
    """What a process runs: the function `work` of the module, see `answering`."""
    return PROGRAM.format(module=module)


@dataclass(frozen=True)
class Work(Generic[Request, Answer]):
    """What is to be done with each request."""

    program: str
    setup: object
    """The first message to a process."""
    here: Callable[[Request], Answer]
    """The same work, in this process."""
    answer_type: Any
    """What an answer is read as."""
    crashed: Answer
    """The answer to a request that ended its process."""


def processes_worth_it(jobs: int, requests: int, worth: int) -> int:
    """How many of `jobs` processes (0: one a core this process may use) get `worth` requests or more; 0 without any."""
    processes = min(jobs or len(os.sched_getaffinity(0)), requests // worth)
    return processes if processes > 1 and sys.executable else 0


def answer_all(
    work: Work[Request, Answer], requests: Sequence[Request], processes: int
) -> Generator[tuple[int, Answer], None, None]:
    """(place, answer) of each request, as they become ready.

    Closing the iterator, or an exception where it is read, ends the processes.
    """
    with _Crew(work, requests, processes) as crew:
        for _ in requests:
            yield crew.next_answer()


class _Crew(Generic[Request, Answer]):
    """The running processes, with a thread of ours beside each, which hands it chunks of requests."""

    def __init__(self, work: Work[Request, Answer], requests: Sequence[Request], processes: int):
        self._work, self._requests = work, requests
        self._chunks: queue.SimpleQueue[range] = queue.SimpleQueue()
        for start in range(0, len(requests), CHUNK):
            self._chunks.put(range(start, min(start + CHUNK, len(requests))))
        self._answers: queue.SimpleQueue[tuple[int, Answer] | BaseException] = queue.SimpleQueue()
        self._running: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._is_over = False
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(processes)]

    def __enter__(self) -> "_Crew[Request, Answer]":
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

    def next_answer(self) -> tuple[int, Answer]:
        """Waits for one."""
        found = self._answers.get()
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
                        done = self._answer_here(places) if process is None else self._answer_there(process, places)
                        places = places[done:]
                        if places:  # the process died over the next request
                            self._end(process)
                            process = None
                            self._tell(places.pop(0), self._work.crashed)
        except BaseException as error:  # whatever it is, the main thread must not wait for ever
            self._answers.put(error)
        finally:
            self._end(process)

    def _tell(self, place: int, answer: Answer) -> None:
        if not self._is_over:
            self._answers.put((place, answer))

    def _answer_here(self, places: Sequence[int]) -> int:
        for done, place in enumerate(places):
            if self._is_over:
                return done
            self._tell(place, self._work.here(self._requests[place]))
        return len(places)

    def _answer_there(self, process: subprocess.Popen[bytes], places: Sequence[int]) -> int:
        """How many of the requests the process answered before it was done, or died."""
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            write_message(process.stdin, [self._requests[place] for place in places])
        for done, place in enumerate(places):
            try:
                answer: Answer = read_message(process.stdout, self._work.answer_type)
            except EOFError:
                return done
            self._tell(place, answer)
        return len(places)

    def _start(self) -> "subprocess.Popen[bytes] | None":
        """A process that is ready, or None if none can be started: then its thread does the work."""
        with self._lock:
            if self._is_over:
                return None
            try:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-c", self._work.program],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError:
                return None
            self._running.append(process)
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(list(map(str, sys.path))).encode() + b"\n")
            write_message(process.stdin, self._work.setup)
            read_message(process.stdout, str)
        except (OSError, EOFError):
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
