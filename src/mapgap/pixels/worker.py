"""A process that looks at pictures: requests come in on stdin, looks go out on stdout, until stdin ends."""

import os
import pickle
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from mapgap.pixels.cache import Cache
from mapgap.pixels.looking import look_at
from mapgap.pixels.looks import Request

READY = "ready"


def work() -> None:
    """Answers each list of requests with one (look, key to keep it under) a picture, in order, or with our own error.

    The first message is (folder, cache file). Ctrl-C reaches every process of a terminal; this one leaves it to its
    parent, whose end closes stdin.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, looks = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come among the looks
    folder, cache_file = pickle.load(requests)
    with Cache(cache_file, is_reader=True) as cache, looks:
        _send(looks, READY)
        while True:
            try:
                chunk: list[Request] = pickle.load(requests)
            except EOFError:
                return
            for request in chunk:
                _send(looks, _answer(Path(folder), request, cache))


def _answer(folder: Path, request: Request, cache: Cache) -> object:
    try:
        return look_at(folder, request, cache.get)
    except Exception as error:  # a bug of ours, which has to come up in the parent
        return error


def _send(stream: BinaryIO, message: object) -> None:
    pickle.dump(message, stream, protocol=pickle.HIGHEST_PROTOCOL)
    stream.flush()
