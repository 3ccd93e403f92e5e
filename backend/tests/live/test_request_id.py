"""Every response carries `x-request-id`."""

from typing import Any

import pytest

from tests.live.server import Server

REQUESTS: list[Any] = [
    pytest.param("GET", "/health", {}, None, 200, id="200"),
    pytest.param("GET", "/v1/models", {}, None, 200, id="models"),
    pytest.param("POST", "/v1/chat/completions", {"Content-Type": "application/json"}, b"{}", 400, id="400"),
    pytest.param("GET", "/health", {"Host": "evil.example"}, None, 403, id="403-host"),
    pytest.param("GET", "/health", {"Origin": "http://evil.example"}, None, 403, id="403-origin"),
    pytest.param("GET", "/v1/models", {"X-Forwarded-For": "1.2.3.4"}, None, 401, id="401-forwarded"),
    pytest.param("GET", "/nothing", {}, None, 404, id="404"),
    pytest.param("GET", "/v1/models/nothing", {}, None, 404, id="404-model"),
    pytest.param("DELETE", "/health", {}, None, 405, id="405"),
    pytest.param("POST", "/v1/completions", {"Content-Type": "text/plain"}, b"{}", 415, id="415"),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), REQUESTS)
def test_every_response_has_one(
    server: Server, method: str, path: str, headers: dict[str, str], body: bytes | None, status: int
) -> None:
    made = set()
    for _ in range(2):
        got, answered, content = server.raw(method, path, headers, body)
        assert got == status, content
        assert len(answered.get_all("x-request-id", [])) == 1
        made.add(answered["x-request-id"])
    assert len(made) == 2
    assert all(request_id.startswith("req_") for request_id in made)
    _, answered, _ = server.raw(method, path, {**headers, "X-Request-Id": "mine-1:2/3"}, body)
    assert answered["x-request-id"] == "mine-1:2/3"


def test_413_has_one(server: Server) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": str(2**30), "X-Request-Id": "big"}
    status, answered, _ = server.raw("POST", "/v1/completions", headers)
    assert (status, answered["x-request-id"]) == (413, "big")


def test_streams_have_one_and_the_log_names_it(server: Server) -> None:
    body = {"model": "demo", "prompt": "Hi", "max_tokens": 1, "stream": True}
    response = server.post("/v1/completions", body, headers={"X-Request-Id": "streamed-77"})
    assert response.headers["x-request-id"] == "streamed-77"
    assert "streamed-77 demo: " in server.log


@pytest.mark.parametrize(
    "offered", ["", "has space", "x" * 129, "x" * 200, "tab\tin", "ünï", "\x01", "a\x1b[31m"]
)
def test_bad_ones_are_replaced(server: Server, offered: str) -> None:
    headers: Any = {"X-Request-Id": offered.encode("latin-1")}
    status, answered, _ = server.raw("GET", "/health", headers)
    if status == 400:  # the HTTP parser itself refuses a control character in a header
        assert any(ord(sign) < 0x20 for sign in offered)
        return
    assert status == 200
    assert answered["x-request-id"].startswith("req_")


@pytest.mark.parametrize("offered", ["x", "x" * 128, "!~", 'a"b<c>'])
def test_good_ones_are_echoed(server: Server, offered: str) -> None:
    _, answered, _ = server.raw("GET", "/health", {"X-Request-Id": offered})
    assert answered["x-request-id"] == offered
