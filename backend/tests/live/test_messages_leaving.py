"""Clients of messages that leave: their requests end, and nobody else's."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anthropic import Anthropic

from tests.live.inspecting import asked
from tests.live.messages import ENDLESSLY, HOT, PATH, sdk
from tests.live.server import ENDLESS, Server, wait_until


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """Answers one request at a time."""
    env = {
        "MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)]),
        "MLX_SERVER_PRELOAD": json.dumps([ENDLESS]),
        "MLX_SERVER_MAX_CONCURRENT_REQUESTS": "1",
    }
    with Server(tmp_path_factory.mktemp("narrow"), env) as running:
        yield running


def sent(server: Server, body: dict[str, Any]) -> socket.socket:
    """A connection that has asked and reads nothing; closing it is leaving."""
    content = json.dumps(body).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return connection


def in_engine(server: Server) -> tuple[int, int]:
    """How many requests run in it, and how many wait."""
    health = server.engine()
    assert health is not None
    return health["num_running"], health["num_waiting"]


def test_leaving_a_stream_ends_it(server: Server, claude: Anthropic) -> None:
    with claude.messages.stream(**ENDLESSLY, extra_body=HOT) as stream:
        pieces = [piece for piece, _ in zip(stream.text_stream, range(5), strict=False)]
    assert len(pieces) == 5
    server.wait_idle()


def test_leaving_a_whole_answer_ends_it(server: Server) -> None:
    before = server.num_running()
    with sent(server, ENDLESSLY | HOT):
        wait_until(lambda: server.num_running() > before, "the request runs")
    server.wait_idle()


@pytest.mark.parametrize("streaming", [False, True])
def test_one_who_leaves_the_queue_leaves_the_others_alone(narrow: Server, streaming: bool) -> None:
    with sdk(narrow) as client, client.messages.stream(**ENDLESSLY, extra_body=HOT) as stream:
        assert next(iter(stream.text_stream))
        with sent(narrow, ENDLESSLY | HOT | {"stream": streaming}):
            wait_until(lambda: in_engine(narrow) == (1, 1), "the second request is in the queue")
        wait_until(lambda: in_engine(narrow) == (1, 0), "the queue is empty")
        assert next(iter(stream.text_stream))
    narrow.wait_idle()


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
def test_one_in_the_queue_can_be_cancelled(narrow: Server, streaming: bool) -> None:
    with sdk(narrow) as client, client.messages.stream(**ENDLESSLY, extra_body=HOT) as stream:
        assert next(iter(stream.text_stream))
        late = asked(narrow, PATH, ENDLESSLY | HOT, f"queued-{streaming}", stream=streaming)
        wait_until(lambda: in_engine(narrow) == (1, 1), "the second request is in the queue")
        late.wait_phase("queued")
        assert late.cancel()["status"] == (200 if streaming else 409)
        late.check_error(200 if streaming else 409)
        wait_until(lambda: in_engine(narrow) == (1, 0), "the queue is empty")
        assert next(iter(stream.text_stream))
    narrow.wait_idle()
