"""Live: the server through the manager's port, for programs and for pages."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.live.accounts import bearer, command
from tests.live.manager import Manager
from tests.live.server import DEADLINE_S, ENDLESS, Server, endless_chat, wait_until

PASSWORD = "correct horse battery staple"
MESSAGES = [{"role": "user", "content": "What is 2 + 3?"}]
CHAT = {"model": "demo", "messages": MESSAGES, "max_tokens": 16, "temperature": 0}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[tuple[Manager, Server]]:
    """A manager and a server of one home with an administrator, so that both are closed."""
    folder = tmp_path_factory.mktemp("proxy")
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)])}
    with Server(folder, env) as server, Manager(folder, server.home) as manager:
        answer = manager.client.post("/api/v1/auth/setup", json={"name": "first", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        yield manager, server


@pytest.fixture(scope="module")
def key(both: tuple[Manager, Server]) -> str:
    made = command(both[1].home, "keys", "create", "proxied", "--json")
    return str(json.loads(made)["key"])


@pytest.fixture
def running(both: tuple[Manager, Server], key: str) -> "Running":
    return Running(both[1], key)


def test_a_request_has_one_id_in_both_programs(both: tuple[Manager, Server], key: str) -> None:
    manager, _ = both
    for given in ({}, {"X-Request-ID": "my-own-id"}):
        answer = manager.client.post("/v1/chat/completions", json=CHAT, headers=bearer(key) | given)
        request_id = answer.headers["x-request-id"]
        assert request_id == given.get("X-Request-ID", request_id)
        seen = manager.client.get(f"/admin/requests/{request_id}")
        assert seen.status_code == 200, seen.text
        assert seen.json()["id"] == request_id


class Running:
    """How many requests the server has."""

    def __init__(self, server: Server, key: str) -> None:
        self._server = server
        self._key = key

    def num(self) -> int:
        answer = self._server.client.get("/health/engine", headers=bearer(self._key))
        return sum(engine["num_running"] for engine in answer.json()["engines"])


def test_the_vendors_clients(both: tuple[Manager, Server], key: str) -> None:
    manager, _ = both
    with OpenAI(base_url=f"{manager.base_url}/v1", api_key=key, max_retries=0) as openai:
        whole = openai.chat.completions.create(**CHAT)  # type: ignore[call-overload]
        parts = openai.chat.completions.create(**CHAT, stream=True)  # type: ignore[call-overload]
        text = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
        assert text == whole.choices[0].message.content == "2 + 3 = 5."
        assert "demo" in [model.id for model in openai.models.list()]
    with (
        Anthropic(base_url=manager.base_url, api_key=key, max_retries=0) as claude,
        claude.messages.stream(max_tokens=16, model="demo", messages=MESSAGES) as stream,  # type: ignore[arg-type]
    ):
        assert stream.get_final_text() == "2 + 3 = 5."


def test_what_is_refused_is_refused_in_the_callers_dialect(both: tuple[Manager, Server], key: str) -> None:
    manager, _ = both
    stranger = manager.browser()
    for headers in ({}, bearer("sk-mlx-wrong")):
        openai = stranger.post("/v1/chat/completions", json=CHAT, headers=headers)
        assert (openai.status_code, openai.json()["error"]["type"]) == (401, "authentication_error")
        claude = stranger.post("/v1/messages", json=CHAT, headers=headers)
        assert (claude.status_code, claude.json()["type"]) == (401, "error")
    bad = stranger.post("/v1/chat/completions", json=CHAT | {"n": -1}, headers=bearer(key))
    assert (bad.status_code, bad.json()["error"]["param"]) == (400, "n")
    assert stranger.get("/admin/models", headers=bearer(key)).status_code == 403
    for path in ("/v1/../admin/models", "/v1/%2e%2e/admin/models", "/v1/./models"):
        assert raw_status(manager, path, key) == 404, path


def raw_status(manager: Manager, path: str, key: str) -> int:
    """The status of a GET of exactly this path, which a client would tidy."""
    host, _, port = urlsplit(manager.base_url).netloc.partition(":")
    with closing(socket.create_connection((host, int(port)), DEADLINE_S)) as connection:
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
        )
        connection.sendall(f"{request}\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_headers_and_fields_come_through(both: tuple[Manager, Server], key: str) -> None:
    manager, _ = both
    headers = bearer(key) | {"x-request-id": "mine-1"}
    answer = manager.client.post("/v1/chat/completions", json=CHAT | {"novel": 1}, headers=headers)
    assert answer.headers["x-ignored-fields"] == "novel"
    assert answer.headers.get_list("x-request-id") == ["mine-1"]
    large = CHAT | {"messages": [{"role": "user", "content": "word " * 400_000}]}
    long = manager.client.post("/v1/chat/completions", json=large, headers=bearer(key))
    assert long.json()["error"]["code"] == "context_length_exceeded", "2 MB are not the manager's to refuse"


def test_a_session_of_a_page(both: tuple[Manager, Server]) -> None:
    manager, _ = both
    with manager.browser() as page:
        signed = page.post("/api/v1/auth/sign-in", json={"name": "first", "password": PASSWORD})
        assert signed.status_code == 200
        assert page.post("/v1/chat/completions", json=CHAT).status_code == 200
        assert page.get("/admin/models").status_code == 200
        evil = {"Origin": "http://127.0.0.1:9"}
        assert page.post("/v1/chat/completions", json=CHAT, headers=evil).status_code == 403
        own = {"Origin": manager.base_url, "Sec-Fetch-Site": "same-origin"}
        assert page.post("/v1/chat/completions", json=CHAT, headers=own).status_code == 200
        with page.stream("GET", "/admin/events") as events:
            assert next(line for line in events.iter_lines() if line.startswith("event: "))


def test_who_leaves_a_stream_ends_its_request(
    both: tuple[Manager, Server], key: str, running: Running
) -> None:
    manager, _ = both
    with manager.browser() as client:
        body = endless_chat(stream=True)
        with client.stream("POST", "/v1/chat/completions", json=body, headers=bearer(key)) as stream:
            lines = stream.iter_lines()
            for _ in range(5):
                next(lines)
            assert running.num() == 1
    wait_until(lambda: running.num() == 0, "the request has ended")


def test_who_leaves_before_the_answer_ends_its_request(
    both: tuple[Manager, Server], key: str, running: Running
) -> None:
    manager, _ = both
    with manager.browser() as client, ThreadPoolExecutor(1) as threads:
        asking = threads.submit(
            client.post, "/v1/chat/completions", json=endless_chat(), headers=bearer(key), timeout=2.0
        )
        wait_until(lambda: running.num() == 1, "the request runs")
        with pytest.raises(httpx.ReadTimeout):
            asking.result()
    wait_until(lambda: running.num() == 0, "the request has ended")


@pytest.mark.full
def test_a_server_that_dies_breaks_the_stream_off(tmp_path: Path, endless_dir: Path) -> None:
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)]), "MLX_SERVER_PRELOAD": f'["{ENDLESS}"]'}
    with Server(tmp_path, env) as server, Manager(tmp_path, server.home) as manager:
        body = endless_chat(stream=True)
        with manager.client.stream("POST", "/v1/chat/completions", json=body) as stream:
            lines = stream.iter_lines()
            next(lines)
            psutil.Process(server.pid).kill()
            with pytest.raises(httpx.RemoteProtocolError):
                for _ in lines:
                    pass
        wait_until(
            lambda: manager.client.get("/api/v1/server").json()["state"] == "stopped", "the manager knows"
        )
        assert manager.client.post("/v1/chat/completions", json=CHAT).status_code == 503
