"""Time limits and clients that do not read: each ends its own request and nobody else's."""

import json
import socket

import pytest

from tests.live import server as live
from tests.live.conftest import StartServer
from tests.live.server import ENDLESS, Server, endless_chat, endless_completion, wait_until

PRELOAD_ENDLESS = {"MLX_SERVER_PRELOAD": f'["{ENDLESS}"]'}


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_request_that_takes_too_long_is_told_so(server: Server, path: str, stream: bool) -> None:
    body = endless_chat(timeout=0.7) if "chat" in path else endless_completion(timeout=0.7)
    server.post(path, {**body, "timeout": 60, "max_tokens": 1})  # the model is resident from here on
    if stream:
        ended = live.stream(server, path, body)
        assert ended.error is not None
        assert ended.error["code"] == "deadline_exceeded"
        assert "0.7 s" in ended.error["message"]
        assert ended.text
    else:
        response = server.post(path, body)
        assert response.status_code == 504
        assert response.json()["error"]["code"] == "deadline_exceeded"
    server.wait_idle()


@pytest.mark.full
def test_the_servers_own_limit_holds_for_all(start_server: StartServer) -> None:
    server = start_server(PRELOAD_ENDLESS | {"MLX_SERVER_REQUEST_TIMEOUT_S": "0.5"})
    response = server.post("/v1/completions", endless_completion(timeout=500))
    assert response.status_code == 504
    server.wait_idle()


def test_a_request_that_can_never_fit_is_refused_before_its_first_byte(start_server: StartServer) -> None:
    server = start_server(PRELOAD_ENDLESS | {"MLX_SERVER_MAX_MEMORY_GB": "0.25"})
    for stream in (True, False):
        refused = server.post("/v1/completions", endless_completion(max_tokens=9_000_000, stream=stream))
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "insufficient_memory"
        assert "of KV cache, and" in refused.json()["error"]["message"]
    assert server.post("/v1/completions", endless_completion(max_tokens=3)).status_code == 200


def unread(server: Server) -> socket.socket:
    """A client that asks for an endless stream and reads nothing of it."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    body = json.dumps(endless_completion(stream=True, max_tokens=60_000, logprobs=5)).encode()
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


@pytest.mark.full
def test_a_client_that_reads_nothing_stops_costing_steps(start_server: StartServer) -> None:
    server = start_server(PRELOAD_ENDLESS)
    with unread(server):
        wait_until(lambda: server.num_running() == 1, "the stream runs")
        # Its job ends although its text could go on for minutes; others are served meanwhile.
        assert server.post("/v1/completions", endless_completion(max_tokens=20)).status_code == 200
        wait_until(lambda: (server.engine() or {})["num_running"] == 0, "the unread job ends", deadline_s=200)
        assert server.post("/v1/completions", endless_completion(max_tokens=20)).status_code == 200
    server.wait_idle()
