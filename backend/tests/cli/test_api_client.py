"""How a command asks a program: whom, with what key, and what becomes of errors."""

import json
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlx_manager.api_client import ApiClient, Refused, ServerEvent, Target, events_in, locate
from mlx_manager.core.running_program import (
    MANAGER,
    SERVER,
    RunningProgram,
    this_process_started_at,
    write_running,
)
from tests.certificates import self_signed
from tests.command_line import Run

KEY = "sk-mlx-the-right-one"


class Program(BaseHTTPRequestHandler):
    """Answers as told by the path; what wants a key is under /closed."""

    protocol_version = "HTTP/1.1"
    seen: list[str | None]
    is_manager: bool

    def do_GET(self) -> None:
        key = self.headers.get("Authorization")
        self.seen.append(key)
        if self.path == "/api/v1/auth/status":
            self._answer(200 if self.is_manager else 404, b"{}")
        elif self.path == "/closed" and key != f"Bearer {KEY}":
            error = {"code": "authentication_required", "message": "a key is wanted"}
            self._answer(401, json.dumps({"error": error}).encode())
        elif self.path == "/broken":
            self._answer(500, b"<html>\x1b[2J")
        elif self.path == "/text":
            self._answer(200, b"hello")
        elif self.path == "/moved":
            self._answer(302, b"")
        elif self.path == "/events":
            self._answer(200, b': hello\n\nevent: a\ndata: {"x": "\xe2\x80\xa8"}\r\n\r\ndata: 1\ndata: 2\n\n')
        else:
            self._answer(200, b'{"fine": true}')

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


Serve = Callable[..., tuple[str, list[str | None]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts programs; gives their URL and the keys that they were sent."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(certificate: Path | None = None, *, is_manager: bool = False) -> tuple[str, list[str | None]]:
        seen: list[str | None] = []
        handler = type("Handler", (Program,), {"seen": seen, "is_manager": is_manager})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread))
        scheme = "http" if certificate is None else "https"
        return f"{scheme}://127.0.0.1:{server.server_port}", seen

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


class Lender:
    """Lends the right key, and counts."""

    def __init__(self, key: str = KEY) -> None:
        self.key = key
        self.num_lent = self.num_given_back = 0

    def __call__(self) -> tuple[str, Callable[[], None]]:
        self.num_lent += 1
        return self.key, self._take_back

    def _take_back(self) -> None:
        self.num_given_back += 1


def test_a_key_is_lent_where_one_is_wanted(serve: Serve) -> None:
    url, seen = serve()
    lender = Lender()
    with ApiClient(Target(url, is_own=True), lender) as client:
        assert client.json("GET", "/open") == {"fine": True}
        assert lender.num_lent == 0
        for _ in range(2):
            assert client.json("GET", "/closed") == {"fine": True}
        assert (lender.num_lent, lender.num_given_back) == (1, 0)
    assert lender.num_given_back == 1
    assert seen == [None, None, f"Bearer {KEY}", f"Bearer {KEY}"]


def ask_and_be_interrupted(client: ApiClient) -> None:
    client.json("GET", "/closed")
    raise KeyboardInterrupt


def test_a_key_is_given_back_whatever_happens(serve: Serve) -> None:
    url, _ = serve()
    lender = Lender()
    with pytest.raises(KeyboardInterrupt), ApiClient(Target(url, is_own=True), lender) as client:
        ask_and_be_interrupted(client)
    assert lender.num_given_back == 1


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ({"is_own": False}, [None]),  # another machine's
        ({"is_own": True, "key": "sk-mlx-other"}, ["Bearer sk-mlx-other"]),  # somebody said which key
    ],
)
def test_no_key_is_lent(serve: Serve, target: dict[str, Any], sent: list[str | None]) -> None:
    url, seen = serve()
    lender = Lender()
    with ApiClient(Target(url, **target), lender) as client, pytest.raises(Refused) as refused:
        client.json("GET", "/closed")
    assert (refused.value.code, refused.value.status) == ("authentication_required", 401)
    assert "MLX_MANAGER_API_KEY" in refused.value.message
    assert (lender.num_lent, seen) == (0, sent)


def test_a_lent_key_that_is_refused_is_not_lent_for_ever(serve: Serve) -> None:
    url, _ = serve()
    lender = Lender("sk-mlx-wrong")
    with ApiClient(Target(url, is_own=True), lender) as client, pytest.raises(Refused):
        client.json("GET", "/closed")
    assert (lender.num_lent, lender.num_given_back) == (1, 1)


@pytest.mark.parametrize(("is_manager", "program"), [(True, MANAGER), (False, SERVER)])
def test_which_program_is_at_a_url(serve: Serve, is_manager: bool, program: str) -> None:
    url, seen = serve(is_manager=is_manager)
    with ApiClient(Target(url)) as client:
        assert (client.program, client.program) == (program, program)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("path", "says"), [("/broken", "answered with 500"), ("/text", "no JSON"), ("/moved", "with 302")]
)
def test_what_is_no_answer_of_ours(serve: Serve, path: str, says: str) -> None:
    url, _ = serve()
    with ApiClient(Target(url)) as client, pytest.raises(Refused, match=says):
        client.json("GET", path)


def test_events(serve: Serve) -> None:
    url, _ = serve()
    with ApiClient(Target(url)) as client:
        events = list(client.events("GET", "/events"))
    # U+2028 within JSON ends no line.
    assert events == [ServerEvent("a", '{"x": "\u2028"}'), ServerEvent("message", "1\n2")]


def test_events_however_they_are_cut() -> None:
    stream = 'event: ä\ndata: {"x": 1}\r\n\r\n: ping\n\ndata:y\nid: 1\n\ndata: lost'.encode()
    for size in range(1, len(stream)):
        parts = (stream[at : at + size] for at in range(0, len(stream), size))
        assert list(events_in(parts)) == [ServerEvent("ä", '{"x": 1}'), ServerEvent("message", "y")]


def test_nobody_is_there() -> None:
    with ApiClient(Target("http://127.0.0.1:1")) as client, pytest.raises(Refused, match="does not answer"):
        client.json("GET", "/")


def test_the_certificate_of_a_program_of_this_home_is_trusted(serve: Serve, tmp_path: Path) -> None:
    certificate, other = (self_signed(tmp_path / name, "mlx.example.org") for name in ("one.pem", "two.pem"))
    url, _ = serve(certificate)
    with ApiClient(Target(url, certificate=str(certificate), is_own=True)) as client:
        assert client.json("GET", "/") == {"fine": True}
    for target in (Target(url), Target(url, certificate=str(other), is_own=True)):
        with ApiClient(target) as client, pytest.raises(Refused, match=r"certificate|CERTIFICATE"):
            client.json("GET", "/")


def announce(name: str, url: str) -> None:
    write_running(name, RunningProgram(url, os.getpid(), this_process_started_at(), "1"))


def test_whom_to_ask(home: Path) -> None:
    assert locate(None, None) is None
    announce(SERVER, "http://127.0.0.1:1")
    assert locate(None, None) == Target("http://127.0.0.1:1", SERVER, is_own=True)
    announce(MANAGER, "http://127.0.0.1:2")
    assert locate(None, "k") == Target("http://127.0.0.1:2", MANAGER, is_own=True, key="k")
    # By its URL it is the same; another one's gets no key of this home.
    assert locate("http://127.0.0.1:1/", None) == Target("http://127.0.0.1:1", SERVER, is_own=True)
    assert locate("https://example.org/mlx/", None) == Target("https://example.org/mlx")
    assert KEY not in repr(Target("http://127.0.0.1:1", key=KEY))


@pytest.mark.parametrize("url", ["", "localhost", "ftp://x", "file:///etc/passwd", "http://", "http:x"])
def test_no_url(run: Run, home: Path, url: str) -> None:
    done = run("ps", "--url", url)
    assert (done.status, done.stdout) == ((2, "") if url else (1, ""))
    assert "Traceback" not in done.stderr
    assert not home.exists()


def test_nothing_runs(run: Run, home: Path) -> None:
    for command in (("ps",), ("load", "demo"), ("unload", "demo"), ("bench",)):
        done = run(*command)
        assert (done.status, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "mlx-manager serve" in done.stderr
    assert not home.exists()
