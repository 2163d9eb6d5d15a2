"""The server: bound to the loopback, a few threads, no list of files, nothing written."""

import secrets
import socketserver
import sys
import threading
from http.server import ThreadingHTTPServer
from typing import Any

from mapgap.errors import AccessError
from mapgap.serving.answering import Answering
from mapgap.serving.served import Served

LOOPBACK = "127.0.0.1"
MOST_CONNECTIONS = 32
"""At a time; further ones wait in the system's queue. A browser opens six."""


class ReportServer(ThreadingHTTPServer):
    """Holds the socket open; `address` is the one way in, `serve_forever` answers until it is interrupted."""

    daemon_threads = True
    block_on_close = False  # Ctrl-C does not wait for slow readers
    allow_reuse_address = True  # the same --port again right after the last server ended
    request_queue_size = 64  # who waits there is not turned away

    def __init__(self, served: Served, port: int) -> None:
        self.served = served
        self.token = secrets.token_urlsafe(24)
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((LOOPBACK, port), Answering)

    @property
    def port(self) -> int:
        """The port, also where the system chose it."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """Where the page is, with the token."""
        return f"http://{LOOPBACK}:{self.port}/{self.token}/{self.served.page}"

    @property
    def hosts(self) -> frozenset[str]:
        """What a browser that was not led here by another name says it wants."""
        names = {f"{name}:{self.port}" for name in (LOOPBACK, "localhost")}
        return frozenset(names | ({LOOPBACK, "localhost"} if self.port == 80 else set()))

    def server_bind(self) -> None:
        """Binds without asking what this machine is called, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.port

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begins a thread as soon as fewer than MOST_CONNECTIONS are at work."""
        self._free.acquire()
        try:
            super().process_request(request, client_address)
        except Exception:  # no thread began; a signal may come when one did, which then counts itself out
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection, in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who closes early, or is too slow, is no error; another one is a line, never a traceback."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError) and sys.stderr is not None:
            print(f"mapgap: a request failed: {type(error).__name__}", file=sys.stderr, flush=True)  # noqa: T201


def open_server(served: Served, port: int = 0) -> ReportServer:
    """A server on 127.0.0.1 at `port`, 0 for any free one, with a new token; AccessError if the port cannot be had."""
    try:
        return ReportServer(served, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AccessError(
            f"cannot listen on {LOOPBACK}:{port}: {reason}. Leave --port out to get a free one"
        ) from error
