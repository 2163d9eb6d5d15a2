"""A process that works on pictures: requests come in on stdin, answers go out on stdout, until stdin ends."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Any

from mapgap.pictures.messages import read_message, write_failure, write_message

READY = "ready"

Prepare = Callable[[Any], AbstractContextManager[Callable[[Any], object]]]
"""From the first message to what answers a request."""


def answer_requests(prepare: Prepare, setup_type: Any, request_type: Any) -> None:
    """Answers each list of requests one by one, in order, or with our own error.

    Ctrl-C reaches every process of a terminal; this one leaves it to its parent, whose end closes stdin.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come among the answers
    with prepare(read_message(requests, setup_type)) as answer, answers:
        write_message(answers, READY)
        while True:
            try:
                chunk: list[Any] = read_message(requests, list[request_type])
            except EOFError:
                return
            for request in chunk:
                _answer(answers, answer, request)


def _answer(answers: IO[bytes], answer: Callable[[Any], object], request: object) -> None:
    try:
        write_message(answers, answer(request))
    except Exception as error:  # a bug of ours, which has to come up in the parent
        write_failure(answers, error)
