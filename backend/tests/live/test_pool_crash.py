"""The server's own end by kill -9: no worker outlives it, whatever it was doing."""

import time
from pathlib import Path

import pytest

from tests.live.conftest import StartServer, three_models_env
from tests.live.pool_server import ALPHA, BETA, Pool
from tests.live.server import is_running, wait_until


@pytest.mark.full
def test_no_worker_outlives_a_killed_server(start_server: StartServer, three_models: Path) -> None:
    """Two resident models, one of them at work, and a spare; the second was loaded into a spare."""
    env = {"MLX_SERVER_SPARE_WORKER": "true", "MLX_SERVER_PRELOAD": f'["{ALPHA}"]'}
    server = start_server(three_models_env(three_models) | env)
    pool = Pool(server)
    wait_until(lambda: len(server.workers()) == 2, "a spare worker starts")
    wait_until(lambda: pool.memory()["spare_worker"], "the spare is accounted for")
    spare = next(worker.pid for worker in server.workers() if worker.pid != pool.pid(ALPHA))
    pool.answer(BETA)
    assert pool.pid(BETA) == spare
    wait_until(lambda: len(server.workers()) == 3, "another spare worker starts")
    stream = pool.flowing(ALPHA)
    workers = server.workers()
    assert set(pool.loaded().values()) < {worker.pid for worker in workers}
    server.process.kill()
    server.process.wait()
    killed_at = time.monotonic()
    wait_until(lambda: not any(map(is_running, workers)), "the workers end by themselves")
    wait_until(lambda: not stream.is_running, "the client sees the end")
    print(f"no worker was alive {time.monotonic() - killed_at:.2f} s after the server's death")
