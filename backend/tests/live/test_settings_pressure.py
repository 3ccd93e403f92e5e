"""The share of the budget above which requests are ended."""

import pytest

from tests.live.pool_server import ALPHA, BETA, Pool
from tests.live.server import wait_until
from tests.live.test_pool_pressure import footprint_of, wait_pressure


@pytest.mark.full
def test_memory_hard_share(pool: Pool) -> None:
    """The same memory is too much or not, by the setting alone."""
    pool.only(ALPHA, BETA)
    oldest = pool.flowing(ALPHA)
    young = pool.flowing(BETA)
    held = wait_until(lambda: footprint_of(pool, 2), "both have been looked at")
    pool.change(max_memory_gb=0.75 * held / 2**30, memory_hard_share=3)
    wait_pressure(pool, "soft")
    young.wait_flowing(young.num_lines + 40)
    pool.change(memory_hard_share=1)
    ended = young.wait()
    assert ended.error is not None
    assert ended.error["code"] == "memory_pressure"
    oldest.wait_flowing(oldest.num_lines + 40)
