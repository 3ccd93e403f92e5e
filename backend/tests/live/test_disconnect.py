"""A client that leaves costs no further step, and holds up nobody."""

import re
import socket
import threading
from typing import Any

import httpx
import pytest

from tests.live.server import (
    Server,
    endless_chat,
    endless_completion,
    endless_message,
    endless_response,
    wait_until,
)

CANCELLED = re.compile(r"cancelled by the client, \d+ prompt tokens, (\d+) drawn")
PATHS = [
    pytest.param("/v1/chat/completions", endless_chat, id="chat"),
    pytest.param("/v1/completions", endless_completion, id="completions"),
    pytest.param("/v1/responses", endless_response, id="responses"),
    pytest.param("/v1/messages", endless_message, id="messages"),
]


def cancellations(server: Server) -> list[int]:
    """How much each cancelled request had drawn, oldest first."""
    return [int(drawn) for drawn in CANCELLED.findall(server.log)]


def leave_stream(server: Server, path: str, body: dict[str, Any], num_lines: int) -> None:
    """Read some lines of a stream and close the connection."""
    with (
        httpx.Client(base_url=server.base_url, timeout=60, trust_env=False) as client,
        client.stream("POST", path, json={**body, "stream": True}) as response,
    ):
        assert response.status_code == 200
        for _, _ in zip(range(num_lines), response.iter_lines(), strict=False):
            pass


def leave_whole(server: Server, path: str, body: dict[str, Any]) -> None:
    """Send a request that is answered whole, and leave as soon as its model works on it."""
    before = server.num_in_engines()
    request = server.client.build_request("POST", path, json=body)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(request.content)}\r\n\r\n".encode() + request.content)
        wait_until(lambda: server.num_in_engines() > before, "the request runs")


def check_next_request(server: Server) -> None:
    """The model that was left answers the next one."""
    response = server.post("/v1/completions", endless_completion(max_tokens=3))
    assert response.status_code == 200
    assert response.json()["usage"]["completion_tokens"] == 3


@pytest.mark.sample(1)
@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_stream_that_is_left_ends(server: Server, path: str, body: Any) -> None:
    before = len(cancellations(server))
    leave_stream(server, path, body(), 8)
    server.wait_idle()
    wait_until(lambda: len(cancellations(server)) == before + 1, "the cancellation is logged")
    assert 0 < cancellations(server)[-1] < 100_000
    check_next_request(server)


@pytest.mark.parametrize(("path", "body"), PATHS)
def test_a_whole_answer_that_nobody_waits_for_ends(server: Server, path: str, body: Any) -> None:
    before = len(cancellations(server))
    leave_whole(server, path, body())
    server.wait_idle()
    wait_until(lambda: len(cancellations(server)) == before + 1, "the cancellation is logged")
    assert cancellations(server)[-1] < 100_000
    check_next_request(server)


def test_twenty_in_a_row(server: Server) -> None:
    before = len(cancellations(server))
    for turn in range(10):
        leave_stream(server, "/v1/chat/completions", endless_chat(), turn)
        leave_whole(server, "/v1/completions", endless_completion())
    server.wait_idle()
    wait_until(lambda: len(cancellations(server)) == before + 20, "every cancellation is logged")
    check_next_request(server)


def test_leaving_in_company_ends_only_the_own_request(server: Server) -> None:
    asked = endless_completion(max_tokens=120)
    alone = server.post("/v1/completions", asked).json()["choices"]
    leavers = [
        threading.Thread(target=leave_stream, args=(server, "/v1/completions", endless_completion(), 3 + n))
        for n in range(6)
    ]
    for leaver in leavers:
        leaver.start()
    assert server.post("/v1/completions", asked).json()["choices"] == alone
    for leaver in leavers:
        leaver.join()
    server.wait_idle()


def test_a_client_that_leaves_while_it_sends_its_body_is_no_fault(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(f'{head}Content-Length: 1000\r\n\r\n{{"model": '.encode())
    server.wait_idle()
    check_next_request(server)
    assert "Traceback" not in server.log
