"""Live: the manager starts, stops, restarts and watches the server, and adopts one that runs."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.live.manager import Manager
from tests.live.server import Server, is_running, wait_until
from tests.live.supervised import Supervised

CHAT = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}


@pytest.fixture(scope="module")
def module_supervised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    folder = tmp_path_factory.mktemp("supervised") / "both"
    with Supervised(folder, {"MLX_MANAGER_SERVER_HANG_S": "3"}) as both:
        yield both


@pytest.fixture
def supervised(module_supervised: Supervised) -> Supervised:
    """A manager whose server is ready, whatever the test before has done to it."""
    if module_supervised.view()["state"] in ("stopped", "failed", "waiting"):
        module_supervised.client.post("/api/v1/server/start")
    module_supervised.wait_ready()
    return module_supervised


def asked(manager: Manager) -> tuple[int, dict[str, Any]]:
    answer = manager.client.post("/v1/chat/completions", json=CHAT)
    return answer.status_code, answer.json()


def test_a_manager_starts_a_server(supervised: Supervised) -> None:
    view = supervised.view()
    assert view["state"] == "running"
    assert (view["is_answering"], view["is_adopted"]) == (True, False)
    assert view["readiness"]["models"] == ["demo"]
    assert psutil.Process(view["pid"]).ppid() == supervised.process.pid
    assert asked(supervised)[0] == 200


def test_a_server_that_is_killed_is_started_again(supervised: Supervised) -> None:
    before = supervised.view()
    psutil.Process(before["pid"]).kill()
    after = supervised.wait_ready(other_than=before["pid"])
    assert after["ending"]["code"] == -signal.SIGKILL
    assert after["num_restarts"] == before["num_restarts"] + 1
    assert asked(supervised)[0] == 200


@pytest.mark.full
def test_a_server_that_hangs_is_ended_and_started_again(supervised: Supervised) -> None:
    before = supervised.view()
    psutil.Process(before["pid"]).suspend()
    after = supervised.wait_ready(other_than=before["pid"])
    assert after["num_restarts"] == before["num_restarts"] + 1
    wait_until(lambda: not psutil.pid_exists(before["pid"]), "it is gone")


def test_stopped_stays_stopped_until_it_is_started(supervised: Supervised) -> None:
    process = psutil.Process(supervised.view()["pid"])
    answer = supervised.client.post("/api/v1/server/stop")
    assert answer.json()["state"] == "stopped"
    assert not is_running(process)
    status, body = asked(supervised)
    assert (status, body["error"]["code"]) == (503, "server_unavailable")
    claude = supervised.client.post("/v1/messages", json=CHAT)
    assert (claude.status_code, claude.json()["type"]) == (503, "error")
    assert supervised.client.post("/api/v1/server/stop").json()["state"] == "stopped"
    assert supervised.client.post("/api/v1/server/start").json()["state"] in ("starting", "running")
    supervised.wait_ready()


@pytest.mark.full  # the next but one stops and starts it
def test_restart(supervised: Supervised) -> None:
    before = supervised.view()
    assert supervised.client.post("/api/v1/server/restart").status_code == 200
    after = supervised.wait_ready(other_than=before["pid"])
    assert after["ending"] is None
    assert after["num_restarts"] == before["num_restarts"]


@pytest.mark.full
def test_changes_are_told(supervised: Supervised) -> None:
    states = []
    with supervised.client.stream("GET", "/api/v1/server/events") as events:
        for line in events.iter_lines():
            if line.startswith("data: "):
                view = json.loads(line.removeprefix("data: "))
                if not states:
                    assert view["state"] == "running"
                    with supervised.browser() as other:
                        other.post("/api/v1/server/stop")
                states.append(view["state"])
                if view["state"] == "stopped":
                    break
    assert states[-1] == "stopped"


def test_logs(supervised: Supervised) -> None:
    assert asked(supervised)[0] == 200
    entries = supervised.client.get("/api/v1/server/logs", params={"lines": 500}).json()["data"]
    assert any("demo: " in entry["message"] and entry["request_id"] for entry in entries)
    errors = supervised.client.get("/api/v1/server/logs", params={"level": "ERROR", "program": "manager"})
    assert all(entry["level"] == "ERROR" for entry in errors.json()["data"])
    with supervised.client.stream("GET", "/api/v1/server/logs/events", params={"lines": 1}) as followed:
        for number, line in enumerate(line for line in followed.iter_lines() if line.startswith("data: ")):
            if number == 0:
                with supervised.browser() as other:
                    headers = {"x-request-id": "followed"}
                    assert other.post("/v1/chat/completions", json=CHAT, headers=headers).status_code == 200
            elif "demo: " in line:
                break


def test_what_is_no_program_or_level(supervised: Supervised) -> None:
    for params in ({"program": "../../etc/passwd"}, {"level": "LOUD"}, {"lines": "0"}):
        answer = supervised.client.get("/api/v1/server/logs", params=params)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["param"] in params


def test_a_server_outlives_a_manager_that_is_killed_and_the_next_takes_it_over(tmp_path: Path) -> None:
    with Supervised(tmp_path / "first") as first:
        before = first.wait_ready()
        first.kill()
        assert psutil.Process(before["pid"]).is_running()
        with Supervised(tmp_path / "first") as second:
            after = second.wait_ready()
            assert (after["pid"], after["is_adopted"]) == (before["pid"], True)
            assert asked(second)[0] == 200
        # What a manager had started ends with the one that took it over.
        assert not psutil.pid_exists(before["pid"])


@pytest.mark.full
def test_a_server_of_somebody_elses_is_adopted_and_left(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        with Manager(tmp_path, server.home, {"MLX_MANAGER_START_SERVER": "true"}) as manager:
            view = manager.client.get("/api/v1/server").json()
            assert (view["pid"], view["is_adopted"], view["url"]) == (server.pid, True, server.base_url)
            assert asked(manager)[0] == 200
        assert server.ready()[0] == 200


@pytest.mark.full
def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        env = {"MLX_SERVER_PORT": port, "MLX_MANAGER_RESTART_SERVER": "false"}
        with Supervised(tmp_path / "failing", env) as both:
            view = both.wait_state("failed")
            assert view["ending"]["code"] == 1
            assert f"port {port} is taken" in view["ending"]["reason"]
            status, body = asked(both)
            assert status == 503
            assert f"port {port} is taken" in body["error"]["message"]


@pytest.mark.full
def test_a_manager_that_is_to_start_none_starts_none(tmp_path: Path) -> None:
    with Supervised(tmp_path / "none", {"MLX_MANAGER_START_SERVER": "false"}) as both:
        assert both.view()["state"] == "stopped"
        assert not psutil.Process(both.process.pid).children()
