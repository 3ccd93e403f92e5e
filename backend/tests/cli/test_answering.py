"""What becomes of an answer that is not as it should be, or that would steer the terminal."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mlx_manager.commands.conversation import field_of
from mlx_manager.terminal import amount, printable
from tests.command_line import Run

Serve = Callable[..., str]
EVIL = "a\x1b[2Jb\x1b]0;title\x07c\x9b1md\r\u202ee\x00"


def chunk(finish: str | None = None, **delta: str) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": finish, "index": 0}]}


END: list[Any] = [
    chunk("stop"),
    {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    "[DONE]",
]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers each conversation with these events."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(*events: Any) -> str:
        texts = [event if isinstance(event, str) else json.dumps(event) for event in events]
        body = "".join(f"data: {text}\n\n" for text in texts).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def test_nothing_steers_the_terminal(serve: Serve, run: Run) -> None:
    url = serve(chunk(reasoning_content=EVIL), chunk(content=EVIL), *END)
    done = run("run", "m", "Hi", "--url", url)
    assert (done.status, done.stdout) == (0, "a[2Jb]0;titlec1mde\n")
    whole = run("run", "m", "Hi", "--url", url, "--json")
    assert whole.json["content"] == EVIL
    assert whole.json["reasoning_content"] == EVIL
    assert not set(whole.stdout) & set("\x1b\x9b\x07\r\x00\u202e")


def test_what_is_shown_of_a_text() -> None:
    assert printable("tab\tline\nä 漢字 🤷🏽‍♀️ ✅️") == "tab\tline\nä 漢字 🤷🏽‍♀️ ✅️"
    assert printable(EVIL) == "a[2Jb]0;titlec1mde"


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([chunk(content="Hel")], "broke off"),
        ([chunk(content="Hel"), "[DONE]"], "broke off"),
        (
            [chunk(content="Hel"), {"error": {"message": "it \x1b[31mdied\nhere", "code": "worker_died"}}],
            "it [31mdied here",
        ),
        (["no json"], "not as it should be"),
        (["[]"], "not as it should be"),
        ([{"choices": [{}]}], "not as it should be"),
        ([{"error": "text"}], "not as it should be"),
        ([{"choices": [{"delta": {"content": 5}}]}], "not as it should be"),
    ],
)
def test_an_answer_that_does_not_end_well(serve: Serve, run: Run, events: list[Any], says: str) -> None:
    url = serve(*events)
    done = run("run", "m", "Hi", "--url", url)
    assert (done.status, done.stderr.count("\n")) == (1, 1)
    assert says in done.stderr
    whole = run("run", "m", "Hi", "--url", url, "--json")
    assert (whole.status, whole.stdout) == (1, "")


def test_an_answer_that_was_cut_says_so(serve: Serve, run: Run) -> None:
    done = run("run", "m", "Hi", "--url", serve(chunk("length", content="Hel"), *END[1:]))
    assert (done.stdout, done.stderr) == ("Hel\n", "(the answer was cut off at its most tokens)\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("run", "m", "Hi", "--set", "temperature"),
        ("run", "m", "Hi", "--set", "model=other"),
        ("run", "m", "Hi", "--set", "messages=[]"),
        ("run", "m", "Hi", "--set", "a b=1"),
        ("bench", "-n", "0"),
        ("bench", "-c", "1000"),
        ("bench", "--max-seconds", "nan"),
        ("bench", "--rounds", "many"),
    ],
)
def test_usage_errors(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, stdin="Hi")
    assert (done.status, done.stdout) == (2, "")


def test_an_empty_prompt(run: Run) -> None:
    for words, stdin in ((("run", "m", " "), ""), (("run", "m"), "\n"), (("run", "m"), b"\xff")):
        done = run(*words, stdin=stdin)
        assert (done.status, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_fields() -> None:
    assert field_of("temperature", "0.5") == ("temperature", 0.5)
    assert field_of("stop", '["a", "b"]') == ("stop", ["a", "b"])
    assert field_of("reasoning_effort", "low") == ("reasoning_effort", "low")
    for name in ("stream", "", "a.b"):
        with pytest.raises(ValueError, match="cannot be set"):
            field_of(name, "1")


def test_amounts() -> None:
    shown = [amount(size) for size in (None, 0, 1023, 1024, 5 * 2**20, 3 * 2**40)]
    assert shown == ["-", "0 B", "1023 B", "1 KB", "5 MB", "3072.0 GB"]
