"""Loads, leases and turns, with real workers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from model_folders import write_broken, write_loadable

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.pool.entry import Resident
from mlx_manager.mlx_server.pool.pool import ModelPool

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models that load and one that does not."""
    path = tmp_path_factory.mktemp("models")
    write_loadable(path / "a", seed=1)
    write_loadable(path / "b", seed=2)
    write_broken(path / "broken")
    return path


@asynccontextmanager
async def pool_of(folder: Path, **settings: Any) -> AsyncIterator[ModelPool]:
    """A pool with a place for one model, unless told otherwise, and without a spare worker."""
    defaults: dict[str, Any] = {"model_dirs": [folder], "max_models": 1, "spare_worker": False}
    pool = ModelPool(MLXServerSettings(**defaults | settings))
    try:
        yield pool
    finally:
        await pool.close()
        assert workers() == []


def workers() -> list[int]:
    """Process ids of this process's workers."""
    found = []
    for child in psutil.Process().children():
        if child.status() != psutil.STATUS_ZOMBIE and any(
            "engine.worker" in word for word in child.cmdline()
        ):
            found.append(child.pid)
    return found


async def use(pool: ModelPool, model_id: str, seen: list[tuple[str, int]], hold: int = 1) -> None:
    async with pool.lease(pool.describe(model_id)) as resident:
        assert resident.description.model_id == model_id
        seen.append((model_id, resident.worker.pid))
        for _ in range(hold):
            await asyncio.sleep(0)
            assert resident.worker.is_alive


async def settle() -> None:
    """Let every task that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_simultaneous_leases_load_once(folder: Path) -> None:
    async with pool_of(folder) as pool:
        assert pool.resident_ids == []
        seen: list[tuple[str, int]] = []
        await asyncio.gather(*(use(pool, "a", seen) for _ in range(10)))
        assert len(seen) == 10
        assert len({pid for _, pid in seen}) == 1
        assert workers() == [seen[0][1]]
        assert pool.resident_ids == ["a"]


async def test_a_switch_waits_for_the_lease(folder: Path) -> None:
    async with pool_of(folder) as pool:
        seen: list[tuple[str, int]] = []
        async with pool.lease(pool.describe("a")) as resident:
            other = asyncio.create_task(use(pool, "b", seen))
            await settle()
            # Late ones are served by the model that is there, but only until its turn is over.
            while True:
                late = asyncio.create_task(use(pool, "a", seen))
                await asyncio.wait({late}, timeout=0.3)
                if not late.done():
                    break
            assert resident.worker.is_alive
            assert {model for model, _ in seen} <= {"a"}
            num_before = len(seen)
        await asyncio.gather(other, late)
        assert [model for model, _ in seen[num_before:]] == ["b", "a"]
        assert len(workers()) == 1


@pytest.mark.full
async def test_turns_cost_few_loads(folder: Path) -> None:
    async with pool_of(folder) as pool:
        seen: list[tuple[str, int]] = []
        await asyncio.gather(*(use(pool, "ab"[index % 2], seen) for index in range(20)))
        assert [model for model, _ in seen].count("a") == 10
        assert len(seen) == 20
        assert len({pid for _, pid in seen}) <= 4


@pytest.mark.full
async def test_a_waiter_that_leaves_does_not_stop_the_load(folder: Path) -> None:
    async with pool_of(folder) as pool:
        seen: list[tuple[str, int]] = []
        first = asyncio.create_task(use(pool, "a", seen))
        second = asyncio.create_task(use(pool, "a", seen))
        await settle()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await second
        assert [model for model, _ in seen] == ["a"]
        # The one who left waits no more, so another model's turn is not held up by it.
        await use(pool, "b", seen)


@pytest.mark.full
@pytest.mark.full
async def test_a_cancelled_waiter_for_another_model_holds_up_nobody(folder: Path) -> None:
    async with pool_of(folder) as pool:
        seen: list[tuple[str, int]] = []
        async with pool.lease(pool.describe("a")):
            other = asyncio.create_task(use(pool, "b", seen))
            await settle()
            late = asyncio.create_task(use(pool, "a", seen))
            await settle()
            other.cancel()
            await asyncio.gather(other, return_exceptions=True)
            async with asyncio.timeout(30):
                await use(pool, "a", seen)
        async with asyncio.timeout(30):
            await late
        assert {model for model, _ in seen} == {"a"}


async def test_a_failed_load_reaches_its_own_waiters(folder: Path) -> None:
    async with pool_of(folder) as pool:
        seen: list[tuple[str, int]] = []
        tasks = [use(pool, "broken", seen) for _ in range(4)] + [use(pool, "a", seen) for _ in range(2)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results[:4]:
            assert isinstance(result, ApiError)
            assert result.code is ErrorCode.MODEL_LOAD_FAILED
        assert results[4:] == [None, None]
        assert [model for model, _ in seen] == ["a", "a"]


async def test_closing_tells_those_who_wait(folder: Path) -> None:
    async with pool_of(folder) as pool:
        tasks = [asyncio.create_task(use(pool, model, [])) for model in ("a", "a", "b")]
        await settle()
        await pool.close()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(result, ApiError)
            assert result.code is ErrorCode.SHUTTING_DOWN
        with pytest.raises(ApiError) as caught:
            await use(pool, "a", [])
        assert caught.value.code is ErrorCode.SHUTTING_DOWN
        await pool.close()


async def test_closing_while_leased(folder: Path) -> None:
    async with pool_of(folder) as pool:
        held: list[Resident] = []
        async with pool.lease(pool.describe("a")) as resident:
            held.append(resident)
            waiting = asyncio.create_task(use(pool, "b", []))
            await settle()
            await pool.close()
            assert not resident.worker.is_alive
        with pytest.raises(ApiError) as caught:
            await waiting
        assert caught.value.code is ErrorCode.SHUTTING_DOWN
        assert held[0].leases == 0


@pytest.mark.full  # the live tests of deaths see this through a server
async def test_a_dead_worker_is_replaced(folder: Path) -> None:
    async with pool_of(folder) as pool:
        seen: list[tuple[str, int]] = []
        async with pool.lease(pool.describe("a")) as resident:
            os.kill(resident.worker.pid, signal.SIGKILL)
            while pool.resident_ids:  # noqa: ASYNC110 - a death sets no event
                await asyncio.sleep(0.01)
            # The lease that still stands on the dead one holds up nobody.
            async with asyncio.timeout(60):
                await use(pool, "a", seen)
        assert seen[0][1] != resident.worker.pid
        assert pool.resident_ids == ["a"]


async def test_too_big_for_the_budget(folder: Path) -> None:
    async with pool_of(folder, max_memory_gb=1e-7) as pool:
        with pytest.raises(ApiError, match=r"needs .* [GM]B and the budget is") as caught:
            await use(pool, "a", [])
        assert caught.value.code is ErrorCode.INSUFFICIENT_MEMORY


async def test_an_unknown_model(folder: Path) -> None:
    async with pool_of(folder) as pool:
        with pytest.raises(ApiError, match="a, b, broken") as caught:
            await pool.preload("c")
        assert (caught.value.code, caught.value.param) == (ErrorCode.MODEL_NOT_FOUND, "model")
        await pool.preload("b")
        assert pool.resident_ids == ["b"]


async def test_caches_grow_for_whoever_needs_most(folder: Path) -> None:
    async with (
        pool_of(folder, kv_context_tokens=256, kv_concurrency=1) as pool,
        pool.lease(pool.describe("a")) as resident,
    ):
        worker, sizes = resident.worker, (3000, 90, 50_000, 4000, 49_999)
        assert worker.kv_budget_bytes < worker.row_bytes(3000)
        await asyncio.gather(*(pool.reserve_kv(resident, size) for size in sizes))
        assert worker.kv_budget_bytes >= worker.row_bytes(50_000)
        (reservation,) = pool.residents.ledger.reservations.values()
        assert reservation.kv == worker.kv_budget_bytes
        with pytest.raises(ApiError, match=r"need .* of KV cache, and .* are left") as caught:
            await pool.reserve_kv(resident, 2**50)
        assert caught.value.code is ErrorCode.INSUFFICIENT_MEMORY


async def test_who_waits_for_cache_memory_gets_it_when_a_lease_ends(folder: Path) -> None:
    async with (
        pool_of(folder, max_models=2, max_memory_gb=0.5, load_wait_s=60) as pool,
        pool.lease(pool.describe("a")) as resident,
    ):
        async with pool.lease(pool.describe("b")):
            worker, ledger = resident.worker, pool.residents.ledger
            room = ledger.budget_bytes - ledger.reservations[resident.description.key].weights
            per_token = (worker.row_bytes(3000) - worker.row_bytes(2000)) // 1000
            # As much as there is beside the model: more than the other one leaves.
            num_tokens = (room - worker.row_bytes(0)) // per_token
            growing = asyncio.create_task(pool.reserve_kv(resident, num_tokens))
            await asyncio.wait({growing}, timeout=1.0)
            assert not growing.done()
        await growing
        assert worker.kv_budget_bytes >= worker.row_bytes(num_tokens)
        assert pool.resident_ids == ["a"]
