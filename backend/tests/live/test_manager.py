"""The manager beside the server: one notion of user, session and key."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.accounts import bearer, command
from tests.live.manager import Manager
from tests.live.server import DEADLINE_S, Server

PASSWORD = "correct horse battery staple"
CHAT = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
TOKEN = re.compile(r"one-time token: (\S+)")
PUBLIC = {
    ("get", "/health"),
    ("get", "/api/v1/auth/status"),
    ("post", "/api/v1/auth/setup"),
    ("post", "/api/v1/auth/register"),
    ("post", "/api/v1/auth/sign-in"),
    ("post", "/api/v1/auth/refresh"),
    ("post", "/api/v1/auth/sign-out"),
    ("post", "/api/v1/auth/password/reset"),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Manager, Server]]:
    """A manager and a server of one home, with a first administrator."""
    folder = tmp_path_factory.mktemp("both")
    with Server(folder) as server, Manager(folder, server.home) as manager:
        assert server.post("/v1/chat/completions", CHAT).status_code == 200
        answer = manager.client.post("/api/v1/auth/setup", json={"name": "first", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        yield manager, server


def sign_in(manager: Manager, name: str) -> tuple[httpx.Client, str]:
    """A browser that is signed in, and its access token."""
    browser = manager.browser()
    answer = browser.post("/api/v1/auth/sign-in", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return browser, str(answer.json()["access_token"])


def make_user(manager: Manager, name: str, role: str = "user") -> str:
    body = {"name": name, "password": PASSWORD, "role": role}
    answer = manager.client.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def asked(server: Server, credential: str) -> int:
    return server.post("/v1/chat/completions", CHAT, headers=bearer(credential)).status_code


def test_every_route_wants_a_credential(both: tuple[Manager, Server]) -> None:
    manager, _ = both
    paths = manager.client.get("/openapi.json").json()["paths"]
    routes = {(method, path) for path, methods in paths.items() for method in methods}
    assert routes > PUBLIC
    with manager.browser() as stranger:
        hidden = {("get", "/openapi.json"), ("get", "/nothing"), ("get", "/v1/models"), ("post", "/admin/x")}
        for method, path in routes - PUBLIC | hidden:
            for headers in ({}, bearer("sk-mlx-wrong"), bearer("eyJhbGciOiJub25lIn0.e30.")):
                answer = stranger.request(method, re.sub(r"\{[^}]*\}", "x", path), headers=headers)
                assert answer.status_code == 401, (method, path, answer.text)
                assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        for method, path in PUBLIC:
            answer = stranger.request(method, path, content=b"")
            assert answer.status_code != 500
            if "refresh" not in path:
                assert answer.status_code != 401, path


def test_a_session_is_good_at_both_until_it_ends(both: tuple[Manager, Server]) -> None:
    manager, server = both
    make_user(manager, "ada")
    browser, token = sign_in(manager, "ada")
    with closing(browser):
        assert browser.get("/api/v1/auth/me").json()["name"] == "ada"
        assert asked(server, token) == 200
        assert server.client.get("/admin/models", headers=bearer(token)).status_code == 403
        assert browser.get("/api/v1/users").status_code == 403
        browser.post("/api/v1/auth/sign-out")
        assert asked(server, token) == 401
        assert browser.get("/api/v1/auth/me").status_code == 401


def test_events_need_no_token_in_a_url(both: tuple[Manager, Server]) -> None:
    manager, server = both
    browser, _ = sign_in(manager, "first")
    with closing(browser):
        cookies = {"mlx_session": browser.cookies["mlx_session"]}
        with httpx.Client(
            base_url=server.base_url, cookies=cookies, timeout=DEADLINE_S, trust_env=False
        ) as page:
            with page.stream("GET", "/admin/events") as events:
                assert events.status_code == 200
                assert next(line for line in events.iter_lines() if line.startswith("event: "))
            # The cookie is for this server's own pages: one of another port of this machine may not use it.
            for origin in ("http://localhost:3000", manager.base_url):
                answer = page.post("/admin/models/demo/pin", headers={"origin": origin})
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")
            assert page.post("/admin/models/demo/pin", headers={"origin": server.base_url}).status_code == 200


def test_a_stream_of_events_ends_with_the_session(both: tuple[Manager, Server]) -> None:
    manager, server = both
    make_user(manager, "watcher", "admin")
    browser, token = sign_in(manager, "watcher")
    with closing(browser), server.client.stream("GET", "/admin/events", headers=bearer(token)) as events:
        lines = events.iter_lines()
        next(lines)
        assert browser.post("/api/v1/auth/sign-out").status_code == 204
        for _ in lines:  # it would never end by itself
            pass


def test_who_is_disabled_is_out_at_once(both: tuple[Manager, Server]) -> None:
    manager, server = both
    user_id = make_user(manager, "brief")
    browser, token = sign_in(manager, "brief")
    with closing(browser):
        key = browser.post("/api/v1/keys", json={"name": "mine"}).json()["key"]
        assert (asked(server, token), asked(server, key)) == (200, 200)
        assert manager.client.post(f"/api/v1/users/{user_id}/disable").status_code == 200
        assert (asked(server, token), asked(server, key)) == (401, 401)
        assert browser.get("/api/v1/auth/me").status_code == 401
        assert browser.post("/api/v1/auth/refresh").status_code == 401
        assert manager.client.post(f"/api/v1/users/{user_id}/enable").status_code == 200
        assert (asked(server, token), asked(server, key)) == (401, 200)


def test_keys_of_either_hand_are_the_same(both: tuple[Manager, Server]) -> None:
    manager, server = both
    made = manager.client.post("/api/v1/keys", json={"name": "from-the-manager", "scopes": ["admin"]}).json()
    assert server.client.get("/admin/models", headers=bearer(made["key"])).status_code == 200
    command(manager.home, "keys", "revoke", "from-the-manager")
    assert server.client.get("/admin/models", headers=bearer(made["key"])).status_code == 401
    assert manager.client.get("/metrics", headers=bearer(made["key"])).status_code == 401


def test_others_make_the_first_administrator_with_the_token_of_the_terminal(tmp_path: Path) -> None:
    setup = {"name": "first", "password": PASSWORD}
    # Behind a proxy nobody is local.
    far: dict[str, Any] = {"headers": {"x-forwarded-for": "203.0.113.9"}}
    with Manager(tmp_path, tmp_path / "home", {"MLX_MANAGER_HOST": "0.0.0.0"}) as manager:
        found = TOKEN.search(manager.log)
        assert found is not None
        for token in (None, "wrong", found[1] + "x"):
            refused = manager.client.post("/api/v1/auth/setup", json=setup | {"token": token}, **far)
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "setup_not_allowed")
        assert manager.client.get("/api/v1/keys", **far).status_code == 401
        made = manager.client.post("/api/v1/auth/setup", json=setup | {"token": found[1]}, **far)
        assert made.status_code == 201
        assert (
            manager.client.post("/api/v1/auth/setup", json=setup | {"token": found[1]}, **far).status_code
            == 409
        )
        for file in (tmp_path / "home").rglob("*"):
            assert not file.is_file() or found[1].encode() not in file.read_bytes(), file


def test_no_password_or_token_is_written_anywhere(both: tuple[Manager, Server]) -> None:
    manager, server = both
    browser, token = sign_in(manager, "first")
    with closing(browser):
        browser.post("/api/v1/auth/sign-in", json={"name": "first", "password": PASSWORD + "!"})
        browser.post("/api/v1/auth/sign-in", content=f'{{"password": "{PASSWORD}"')
        asked(server, token + "x")
        secrets = [PASSWORD, token, *browser.cookies.values()]
    written = [manager.log.encode(), server.log.encode()]
    written += [file.read_bytes() for file in manager.home.rglob("*") if file.is_file()]
    for secret in secrets:
        assert not [text for text in written if secret.encode() in text]
    document = json.dumps(manager.client.get("/openapi.json").json())
    assert PASSWORD not in document


@pytest.mark.full
def test_a_database_that_is_newer_ends_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command(home, "keys", "list")
    with sqlite3.connect(home / "mlx-manager.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(AssertionError, match="ended with 1"), Manager(tmp_path, home):
        pass
    log = (tmp_path / "manager.log").read_text()
    assert "9999" in log
    assert "Traceback" not in log


def test_a_long_conversation_can_be_imported(both: tuple[Manager, Server]) -> None:
    manager, _ = both
    made = manager.client.post("/api/v1/chats", json={"model": "demo", "title": "long"})
    assert made.status_code == 201, made.text
    path = f"/api/v1/chats/{made.json()['id']}"
    for number in range(4):
        message = {"content": f"{number} " + "word " * 90_000, "model": "none such"}
        assert manager.client.post(f"{path}/messages", json=message).status_code == 201
    exported = manager.client.get(f"{path}/export", params={"format": "json", "all": "true"})
    assert len(exported.content) > 1_500_000
    assert manager.client.post("/api/v1/chats/import", json=exported.json()).status_code == 201
    refused = manager.client.post("/api/v1/chats", json={"model": "demo", "title": "word " * 400_000})
    assert refused.status_code == 413, "everything else is short"
