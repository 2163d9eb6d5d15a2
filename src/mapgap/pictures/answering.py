"""A process that works on pictures: requests come in on stdin, answers go out on stdout, until stdin ends."""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

READY = "ready"

Prepare = Callable[[Any], AbstractContextManager[Callable[[Any], object]]]
"""From the first message to what answers a request."""


def answer_requests(prepare: Prepare) -> None:
    """Answers each list of requests one by one, in order, or with our own error.

    Ctrl-C reaches every process of a terminal; this one leaves it to its parent, whose end closes stdin.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come among the answers
    with prepare(pickle.load(requests)) as answer, answers:
        _send(answers, READY)
        while True:
            try:
                chunk: list[Any] = pickle.load(requests)
            except EOFError:
                return
            for request in chunk:
                _send(answers, _answered(answer, request))


def _answered(answer: Callable[[Any], object], request: object) -> object:
    try:
        return answer(request)
    except Exception as error:  # a bug of ours, which has to come up in the parent
        return error


def _send(stream: BinaryIO, message: object) -> None:
    pickle.dump(message, stream, protocol=pickle.HIGHEST_PROTOCOL)
    stream.flush()
