"""Every response carries an id, and no fault leaves a request without an answer."""

import json
import logging

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from mlx_manager.core.request_id import RequestIdMiddleware
from mlx_manager.mlx_server.protocols.errors import render_error


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers, or fails before or within its answer."""
    if scope["path"] == "/fails":
        raise RuntimeError("oh")
    await PlainTextResponse(scope["state"]["request_id"])(scope, receive, send)
    if scope["path"] == "/late":
        raise RuntimeError("late")


def client() -> httpx.AsyncClient:
    app = RequestIdMiddleware(inner, render_error)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_one_is_made() -> None:
    async with client() as http:
        first, second = await http.get("/"), await http.get("/")
    assert first.headers["x-request-id"] == first.text
    assert first.text.startswith("req_")
    assert first.text != second.text


@pytest.mark.parametrize("offered", ["a", "x" * 128, "!~{}"])
async def test_the_clients_is_kept(offered: str) -> None:
    async with client() as http:
        response = await http.get("/", headers={"x-request-id": offered})
    assert response.headers["x-request-id"] == response.text == offered


@pytest.mark.parametrize("offered", ["", "x" * 129, "a b", "é", "a\tb"])
async def test_a_strange_one_is_not(offered: str) -> None:
    async with client() as http:
        response = await http.get("/", headers=[(b"x-request-id", offered.encode())])
    assert response.text.startswith("req_")


async def test_a_fault_is_answered_with_the_id(caplog: pytest.LogCaptureFixture) -> None:
    async with client() as http:
        response = await http.get("/fails", headers={"x-request-id": "mine"})
    assert response.status_code == 500
    assert response.headers["x-request-id"] == "mine"
    error = json.loads(response.content)["error"]
    assert (error["code"], error["type"], error["param"]) == ("internal_error", "server_error", None)
    assert "mine" in error["message"]
    assert "oh" not in error["message"]
    (entry,) = [entry for entry in caplog.records if entry.levelno == logging.ERROR]
    assert "mine" in entry.getMessage()
    assert entry.exc_info is not None


async def test_a_fault_after_the_beginning_cuts_the_answer() -> None:
    async with client() as http:
        with pytest.raises(RuntimeError, match="late"):
            await http.get("/late")


async def test_other_scopes_pass() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    await RequestIdMiddleware(app, render_error)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]
