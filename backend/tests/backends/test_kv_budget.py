"""Which bound counts while others are asked for."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.backends.kv_budget import KVBudget
from mlx_manager.mlx_server.engine.ledger import KVLedger, KVSize
from mlx_manager.mlx_server.engine.wire import Budgets


def budget_of(budget_bytes: int) -> KVBudget:
    return KVBudget(KVLedger(KVSize(1, 0), budget_bytes))


async def test_less_counts_at_once_and_more_when_it_is_agreed_to() -> None:
    budget = budget_of(1000)
    assert (budget.can_ever_fit(745), budget.can_ever_fit(746)) == (True, False)
    less = budget.ask(600)
    assert budget.budget_bytes == 600
    more = budget.ask(5000)
    assert budget.budget_bytes == 600
    budget.answered(Budgets(800, 1))  # something needed more than was asked for
    assert (await less, budget.budget_bytes) == (Budgets(800, 1), 800)
    assert not more.done()
    budget.answered(Budgets(5000, 1))
    assert (await more, budget.budget_bytes) == (Budgets(5000, 1), 5000)
    budget.answered(Budgets(1, 1))  # to no question
    assert budget.budget_bytes == 5000


async def test_no_bound_and_none_asked_for() -> None:
    budget = budget_of(0)
    assert budget.can_ever_fit(10**12)
    asked = [budget.ask(0), budget.ask(10**6)]
    assert budget.budget_bytes == 1
    budget.answered(Budgets(1, 0))
    budget.answered(Budgets(10**6, 0))
    assert [answer.result().kv_budget_bytes for answer in asked] == [1, 10**6]
    assert budget.budget_bytes == 10**6


async def test_who_has_gone_is_passed_over_and_who_waits_is_told() -> None:
    budget = budget_of(1000)
    gone, waiting, last = (budget.ask(number) for number in (1, 2, 3))
    gone.cancel()
    budget.answered(Budgets(10, 0))
    budget.answered(Budgets(20, 0))
    assert (await waiting).kv_budget_bytes == 20
    budget.fail(ApiError(ErrorCode.WORKER_DIED, "the end"))
    with pytest.raises(ApiError, match="the end"):
        await last
    budget.fail(ApiError(ErrorCode.WORKER_DIED, "again"))


@settings(derandomize=True, deadline=None, database=None)
@given(st.integers(0, 50), st.lists(st.integers(0, 50) | st.none(), max_size=30), st.integers(0, 20))
def test_no_job_is_sent_that_the_worker_will_refuse(
    first: int, course: list[int | None], needed_before: int
) -> None:
    # A number is asked for; None is the worker's answer to what was asked first.
    async def run() -> None:
        budget = budget_of(first)
        at_worker, asked = first, list[int]()
        for number in course:
            if number is not None:
                budget.ask(number)
                asked.append(number)
            elif asked:
                at_worker = max(asked.pop(0), needed_before, 1)
                budget.answered(Budgets(at_worker, 0))
            # A job that is sent now arrives after everything that has been asked for.
            then = max(asked[-1], needed_before, 1) if asked else at_worker
            if budget.budget_bytes == 0:
                assert then == 0
            elif then:
                assert budget.budget_bytes <= then

    asyncio.run(run())
