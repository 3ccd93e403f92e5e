"""Real memory is short: work begins one at a time, idle models go, and then the youngest work ends."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.pool_server import ALPHA, BETA, Pool
from tests.live.server import DEADLINE_S, wait_until

TINY_SHARE = 0.0001


def wait_pressure(pool: Pool, pressure: str) -> str:
    """Wait until it is seen; returns the sentence that explains it."""
    memory = wait_until(
        lambda: memory if (memory := pool.memory())["pressure"] == pressure else None, f"pressure {pressure}"
    )
    return str(memory["explanation"])


@pytest.mark.full
def test_soft_pressure_admits_one_at_a_time(pool: Pool) -> None:
    pool.only(ALPHA, BETA)
    stream = pool.flowing(ALPHA)
    pool.change(memory_soft_share=TINY_SHARE)
    assert "may have" in wait_pressure(pool, "soft")
    pool.wait_status(BETA, "unloaded")  # idle
    with ThreadPoolExecutor(2) as threads:
        same, other = threads.submit(pool.ask, ALPHA), threads.submit(pool.ask, BETA)
        pool.wait_waiting(ALPHA)
        pool.wait_waiting(BETA)
        stream.wait_flowing(stream.num_lines + 40)  # what runs goes on
        assert not same.done()
        assert not other.done()
        stream.leave()
        # Something always goes on, or nothing ever would.
        assert same.result(DEADLINE_S).status_code == 200
        assert other.result(DEADLINE_S).status_code == 200
    wait_until(lambda: not pool.loaded(), "what is idle has gone")
    pool.change(memory_soft_share=0.95)
    assert "not short" in wait_pressure(pool, "none")


def test_hard_pressure_ends_the_youngest_first(pool: Pool) -> None:
    before = pool.only(ALPHA, BETA)
    oldest = pool.flowing(ALPHA)
    young = pool.flowing(BETA, chat=True)
    # A budget that one of the two models is within, and both are not.
    held = wait_until(lambda: footprint_of(pool, 2), "both have been looked at")
    pool.change(max_memory_gb=0.75 * held / 2**30)
    ended = young.wait()
    assert ended.error is not None
    assert ended.error["code"] == "memory_pressure"
    assert "GB" in ended.error["message"]
    assert not ended.done
    pool.wait_status(BETA, "unloaded")
    wait_pressure(pool, "none")
    oldest.wait_flowing(oldest.num_lines + 40)
    assert pool.loaded() == {ALPHA: before[ALPHA]}
    # Its turn comes where even it alone is too much.
    pool.change(max_memory_gb=0.25 * held / 2**30)
    last = oldest.wait()
    assert last.error is not None
    assert last.error["code"] == "memory_pressure"


def footprint_of(pool: Pool, count: int) -> int:
    """What the workers really hold, once so many have been looked at."""
    memory = pool.memory()
    held = [model.get("footprint") or 0 for model in memory["models"]]
    seen: int = (memory["real"] or {}).get("footprint_bytes", 0)
    return seen if len(held) == count and seen > 1.5 * max(held) else 0
