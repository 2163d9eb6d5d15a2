"""mapgap serve: only this machine, only with the key, only files of the report, and an end at once."""

import http.client
import os
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapgap.errors import AccessError, InputError
from mapgap.serving import ReportServer, Served, open_server, report_folder
from mapgap.serving.answering import HEADERS, PATIENCE, Answering
from mapgap.serving.served import addressed_file
from mapgap.serving.server import MOST_CONNECTIONS
from tests.browser import Watched, headless_browser
from tests.command import MAPGAP, complaint, mapgap

ENTRIES = frozenset({"report.html", "summary.json", "runs"})
SECRET = b"not for you"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report, pictures, and around them what must stay unseen."""
    place = tmp_path_factory.mktemp("place")
    for name in ("report/runs/b", "pictures/street", "pictures-private"):
        (place / name).mkdir(parents=True)
    (place / "report/report.html").write_text(
        "<!doctype html><title>mapgap</title><p>the page<a href='../pictures/a%20b.jpg'>x</a>"
    )
    (place / "report/summary.json").write_text('{"schema": "mapgap/summary/1"}')
    (place / "report/runs/b/summary.json").write_text("{}")
    (place / "pictures/a b.jpg").write_bytes(b"picture")
    (place / "pictures/street/1%2e.JPG").write_bytes(b"percent")
    for name in ("secret.json", "report/notes.json", "report/.hidden.json", "pictures/notes.txt", "pictures/x.svg"):
        (place / name).write_bytes(SECRET)
    (place / "pictures-private/secret.jpg").write_bytes(SECRET)
    (place / "pictures/out.jpg").symlink_to(place / "pictures-private/secret.jpg")
    (place / "pictures/outer").symlink_to(place / "pictures-private")
    (place / "pictures/.dot.jpg").write_bytes(SECRET)
    (place / "report/runs/out.json").symlink_to(place / "secret.json")
    (place / "pictures/inner.jpg").symlink_to("a b.jpg")
    os.mkfifo(place / "pictures/pipe.jpg")
    return place


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[ReportServer]:
    with running(Served(place / "report", ENTRIES, place / "pictures")) as server:
        yield server


@contextmanager
def running(served: Served) -> Iterator[ReportServer]:
    """A server at work in a thread of this process."""
    with open_server(served) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server: ReportServer, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """The answer to a request with this path, as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"Host": f"127.0.0.1:{server.port}", **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, dict(answer.getheaders())


def test_it_serves_the_report_and_its_pictures(server: ReportServer) -> None:
    for path, content, content_type in [
        (
            "",
            b"<!doctype html><title>mapgap</title><p>the page<a href='../pictures/a%20b.jpg'>x</a>",
            "text/html; charset=utf-8",
        ),
        (
            "report/report.html?x=1",
            b"<!doctype html><title>mapgap</title><p>the page<a href='../pictures/a%20b.jpg'>x</a>",
            "text/html; charset=utf-8",
        ),
        ("report/summary.json", b'{"schema": "mapgap/summary/1"}', "application/json"),
        ("report/runs/b/summary.json", b"{}", "application/json"),
        ("pictures/a%20b.jpg", b"picture", "image/jpeg"),
        ("pictures/inner.jpg", b"picture", "image/jpeg"),
        ("pictures/street/1%252e.JPG", b"percent", "image/jpeg"),
    ]:
        status, got, headers = ask(server, f"/{server.token}/{path}")
        assert (status, got) == (200, content), path
        assert headers["Content-Type"] == content_type
        assert headers.items() >= HEADERS.items()
        assert headers["Server"] == "mapgap"
        status, got, of_head = ask(server, f"/{server.token}/{path}", "HEAD")
        assert (status, got, of_head["Content-Length"]) == (200, b"", str(len(content)))


@pytest.mark.parametrize(
    "path",
    [
        "secret.json", "pictures-private/secret.jpg", "report/../secret.json", "report", "report/",
        "report/report.html/", "pictures", "pictures/", "pictures/street", "pictures/street/", "report/runs",
        "report/runs/b/", "report/nothing.html", "/", "report/notes.json", "report/.hidden.json",
        "pictures/notes.txt", "pictures/x.svg", "pictures/.dot.jpg", "pictures/pipe.jpg",
        "report/runs/../../secret.json", "report/runs/..%2f..%2fsecret.json", "report/runs/%2e%2e/%2e%2e/secret.json",
        "report/%2e%2e/secret.json", "report/..%5csecret.json", "pictures/../../secret.json",
        "pictures/%2e%2e/pictures-private/secret.jpg", "pictures//etc/passwd", "pictures/%2fetc%2fpasswd",
        "pictures/out.jpg", "pictures/outer/secret.jpg", "report/runs/out.json", "pictures/a%20b.jpg%00.jpg",
        "pictures/%ff.jpg", "pictures/a%2520b.jpg", "pictures/./a%20b.jpg", "pictures/" + "x" * 5000,
    ],
)  # fmt: skip
def test_nothing_else_is_there(server: ReportServer, path: str) -> None:
    status, content, headers = ask(server, f"/{server.token}/{path}")
    assert status == 404
    assert SECRET not in content
    assert headers.items() >= HEADERS.items()


@given(st.lists(st.sampled_from(["..", ".", "", "%2e", "%2e%2e", "%2f", "%5c", "%00", "/", "\\", "images", "outer",
                                 "runs", "report", "secret.json", "secret.jpg", "pictures-private", "out.jpg",
                                 "pictures", "%25", "%252e%252e", "~", "street"]), max_size=8),
       st.sampled_from(["", "/"]))  # fmt: skip
def test_no_address_leads_out(place: Path, parts: list[str], between: str) -> None:
    found = addressed_file(Served(place / "report", ENTRIES, place / "pictures"), between.join(parts))
    if found is not None:
        assert found[0] == found[0].resolve()
        assert found[0].is_relative_to(place / "report") or found[0].is_relative_to(place / "pictures")
        assert SECRET not in found[0].read_bytes()


def test_without_the_key_nothing_is_said(server: ReportServer) -> None:
    token = server.token
    for path in (
        "/",
        "/report.html",
        f"/{token[:-1]}/",
        f"/{token}x/",
        f"/{token.swapcase()}/report.html",
        "//",
    ):
        status, content, _ = ask(server, path)
        assert (status, content.startswith(b"403 Forbidden.")) == (403, True), path
        assert token.encode() not in content
    assert ask(server, f"/{token}")[0] == 404
    assert len(token) >= 32


def test_keys_differ(place: Path) -> None:
    served = Served(place / "report", ENTRIES)
    with open_server(served) as one, open_server(served) as other:
        assert one.token != other.token
        assert one.port != other.port
        assert one.socket.getsockname()[0] == "127.0.0.1"


def test_another_host_is_refused(server: ReportServer) -> None:
    path = f"/{server.token}/report/summary.json"
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", "127.0.0.1:1", "", f"[::1]:{server.port}"):
        assert ask(server, path, Host=host)[0] == 403, host
    assert ask(server, path, Host=f"LOCALHOST:{server.port}")[0] == 200


def test_two_hosts_or_none_are_refused(server: ReportServer) -> None:
    for hosts in ([], [f"127.0.0.1:{server.port}", "evil.example"]):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.putrequest("GET", f"/{server.token}/", skip_host=True)
        for host in hosts:
            connection.putheader("Host", host)
        connection.endheaders()
        assert connection.getresponse().status == 403
        connection.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_it_only_reads(server: ReportServer, method: str) -> None:
    status, content, headers = ask(server, f"/{server.token}/report/report.html", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    assert b"the page" not in content
    assert headers.items() >= HEADERS.items()


def test_what_is_no_request_is_refused(server: ReportServer) -> None:
    assert ask(server, f"http://evil.example/{server.token}/report/report.html")[0] == 400
    for said in (b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"x" * 70_000, b"\0\xff\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            heard = b"".join(iter(lambda connection=connection: connection.recv(4096), b""))
        assert SECRET not in heard
        assert b"200" not in heard.split(b"\r\n")[0]
    assert ask(server, f"/{server.token}/")[0] == 200


def test_those_who_leave_are_no_trouble(server: ReportServer, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(MOST_CONNECTIONS + 8):  # more than may be at work
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(f"GET /{server.token}/ HTTP/1.0\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    assert ask(server, f"/{server.token}/")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_the_number_of_threads_has_an_end(place: Path) -> None:
    with running(Served(place / "report", ENTRIES)) as server:
        before = threading.active_count()
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(MOST_CONNECTIONS + 10)]
        deadline = time.monotonic() + 10
        while threading.active_count() < before + MOST_CONNECTIONS:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert threading.active_count() == before + MOST_CONNECTIONS
        for connection in silent:
            connection.close()
        assert ask(server, f"/{server.token}/")[0] == 200


def test_who_says_nothing_is_sent_away(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Answering.timeout == PATIENCE
    monkeypatch.setattr(Answering, "timeout", 0.2)
    with running(Served(place / "report", ENTRIES)) as server:
        for said in (b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: "):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
                connection.sendall(said)
                assert connection.recv(4096) == b"", said  # closed by the server, well before our own patience ends


def test_the_folder_must_hold_a_report(place: Path, tmp_path: Path) -> None:
    assert report_folder(place / "report") == place / "report"
    (tmp_path / "report.html").write_text("another's")
    for summary in (None, "[]", "{", '{"schema": "other/1"}', "[" * 100_000):
        if summary is not None:
            (tmp_path / "summary.json").write_text(summary)
        with pytest.raises(InputError, match=r"there is no mapgap report.*Name the folder"):
            report_folder(tmp_path)
    for name in ("missing", "report.html", "a\0b"):
        with pytest.raises(AccessError, match="Name the folder that mapgap report wrote"):
            report_folder(tmp_path / name)


def test_wrong_command_lines(place: Path) -> None:
    assert "no mapgap report" in complaint(mapgap("serve", "pictures", cwd=place), 2)
    assert "cannot be read" in complaint(mapgap("serve", "nowhere", cwd=place), 3)
    assert "folder of the pictures" in complaint(mapgap("serve", "report", "--images", "nowhere", cwd=place), 3)
    assert "70000" in complaint(mapgap("serve", "report", "--port", "70000", cwd=place), 2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "Leave --port out" in complaint(mapgap("serve", "report", "--port", port, cwd=place), 3)


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_browser_reads_it_and_ctrl_c_ends_it(place: Path, number: int, code: int, word: str) -> None:
    before = {path: (stat.S_IMODE(path.lstat().st_mode), path.lstat().st_mtime_ns) for path in place.rglob("*")}
    command = [*MAPGAP, "serve", "report", "--images", "pictures"]
    process = subprocess.Popen(
        command,
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Started in the background, as by nohup, tests ignore what Ctrl-C sends, and so would the server.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        parts = urlsplit(address)
        assert (parts.hostname, parts.path.split("/")[2:]) == ("127.0.0.1", ["report", "report.html"])
        with headless_browser() as browser:
            page = browser.new_page()
            # Browsers ask for an icon by themselves; the server has none.
            page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
            watched = Watched(page, address)
            assert page.inner_text("p") == "the pagex"
            assert watched.told == []
            assert page.evaluate("fetch(document.querySelector('a').href).then((answer) => answer.text())") == "picture"
        with socket.create_connection(("127.0.0.1", int(parts.port or 0))):  # one that says nothing
            process.send_signal(number)
            out, complaints = process.communicate(timeout=10)
        assert (process.returncode, out, complaints) == (code, "", f"mapgap: {word}\n")
    finally:
        process.kill()
    after = {path: (stat.S_IMODE(path.lstat().st_mode), path.lstat().st_mtime_ns) for path in place.rglob("*")}
    assert after == before
