"""Many requests at once: one load serves all of them, and models take turns without thrashing."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.pool_server import ALPHA, BETA, MODELS, Events, Pool
from tests.live.server import wait_until


def test_twenty_first_requests_cost_one_load(pool: Pool) -> None:
    pool.only()
    with Events(pool.server) as events:
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(pool.answer, [ALPHA] * 20))
        assert len(set(answers)) == 1
        wait_until(events.loads, "the load is told of")
        assert events.states(ALPHA) == ["loading", "loaded"]
        assert events.loads() == {(ALPHA, pool.pid(ALPHA))}


def test_alternating_requests_do_not_thrash(pool: Pool) -> None:
    pool.only()
    pool.change(max_models=1)
    asked = [ALPHA, BETA] * 10
    with Events(pool.server) as events:
        with ThreadPoolExecutor(len(asked)) as threads:
            answers = list(threads.map(pool.answer, asked))
        for model in (ALPHA, BETA):
            assert len({answers[index] for index, name in enumerate(asked) if name == model}) == 1
        last = next(iter(pool.loaded().items()))
        wait_until(lambda: last in events.loads(), "the last load is told of")
        assert 2 <= len(events.loads()) <= 4, events.loads()
        print(f"{len(events.loads())} loads")


@pytest.mark.full
def test_who_is_in_demand_makes_room_in_the_end(pool: Pool) -> None:
    """One model is asked for again and again, and another once."""
    pool.only(ALPHA)
    pool.change(max_models=1)
    is_answered = threading.Event()

    def insist() -> int:
        count = 0
        while not is_answered.is_set():
            pool.answer(ALPHA)
            count += 1
        return count

    with ThreadPoolExecutor(4) as threads:
        insisting = [threads.submit(insist) for _ in range(4)]
        wait_until(lambda: pool.model(ALPHA)["leases"], "the one is in demand")
        try:
            pool.answer(BETA)
        finally:
            is_answered.set()
        assert all(each.result() > 0 for each in insisting)


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=pytest.mark.full)])
def test_requests_at_random_over_three_models(pool: Pool, count: int) -> None:
    """Room for two, sixteen at a time: no failure, and each answer is its own model's."""
    draws = random.Random(count)
    prompts = ["w1", "w2 w3", "w4 w5 w6"]
    asked = [(draws.choice(MODELS), draws.choice(prompts), draws.randint(1, 24)) for _ in range(count)]
    with Events(pool.server) as events:
        with ThreadPoolExecutor(16) as threads:
            texts = list(
                threads.map(lambda one: pool.answer(one[0], prompt=one[1], max_tokens=one[2]), asked)
            )
        print(f"{len(events.loads())} loads")
    longest: dict[tuple[str, str], str] = {}
    for (model, prompt, _), text in zip(asked, texts, strict=True):
        if len(text) > len(longest.get((model, prompt), "")):
            longest[model, prompt] = text
    for (model, prompt, _), text in zip(asked, texts, strict=True):
        assert text
        assert longest[model, prompt].startswith(text)
    assert len(set(longest.values())) == len(longest)
    memory = pool.memory()
    assert memory["reserved"] <= memory["budget"]
