"""Processes that are killed: no orphan, no client left without an answer, and the next request works."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.live.conftest import StartServer
from tests.live.server import (
    ENDLESS,
    BackgroundStream,
    Server,
    endless_chat,
    endless_completion,
    is_running,
    wait_until,
)

PRELOAD_ENDLESS = {"MLX_SERVER_PRELOAD": f'["{ENDLESS}"]'}


@pytest.fixture(scope="module")
def endless_server(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """A server with the endless model and no other."""
    env = PRELOAD_ENDLESS | {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)])}
    with Server(tmp_path_factory.mktemp("crash"), env) as server:
        yield server


@pytest.fixture
def crash_server(endless_server: Server) -> Server:
    """The same with its model in memory, and the deaths of other tests forgotten."""
    assert endless_server.client.post(f"/admin/models/{ENDLESS}/load").status_code == 200
    return endless_server


def only_worker(server: Server) -> psutil.Process:
    """The one worker that lives, a new one perhaps."""
    worker: psutil.Process = wait_until(
        lambda: alive[0] if len(alive := server.workers()) == 1 else None, "one worker lives"
    )
    return worker


@pytest.mark.full  # test_pool_crash sees the same of a server with more workers
def test_a_killed_server_leaves_no_worker(start_server: StartServer) -> None:
    server = start_server(PRELOAD_ENDLESS)
    worker = only_worker(server)
    stream = BackgroundStream(server, "/v1/completions", endless_completion())
    stream.wait_flowing()
    server.process.kill()
    server.process.wait()
    wait_until(lambda: not is_running(worker), "the worker ends by itself")
    wait_until(lambda: not stream.is_running, "the client sees the end")


@pytest.mark.sample(1)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_worker_ends_its_streams_with_an_error(crash_server: Server, number: signal.Signals) -> None:
    worker = only_worker(crash_server)
    chat = BackgroundStream(crash_server, "/v1/chat/completions", endless_chat())
    text = BackgroundStream(crash_server, "/v1/completions", endless_completion())
    chat.wait_flowing()
    text.wait_flowing()
    worker.send_signal(number)
    for ended in (chat.wait(), text.wait()):
        assert ended.error is not None
        assert ended.error["code"] == "worker_died"
        assert str(int(number)) in ended.error["message"]
        assert not ended.done
    response = crash_server.post("/v1/completions", endless_completion(max_tokens=4))
    assert response.status_code == 200
    assert only_worker(crash_server).pid != worker.pid
    crash_server.wait_idle()


def test_a_killed_worker_fails_whole_answers_with_500(crash_server: Server) -> None:
    worker = only_worker(crash_server)
    paths = {"/v1/chat/completions": endless_chat(), "/v1/completions": endless_completion()}
    with ThreadPoolExecutor(len(paths)) as threads:
        answers = [threads.submit(crash_server.post, path, body) for path, body in paths.items()]
        wait_until(lambda: crash_server.num_in_engines() == len(paths), "the requests run")
        worker.kill()
        for answer in answers:
            response = answer.result()
            assert response.status_code == 500
            assert response.json()["error"]["code"] == "worker_died"
            assert response.headers["x-request-id"]
    assert crash_server.post("/v1/completions", endless_completion(max_tokens=4)).status_code == 200
    assert only_worker(crash_server).pid != worker.pid


def test_a_worker_that_is_killed_while_idle_is_replaced(crash_server: Server) -> None:
    worker = only_worker(crash_server)
    worker.kill()
    wait_until(lambda: not is_running(worker), "the worker is dead")
    # It is to be preloaded, so nobody need ask for it again.
    wait_until(lambda: crash_server.ready()[1]["model"] and only_worker(crash_server) != worker, "a new one")
    assert crash_server.post("/v1/completions", endless_completion(max_tokens=4)).status_code == 200
    assert only_worker(crash_server).pid != worker.pid
