"""Who may call a real server: open and closed, keys and what they are good for."""

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import AuthenticationError, OpenAI, PermissionDeniedError, RateLimitError

from tests.live.accounts import bearer, command, make_key, make_user
from tests.live.conftest import StartServer
from tests.live.server import DEADLINE_S, Server, wait_until

CHAT = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
PUBLIC = {("get", "/health")}
WRONG = ({}, bearer("sk-mlx-wrong"), {"x-api-key": "' OR '1'='1"}, {"cookie": "mlx_session=eyJ.a.b"})


@dataclass(frozen=True)
class Closed:
    """A server that wants a key, and keys for it."""

    server: Server
    inference: str
    admin: str


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    folder = tmp_path_factory.mktemp("closed")
    env = {"MLX_SERVER_REQUIRE_AUTH": "true", "MLX_SERVER_ALIASES": '{"gpt-4o": "demo"}'}
    with Server(folder, env, wait_ready=False) as server:
        keys = [make_key(server.home, name, "--scope", name)["key"] for name in ("inference", "admin")]
        wait_until(lambda: get(server, "/ready", keys[0]).status_code == 200, "the server is ready")
        yield Closed(server, *keys)


def get(server: Server, path: str, key: str = "", **options: Any) -> httpx.Response:
    return server.client.get(path, headers=bearer(key) if key else {}, **options)


def chat(server: Server, key: str, **fields: Any) -> httpx.Response:
    return server.post("/v1/chat/completions", CHAT | fields, headers=bearer(key) if key else {})


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def names_of_keys(home: Path) -> list[str]:
    return [key["name"] for key in json.loads(command(home, "keys", "list", "--json"))["data"]]


def sdk(server: Server, key: str) -> OpenAI:
    return OpenAI(base_url=f"{server.base_url}/v1", api_key=key, max_retries=0)


def test_every_route_wants_a_credential(closed: Closed) -> None:
    paths = get(closed.server, "/openapi.json", closed.inference).json()["paths"]
    assert len(paths) > 10
    routes = [(method, path) for path, methods in paths.items() for method in methods]
    for method, path in [*routes, ("get", "/openapi.json"), ("get", "/"), ("post", "/nothing")]:
        asked = re.sub(r"\{[^}]*\}", "demo", path)
        for headers in WRONG:
            answer = closed.server.client.request(method, asked, headers=headers)
            expected = 200 if (method, path) in PUBLIC else 401
            assert answer.status_code == expected, (method, path, answer.text)
            if expected == 401:
                assert answer.headers["www-authenticate"] == "Bearer"
            if expected == 401 and method != "head":
                assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
                is_anthropic = asked.startswith("/v1/messages")
                assert answer.json().get("type") == ("error" if is_anthropic else None)


def test_the_admin_s_routes_want_that_scope(closed: Closed) -> None:
    for path in ("/admin/models", "/admin/memory", "/admin/settings", "/metrics"):
        refused = get(closed.server, path, closed.inference)
        assert (refused.status_code, code_of(refused)) == (403, "permission_denied"), path
    assert get(closed.server, "/admin/models", closed.admin).status_code == 200
    assert chat(closed.server, closed.admin).status_code == 200


def test_either_header_is_the_same_key(closed: Closed) -> None:
    for headers in (bearer(closed.inference), {"x-api-key": closed.inference}):
        assert closed.server.post("/v1/chat/completions", CHAT, headers=headers).status_code == 200
        assert closed.server.client.get("/admin/models", headers=headers).status_code == 403


def test_a_key_of_quotes_and_sql_changes_nothing(closed: Closed) -> None:
    before = names_of_keys(closed.server.home)
    for text in ("'; DROP TABLE api_keys; --", 'sk-mlx-" OR ""="', "sk-mlx-' OR 1=1 --", "sk-mlx-%", "\\x00"):
        assert get(closed.server, "/v1/models", text).status_code == 401
        answer = closed.server.client.get("/v1/models", headers={"x-api-key": text})
        assert (answer.status_code, code_of(answer)) == (401, "invalid_api_key")
    assert names_of_keys(closed.server.home) == before


def test_openai_s_sdk_says_what_is_wrong(closed: Closed) -> None:
    with sdk(closed.server, "sk-mlx-wrong") as stranger, pytest.raises(AuthenticationError) as wrong:
        stranger.chat.completions.create(**CHAT)  # type: ignore[call-overload]
    assert wrong.value.code == "invalid_api_key"
    with sdk(closed.server, closed.inference) as known:
        assert known.chat.completions.create(**CHAT).usage.completion_tokens == 2  # type: ignore[call-overload]


def test_a_revoked_key_is_worth_nothing_from_then_on(closed: Closed) -> None:
    made = make_key(closed.server.home, "short-lived")
    assert chat(closed.server, made["key"]).status_code == 200
    command(closed.server.home, "keys", "revoke", "short-lived")
    refused = chat(closed.server, made["key"])
    assert (refused.status_code, code_of(refused)) == (401, "invalid_api_key")


def test_a_key_for_some_models(closed: Closed) -> None:
    by_id = make_key(closed.server.home, "by-id", "--model", "demo")["key"]
    by_alias = make_key(closed.server.home, "by-alias", "--model", "gpt-4o")["key"]
    other = make_key(closed.server.home, "other", "--model", "another")["key"]
    for key in (by_id, by_alias):
        for model in ("demo", "gpt-4o"):
            assert chat(closed.server, key, model=model).status_code == 200
        assert [model["id"] for model in get(closed.server, "/v1/models", key).json()["data"]] == ["demo"]
    refused = chat(closed.server, other)
    assert (refused.status_code, code_of(refused)) == (403, "model_not_allowed")
    assert refused.json()["error"]["param"] == "model"
    assert get(closed.server, "/v1/models", other).json()["data"] == []
    assert get(closed.server, "/v1/models/demo", other).status_code == 403
    with sdk(closed.server, other) as client, pytest.raises(PermissionDeniedError):
        client.models.retrieve("demo")


def test_requests_of_a_minute(closed: Closed) -> None:
    key = make_key(closed.server.home, "slow", "--requests-per-minute", "2")["key"]
    answers = [chat(closed.server, key), chat(closed.server, key, stream=True)]
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in answers] == ["1", "0"]
    with sdk(closed.server, key) as client, pytest.raises(RateLimitError) as refused:
        client.chat.completions.create(**CHAT)  # type: ignore[call-overload]
    assert refused.value.code == "rate_limit_exceeded"
    headers = refused.value.response.headers
    assert 1 <= int(headers["retry-after"]) <= 60
    assert headers["x-ratelimit-limit-requests"] == "2"
    assert chat(closed.server, closed.inference).status_code == 200


@pytest.mark.full
def test_tokens_of_a_day_survive_a_restart(start_server: StartServer, tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = {"MLX_MANAGER_HOME": str(home), "MLX_SERVER_REQUIRE_AUTH": "true"}
    key = make_key(home, "thrifty", "--tokens-per-day", "16")["key"]
    first = start_server(env, wait_ready=False)
    answer = chat(first, key, max_tokens=1)
    assert answer.headers["x-ratelimit-remaining-tokens"] == "16"
    spent = answer.json()["usage"]["total_tokens"]
    answer = chat(first, key, max_tokens=1)
    assert answer.headers["x-ratelimit-remaining-tokens"] == str(16 - spent)
    first.end()
    second = start_server(env, wait_ready=False)
    refused = chat(second, key)
    assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
    assert (refused.status_code, code_of(refused)) == (429, "rate_limit_exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400


def test_the_first_user_closes_an_open_server(start_server: StartServer) -> None:
    server = start_server()
    for key in ("", "anything", "sk-mlx-anything"):
        assert chat(server, key).status_code == 200
        assert get(server, "/admin/models", key).status_code == 200
    make_user(server.home, "first", "correct horse battery")
    for key in ("", "anything"):
        assert chat(server, key).status_code == 401
    made = make_key(server.home, "app")
    assert chat(server, made["key"]).status_code == 200
    # Whoever may not come in any more takes their keys along.
    make_user(server.home, "second", "correct horse battery", "--role", "admin")
    command(server.home, "users", "disable", "first")
    assert chat(server, made["key"]).status_code == 401
    command(server.home, "users", "enable", "first")
    assert chat(server, made["key"]).status_code == 200


def test_others_need_a_key_where_they_can_reach_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    env = {"MLX_SERVER_HOST": "0.0.0.0", "MLX_SERVER_PRELOAD": "[]"}
    env["MLX_SERVER_ALLOWED_HOSTS"] = "box.example.org"
    with Server(tmp_path_factory.mktemp("public"), env, wait_ready=False) as server:
        url = f"http://127.0.0.1:{server.port}"
        with httpx.Client(base_url=url, timeout=DEADLINE_S, trust_env=False) as client:
            assert client.get("/health").status_code == 200
            assert client.get("/v1/models").status_code == 401
            key = make_key(server.home, "app")["key"]
            assert client.get("/v1/models", headers=bearer(key)).status_code == 200
            named = client.get("/v1/models", headers=bearer(key) | {"host": f"box.example.org:{server.port}"})
            assert named.status_code == 200
            assert client.get("/health", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.full
def test_a_database_that_is_newer_ends_the_start(tmp_path: Path) -> None:
    command(tmp_path / "home", "keys", "list")
    file = tmp_path / "home" / "mlx-manager.db"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = file.read_bytes()
    server = Server(tmp_path, wait_ready=False)
    server.__enter__()
    assert server.process.wait(DEADLINE_S) == 1
    server.client.close()
    assert "9999" in server.log.strip().splitlines()[-1]
    assert "Traceback" not in server.log
    assert file.read_bytes() == before


def test_no_key_is_written_anywhere(closed: Closed) -> None:
    made = make_key(closed.server.home, "secretive")["key"]
    assert chat(closed.server, made).status_code == 200
    assert get(closed.server, "/v1/nothing", made).status_code == 404
    assert made not in closed.server.log
    for file in closed.server.home.rglob("*"):
        if file.is_file():
            assert made.encode() not in file.read_bytes(), file
    assert "sk-mlx-" not in get(closed.server, "/openapi.json", closed.inference).text
