"""One row for every inference request, closed at its true end."""

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.databases import finish, postgres
from tests.live.accounts import bearer, make_key
from tests.live.conftest import StartServer
from tests.live.server import ENDLESS, Server, endless_chat, stream, wait_until
from tests.live.test_disconnect import leave_stream
from tests.postgres import Cluster

__all__ = ["postgres"]

CHAT = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0}
Row = dict[str, Any]


def rows(home: Path, table: str = "inference_requests") -> list[Row]:
    """What the database has, oldest first."""
    with closing(sqlite3.connect(f"file:{home / 'mlx-manager.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        order = " ORDER BY started_at" if table == "inference_requests" else ""
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table}{order}")]


def row_of(home: Path, request_id: str) -> Row:
    """The one row of a request, once it is closed."""

    def closed() -> Row | None:
        found = [row for row in rows(home) if row["request_id"] == request_id]
        assert len(found) <= 1
        return found[0] if found and found[0]["outcome"] != "running" else None

    row: Row = wait_until(closed, f"the row of {request_id} is closed")
    return row


def ask(server: Server, body: Row, headers: dict[str, str] | None = None) -> httpx.Response:
    path = "/v1/chat/completions" if "messages" in body else "/v1/completions"
    return server.post(path, body, headers=headers or {})


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)]), "MLX_SERVER_REQUEST_TIMEOUT_S": "600"}
    with Server(tmp_path_factory.mktemp("audited"), env) as server:
        yield server


def test_an_answer(audited: Server) -> None:
    before = datetime.now(UTC)
    for body in (CHAT, CHAT | {"stream": True}, {"model": "demo", "prompt": "Hi", "max_tokens": 3}):
        answer = ask(audited, body)
        row = row_of(audited.home, answer.headers["x-request-id"])
        assert row["id"].startswith("inf_")
        assert (row["user_id"], row["key_id"], row["model"]) == ("user_owner", None, "demo")
        assert (row["backend"], row["outcome"], row["status"]) == ("local", "finished", 200)
        assert row["dialect"] == ("openai_chat" if "messages" in body else "openai_completions")
        assert bool(row["is_stream"]) is bool(body.get("stream"))
        assert (row["finish_reason"], row["error_code"]) == ("length" if "prompt" in body else "stop", None)
        if not row["is_stream"]:
            usage = answer.json()["usage"]
            assert row["prompt_tokens"] == usage["prompt_tokens"]
            assert row["completion_tokens"] == usage["completion_tokens"]
            assert row["cached_tokens"] == usage["prompt_tokens_details"]["cached_tokens"]
        assert 0 <= row["queue_s"] <= row["first_token_s"] <= row["total_s"]
        assert row["queue_s"] + row["prefill_s"] == pytest.approx(row["first_token_s"])
        assert row["tokens_per_second"] > 0
        started = datetime.fromisoformat(row["started_at"]).replace(tzinfo=UTC)
        ended = datetime.fromisoformat(row["ended_at"]).replace(tzinfo=UTC)
        assert before - timedelta(seconds=1) <= started <= ended <= datetime.now(UTC)
        assert (ended - started).total_seconds() == pytest.approx(row["total_s"], abs=0.01)
    assert not rows(audited.home, "captured_texts")


@pytest.mark.parametrize(
    ("body", "status", "code", "model"),
    [
        (CHAT | {"messages": []}, 400, "invalid_request", None),
        (CHAT | {"model": "nothing"}, 404, "model_not_found", "nothing"),
        (CHAT | {"use_beam_search": True}, 400, "unsupported_field", None),
        (CHAT | {"guided_regex": "("}, 400, "grammar_not_enforceable", "demo"),
        ({"model": "demo", "prompt": "a" * 60_000}, 400, "context_length_exceeded", "demo"),
        ({"model": ENDLESS, "prompt": "a", "timeout": 0.2}, 504, "deadline_exceeded", ENDLESS),
    ],
)
def test_a_refusal(audited: Server, body: Row, status: int, code: str, model: str | None) -> None:
    answer = ask(audited, body)
    assert answer.status_code == status
    row = row_of(audited.home, answer.headers["x-request-id"])
    assert (row["outcome"], row["status"], row["error_code"]) == ("failed", status, code)
    assert (row["model"], row["finish_reason"]) == (model, None)


def test_a_body_that_is_none(audited: Server) -> None:
    for content in (b"", b"[]", b"{", b"\xff"):
        answer = audited.client.post(
            "/v1/chat/completions", content=content, headers={"content-type": "application/json"}
        )
        row = row_of(audited.home, answer.headers["x-request-id"])
        assert (row["outcome"], row["status"], row["error_code"]) == ("failed", 400, "invalid_json")


def test_a_request_is_there_while_it_runs_and_when_its_client_has_left(audited: Server) -> None:
    seen = {row["id"] for row in rows(audited.home)}
    body = endless_chat() | {"stream": True}
    with audited.client.stream("POST", "/v1/chat/completions", json=body) as response:
        lines = response.iter_lines()
        for _ in range(8):
            next(lines)

        def running() -> bool:
            found = [row for row in rows(audited.home) if row["id"] not in seen]
            return [row["outcome"] for row in found] == ["running"]

        wait_until(running, "the row is open")
    row = row_of(audited.home, response.headers["x-request-id"])
    assert (row["outcome"], row["status"]) == ("cancelled", 499)
    assert row["completion_tokens"] > 0


def test_a_failure_in_the_middle_of_a_stream(audited: Server) -> None:
    body = endless_chat() | {"stream": True}
    with audited.client.stream("POST", "/v1/chat/completions", json=body) as response:
        lines = response.iter_lines()
        next(lines)
        [model] = [one for one in audited.client.get("/admin/models").json()["data"] if one["id"] == ENDLESS]
        os.kill(model["pid"], signal.SIGKILL)
        for _ in lines:
            pass
    row = row_of(audited.home, response.headers["x-request-id"])
    assert (row["outcome"], row["status"], row["error_code"]) == ("failed", 200, "worker_died")


def test_what_runs_when_the_server_stops_is_closed(start_server: StartServer) -> None:
    server = start_server({"MLX_SERVER_SHUTDOWN_GRACE_S": "0.1"})
    body = endless_chat() | {"stream": True}
    with server.client.stream("POST", "/v1/chat/completions", json=body) as response:
        lines = response.iter_lines()
        next(lines)
        server.process.send_signal(signal.SIGTERM)
        for _ in lines:
            pass
    server.end()
    [row] = rows(server.home)
    assert (row["outcome"], row["status"], row["error_code"]) == ("failed", 200, "shutting_down")


@pytest.mark.full
def test_what_a_crash_leaves_open_is_closed_by_the_next_server(start_server: StartServer) -> None:
    first = start_server()
    body = endless_chat() | {"stream": True}
    with first.client.stream("POST", "/v1/chat/completions", json=body) as response:
        next(response.iter_lines())
        wait_until(lambda: rows(first.home), "the row is written")
        first.process.kill()
    first.end()
    assert [row["outcome"] for row in rows(first.home)] == ["running"]
    second = start_server({"MLX_MANAGER_HOME": str(first.home)})
    second.home = first.home
    row = row_of(first.home, response.headers["x-request-id"])
    assert (row["outcome"], row["error_code"], row["ended_at"]) == ("interrupted", "server_ended", None)
    # Another server that lives keeps what it has open.
    leave_stream(second, "/v1/chat/completions", endless_chat(), 3)


def test_text_is_kept_for_a_key_that_asks_for_it(audited: Server) -> None:
    secret = "The magic word is xyzzy."
    plain = make_key(audited.home, "plain")["key"]
    curious = make_key(audited.home, "curious", "--capture-days", "3")
    body = CHAT | {"messages": [{"role": "user", "content": secret}]}
    ask(audited, body, bearer(plain))
    answer = ask(audited, body, bearer(curious["key"]))
    streamed = stream_with(audited, body, curious["key"])
    said = {
        answer.headers["x-request-id"]: answer.json()["choices"][0]["message"]["content"],
        streamed[0]: streamed[1],
    }
    for request_id, text in said.items():
        row = row_of(audited.home, request_id)
        assert row["key_id"] == curious["id"]
        [kept] = [one for one in rows(audited.home, "captured_texts") if one["request_row_id"] == row["id"]]
        assert json.loads(kept["prompt"]) == {"messages": body["messages"]}
        assert kept["answer"] == text
        until = datetime.fromisoformat(kept["expires_at"]).replace(tzinfo=UTC)
        assert timedelta(days=2.9) < until - datetime.now(UTC) < timedelta(days=3)
    assert len(rows(audited.home, "captured_texts")) == 2
    assert secret not in audited.log


def stream_with(server: Server, body: Row, key: str) -> tuple[str, str]:
    headers = server.client.headers
    server.client.headers = httpx.Headers({**headers, **bearer(key)})
    try:
        read = stream(server, "/v1/chat/completions", body)
    finally:
        server.client.headers = headers
    return read.headers["x-request-id"], read.text


def test_a_key_s_last_use_and_its_day(audited: Server) -> None:
    made = make_key(audited.home, "counted")
    answer = ask(audited, CHAT, bearer(made["key"]))
    row_of(audited.home, answer.headers["x-request-id"])
    [key] = [row for row in rows(audited.home, "api_keys") if row["id"] == made["id"]]
    assert key["last_used_at"] is not None
    [usage] = [row for row in rows(audited.home, "key_usage") if row["key_id"] == made["id"]]
    assert (usage["num_requests"], usage["num_tokens"]) == (1, answer.json()["usage"]["total_tokens"])


@pytest.mark.full
def test_on_postgresql(postgres: Cluster, start_server: StartServer, tmp_path: Path) -> None:
    name = finish(postgres.create_database())
    env = {"MLX_MANAGER_DATABASE_URL": postgres.url(name), "MLX_SERVER_REQUIRE_AUTH": "true"}
    server = start_server(env, wait_ready=False)
    key = make_key(server.home, "app", env=env)
    answer = ask(server, CHAT, bearer(key["key"]))
    assert answer.status_code == 200
    assert ask(server, CHAT, bearer("sk-mlx-wrong")).status_code == 401

    async def closed() -> Row | None:
        url = postgres.url(name).replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        try:
            found = await connection.fetch("SELECT * FROM inference_requests WHERE outcome = 'finished'")
        finally:
            await connection.close()
        return dict(found[0]) if found else None

    row = wait_until(lambda: asyncio.run(closed()), "the row is closed")
    assert (row["key_id"], row["request_id"]) == (key["id"], answer.headers["x-request-id"])
    assert row["started_at"].tzinfo is not None
    assert not (server.home / "mlx-manager.db").exists()
