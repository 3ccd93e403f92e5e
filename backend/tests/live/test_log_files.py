"""The server's log file: JSON with the request's id, its owner's alone, and no secret in it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.live.server import Server, wait_until

SECRET = "sk-mlx-Zq3f81mVb7tYxWcPqLkJhGZq3f81mVb7tYxWcPqLkJhG"


def lines(server: Server, name: str = "server.log") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (server.home / "logs" / name).read_text().splitlines()]


def test_a_request_is_found_by_its_id(server: Server) -> None:
    body = {"model": "demo", "prompt": "Hi", "max_tokens": 1, "stream": True}
    server.post("/v1/completions", body, headers={"X-Request-Id": "find-me-1"})
    found = wait_until(
        lambda: [line for line in lines(server) if line["request_id"] == "find-me-1"], "its line is there"
    )
    assert [line["logger"] for line in found] == ["mlx_manager.mlx_server.running"]
    assert found[0]["message"].startswith("find-me-1 demo: ")
    assert found[0]["pid"] == server.pid
    assert server.log.count("find-me-1") == 1  # the terminal's line does not say it twice


def test_the_files_are_private(server: Server) -> None:
    folder = server.home / "logs"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"Authorization": f"Bearer {SECRET}"}, "/v1/models/x"),
        ({"x-api-key": SECRET}, "/v1/models/x"),
        ({"X-Request-Id": SECRET}, "/v1/models/x"),
        ({}, f"/v1/models/{SECRET}"),
    ],
)
def test_no_secret_is_in_a_log(server: Server, headers: dict[str, str], path: str) -> None:
    server.client.get(path, headers=headers)
    body = {"model": "demo", "prompt": "Hi", "max_tokens": 1}
    server.post("/v1/completions", body, headers=headers)
    server.wait_idle()
    assert SECRET[7:] not in (server.home / "logs" / "server.log").read_text()
    assert SECRET[7:] not in server.log


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "logs").write_text("in the way")
    with Server(tmp_path, {"MLX_SERVER_PRELOAD": "[]"}) as server:
        assert server.client.get("/health").status_code == 200
        assert server.log.count("there is no log file") == 1


@pytest.mark.full
def test_two_servers_of_one_home(server: Server, tmp_path: Path) -> None:
    env = {"MLX_SERVER_PRELOAD": "[]", "MLX_MANAGER_HOME": str(server.home)}
    with Server(tmp_path, env) as second:
        pid = second.pid
        assert second.client.get("/health").status_code == 200
        assert {line["pid"] for line in lines(server, "server-2.log")} == {pid}
    assert {line["pid"] for line in lines(server)} == {server.pid}
    os.unlink(server.home / "logs" / "server-2.log")
