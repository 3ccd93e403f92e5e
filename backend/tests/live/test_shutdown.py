"""SIGTERM and Ctrl-C: new work is refused, running work gets its grace, and nothing stays behind."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest

from tests.live.conftest import StartServer
from tests.live.server import (
    DEADLINE_S,
    ENDLESS,
    BackgroundStream,
    Server,
    endless_chat,
    endless_completion,
    is_running,
    wait_until,
)

PRELOAD_ENDLESS = {"MLX_SERVER_PRELOAD": f'["{ENDLESS}"]'}


def check_gone(server: Server, workers: list[psutil.Process]) -> None:
    """The server ended well, and its workers with it."""
    started = time.monotonic()
    try:
        assert server.process.wait(DEADLINE_S) == 0, server.log
    except subprocess.TimeoutExpired:
        raise AssertionError(f"the server did not end:\n{server.log}") from None
    wait_until(lambda: not any(map(is_running, workers)), "the workers are gone")
    print(f"ended after {time.monotonic() - started:.2f} s")
    assert "Traceback" not in server.log
    assert "MLX Server shutting down..." in server.log


def send(server: Server, how: str) -> None:
    """End the server as a service manager, a terminal or a container does."""
    match how:
        case "SIGTERM":
            os.kill(server.pid, signal.SIGTERM)
        case "SIGTERM to the group":
            os.killpg(server.pid, signal.SIGTERM)
        case "SIGINT to the group":
            os.killpg(server.pid, signal.SIGINT)


HOW = ["SIGTERM", "SIGINT to the group", "SIGTERM to the group"]


@pytest.mark.sample(1)
@pytest.mark.parametrize("how", HOW)
def test_in_the_middle_of_a_stream(start_server: StartServer, how: str) -> None:
    server = start_server(PRELOAD_ENDLESS | {"MLX_SERVER_SHUTDOWN_GRACE_S": "3"}, own_group=True)
    workers = server.workers()
    assert len(workers) == 1
    chat = BackgroundStream(server, "/v1/chat/completions", endless_chat())
    text = BackgroundStream(server, "/v1/completions", endless_completion())
    chat.wait_flowing()
    text.wait_flowing()
    with ThreadPoolExecutor(1) as threads:
        whole = threads.submit(server.post, "/v1/chat/completions", endless_chat())
        wait_until(lambda: server.num_running() == 3, "the third request runs")
        started = time.monotonic()
        send(server, how)
        wait_until(lambda: "taking no new work" in server.log, "the server takes the signal")
        assert all(map(is_running, workers)), "a worker's end is the server's business"
        check_draining(server)
        assert chat.is_running
        assert text.is_running
        response = whole.result()
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "shutting_down"
    for ended in (chat.wait(), text.wait()):
        assert ended.error is not None
        assert ended.error["code"] == "shutting_down"
        assert not ended.done
    check_gone(server, workers)
    print(f"{how}: {time.monotonic() - started:.2f} s from the signal to the end, 3 s of them grace")


def check_draining(server: Server) -> None:
    """It says so, and refuses new work, while three requests run."""
    wait_until(lambda: server.ready()[1]["status"] == "draining", "the server drains")
    status, body = server.ready()
    assert (status, body["status"]) == (503, "draining")
    assert body["running"] == 3
    refused = server.post("/v1/chat/completions", endless_chat(max_tokens=1))
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "shutting_down"
    assert refused.headers["retry-after"].isdigit()


@pytest.mark.full
def test_an_answer_that_fits_into_the_grace_is_whole(start_server: StartServer) -> None:
    server = start_server(PRELOAD_ENDLESS | {"MLX_SERVER_SHUTDOWN_GRACE_S": str(DEADLINE_S)})
    workers = server.workers()
    stream = BackgroundStream(server, "/v1/completions", endless_completion(max_tokens=80))
    stream.wait_flowing(2)
    send(server, "SIGTERM")
    ended = stream.wait()
    assert ended.done
    assert ended.finish_reason == "length"
    assert ended.error is None
    check_gone(server, workers)


@pytest.mark.full
def test_what_waits_for_a_model_is_told(start_server: StartServer) -> None:
    server = start_server(PRELOAD_ENDLESS | {"MLX_SERVER_SHUTDOWN_GRACE_S": "1"})
    workers = server.workers()
    stream = BackgroundStream(server, "/v1/completions", endless_completion())
    stream.wait_flowing()
    with ThreadPoolExecutor() as threads:
        # One model is resident, and it is in use: this one waits for its turn.
        body = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}
        waiting = threads.submit(server.post, "/v1/chat/completions", body)
        wait_until(lambda: server.client.get("/ready").json()["running"] == 2, "both are there")
        send(server, "SIGTERM")
        refused = waiting.result(DEADLINE_S)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "shutting_down"
    assert stream.wait().error is not None
    check_gone(server, workers)


@pytest.mark.full
def test_when_idle(start_server: StartServer) -> None:
    server = start_server()
    workers = server.workers()
    assert len(workers) == 1
    send(server, "SIGTERM")
    check_gone(server, workers)
    assert "ERROR" not in server.log


@pytest.mark.full
def test_while_the_model_loads(start_server: StartServer) -> None:
    server = start_server(wait_ready=False)
    workers: list[Any] = wait_until(server.workers, "a worker starts")
    assert server.ready()[1]["status"] == "loading"
    send(server, "SIGTERM")
    check_gone(server, workers)


@pytest.mark.full
def test_a_second_signal_does_not_wait_for_the_grace(start_server: StartServer) -> None:
    server = start_server(PRELOAD_ENDLESS | {"MLX_SERVER_SHUTDOWN_GRACE_S": "3600"})
    workers = server.workers()
    stream = BackgroundStream(server, "/v1/completions", endless_completion())
    stream.wait_flowing()
    send(server, "SIGTERM")
    wait_until(lambda: server.ready()[1]["status"] == "draining", "the server drains")
    send(server, "SIGTERM")
    server.process.wait(DEADLINE_S)
    wait_until(lambda: not any(map(is_running, workers)), "the workers are gone")
    wait_until(lambda: not stream.is_running, "the stream has ended")
