"""One request: who asks, with which key, for what; then the file, or a line that says why not."""

import os
import secrets
import shutil
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, BinaryIO, cast

from mapgap.serving.served import addressed_file

if TYPE_CHECKING:
    from mapgap.serving.server import ReportServer

PATIENCE = 20.0
"""Seconds that a connection may say or take nothing."""

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""With every answer. What the page may load and run is said in the page."""

REASONS = {
    HTTPStatus.BAD_REQUEST: "This is no request that a browser makes.",
    HTTPStatus.FORBIDDEN: "Open the address that mapgap serve printed, with the key in it.",
    HTTPStatus.NOT_FOUND: "The report has no such file.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This server only reads: GET and HEAD.",
}


class Answering(BaseHTTPRequestHandler):
    """GET and HEAD below the token; everything else is refused. Nothing is logged: addresses hold the token."""

    timeout = PATIENCE
    server_version = "mapgap"
    sys_version = ""

    def do_GET(self) -> None:
        """The file."""
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        """What GET would say of it, without the content."""
        self._answer(with_content=False)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses: another method than ours as such, anything else as no request."""
        is_method = code == HTTPStatus.NOT_IMPLEMENTED
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED if is_method else HTTPStatus.BAD_REQUEST)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def version_string(self) -> str:
        """Not which Python this is."""
        return self.server_version

    def _answer(self, *, with_content: bool) -> None:
        server = cast("ReportServer", self.server)
        path = self.path.split("?", 1)[0]
        if not path.startswith("/"):
            self._refuse(HTTPStatus.BAD_REQUEST, with_content=with_content)
            return
        token, slash, rest = path[1:].partition("/")
        # Another name in Host than this machine's own is how a page from elsewhere would reach in (DNS rebinding).
        hosts = self.headers.get_all("Host", [])
        is_ours = len(hosts) == 1 and hosts[0].strip().lower() in server.hosts
        has_token = secrets.compare_digest(token.encode("utf-8", "replace"), server.token.encode())
        if not (is_ours and has_token):
            self._refuse(HTTPStatus.FORBIDDEN, with_content=with_content)
            return
        found = addressed_file(server.served, rest) if slash else None
        file = None if found is None else _opened(found[0])
        if found is None or file is None:
            self._refuse(HTTPStatus.NOT_FOUND, with_content=with_content)
            return
        with file:
            length = os.fstat(file.fileno()).st_size
            self._begin(HTTPStatus.OK, found[1], length)
            if with_content:
                shutil.copyfileobj(file, self.wfile)

    def _refuse(self, status: HTTPStatus, *, with_content: bool = True) -> None:
        content = f"{status.value} {status.phrase}. {REASONS[status]}\n".encode()
        self._begin(status, "text/plain; charset=utf-8", len(content))
        if with_content:
            self.wfile.write(content)

    def _begin(self, status: HTTPStatus, content_type: str, length: int) -> None:
        self.send_response(status)
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(length))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()


def _opened(place: os.PathLike[str]) -> BinaryIO | None:
    """The file; None where it went away, became a link, or may not be read."""
    try:
        return os.fdopen(os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")
    except OSError:
        return None
