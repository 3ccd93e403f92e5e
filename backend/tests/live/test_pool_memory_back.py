"""An unload gives the memory back to the operating system."""

import contextlib

import psutil
import pytest

from mlx_manager.core.process import footprint_bytes
from tests.live.pool_server import ALPHA, MODELS, Pool
from tests.live.server import Server, wait_until


def tree_bytes(server: Server) -> int:
    """What the server and all its children hold."""
    pids = [server.pid]
    with contextlib.suppress(psutil.NoSuchProcess):
        pids += [child.pid for child in psutil.Process(server.pid).children(recursive=True)]
    return sum(footprint_bytes(pid) or 0 for pid in pids)


def load_and_unload(pool: Pool, model: str) -> int:
    """What the tree holds afterwards."""
    pool.do(model, "load")
    pool.answer(model, prompt="w7 " * 2000)
    held = tree_bytes(pool.server)
    pool.do(model, "unload")
    wait_until(lambda: not pool.server.workers(), "no worker is left")
    after = tree_bytes(pool.server)
    assert held > after
    return after


@pytest.mark.parametrize("rounds", [2, pytest.param(10, marks=pytest.mark.full)])
def test_the_tree_ends_as_it_began(pool: Pool, rounds: int) -> None:
    pool.only()
    models = [ALPHA] * rounds if rounds == 2 else list(MODELS) * rounds
    before = load_and_unload(pool, models[0])
    for model in models[1:]:
        after = load_and_unload(pool, model)
    print(f"{before / 2**20:.1f} MB before, {after / 2**20:.1f} MB after")
    assert abs(after - before) <= 0.05 * before
    assert pool.memory()["reserved"] == 0
