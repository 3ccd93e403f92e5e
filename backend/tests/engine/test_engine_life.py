"""Ends, cancels and faults: each ends what it should and nothing else, and nothing leaks."""

from typing import Any

import numpy as np
import pytest
from harness import Calls, Harness, assert_greedy, submit
from tiny_models import tiny


def test_one_token() -> None:
    harness = Harness(tiny("llama"))
    harness.submit(submit(1, [3, 4], 1))
    harness.run()
    assert (len(harness.tokens[1]), harness.finish[1]) == (1, "length")


def test_the_first_token_may_be_the_stop() -> None:
    probe = Harness(tiny("llama"))
    probe.submit(submit(1, [3, 4], 3))
    probe.run()
    first, second, _ = probe.tokens[1]
    assert first != second
    harness = Harness(tiny("llama"))
    harness.submit(submit(1, [3, 4], 3, stop_ids=[first]))
    harness.submit(submit(2, [3, 4], 3, stop_ids=[second]))
    harness.run()
    assert harness.tokens == {1: [first], 2: [first, second]}
    assert harness.finish == {1: "stop", 2: "stop"}


def test_a_stop_at_the_last_token_is_a_stop() -> None:
    probe = Harness(tiny("llama"))
    probe.submit(submit(1, [3, 4], 1))
    probe.run()
    harness = Harness(tiny("llama"))
    harness.submit(submit(1, [3, 4], 1, stop_ids=probe.tokens[1]))
    harness.run()
    assert harness.finish[1] == "stop"


@pytest.mark.parametrize("steps_before", [0, 1, 3, 6])
def test_a_cancelled_sequence_costs_no_further_step(steps_before: int) -> None:
    model = Calls(tiny("llama"))
    harness = Harness(model, chunk=16)
    harness.submit(submit(1, range(40), 50))  # read in three steps
    for _ in range(steps_before):
        harness.engine.step()
    harness.cancel(1)
    told, calls = len(harness.tokens.get(1, [])), len(model.shapes)
    harness.engine.check_idle()
    harness.submit(submit(2, [5], 5))
    harness.run()
    assert len(harness.tokens.get(1, [])) == told
    assert model.shapes[calls:] == [(1, 1)] * 5


def test_a_cancelled_row_leaves_the_batch() -> None:
    model = Calls(tiny("llama"))
    harness = Harness(model)
    for index in range(3):
        harness.submit(submit(index, [index + 1], 20))
    for _ in range(4):
        harness.engine.step()
    assert model.shapes[-1] == (3, 1)
    harness.cancel(1)
    model.shapes.clear()
    harness.run()
    assert model.shapes[0] == (2, 1)
    assert 1 not in harness.finish
    for index in (0, 2):
        assert_greedy(tiny("llama"), [index + 1], harness.tokens[index])


def test_cancelling_what_is_not_there_is_harmless() -> None:
    harness = Harness(tiny("llama"))
    harness.cancel(7)
    harness.submit(submit(1, [1], 2))
    harness.run()
    harness.cancel(1)
    harness.engine.check_idle()


def test_never_more_rows_than_allowed() -> None:
    model = Calls(tiny("llama"))
    harness = Harness(model, max_rows=3)
    for index in range(9):
        harness.submit(submit(index, [1, 2, index], 6))
    harness.run()
    assert max(rows for rows, _ in model.shapes) == 3
    assert set(harness.finish) == set(range(9))


@pytest.mark.parametrize("prompt", [[96, *range(30)], [*range(17), 96, 4], [96]])
def test_a_fault_while_reading_fails_that_sequence_alone(prompt: list[int]) -> None:
    model = Calls(tiny("llama"))
    harness = Harness(model, chunk=16)
    harness.submit(submit(1, [4], 12))
    harness.engine.step()
    model.poison = 96
    harness.submit(submit(2, prompt, 5))
    harness.submit(submit(3, [6], 5))
    while 2 not in harness.failed:
        harness.engine.step()
    model.poison = None
    harness.run()
    assert harness.failed == {2: "RuntimeError: poisoned"}
    assert harness.finish == {1: "length", 3: "length"}
    assert_greedy(tiny("llama"), [4], harness.tokens[1])


def test_a_fault_while_decoding_fails_the_running_rows_and_the_engine_goes_on() -> None:
    model = Calls(tiny("llama"))
    harness = Harness(model, max_rows=2)
    for index in range(3):
        harness.submit(submit(index, [index], 40))
    while len(harness.tokens.get(1, [])) < 2:
        harness.engine.step()
    model.fails = True
    harness.engine.step()
    model.fails = False
    assert set(harness.failed) == {0, 1}
    harness.run()
    assert harness.finish == {2: "length"}
    assert_greedy(tiny("llama"), [2], harness.tokens[2])


class TornLayer:
    """A layer's cache that cannot take another row."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def extend(self, _: Any) -> None:
        """Refuse."""
        raise RuntimeError("torn")


def test_a_fault_while_joining_leaves_the_others_right_or_failed() -> None:
    harness = Harness(tiny("llama"))
    for index, prompt in ((1, [4, 5]), (4, [8, 3])):
        harness.submit(submit(index, prompt, 20))
    while not {1, 4} <= set(harness.tokens):
        harness.engine.step()
    (batch,) = harness.engine._groups
    batch._cache[-1] = TornLayer(batch._cache[-1])
    harness.submit(submit(2, [6, 9], 10))
    harness.run()
    harness.submit(submit(3, [7], 10))
    harness.run()
    assert "torn" in harness.failed[2]
    for index, prompt in ((1, [4, 5]), (4, [8, 3]), (3, [7])):
        if index not in harness.failed:
            assert_greedy(tiny("llama"), prompt, harness.tokens[index])


def test_a_row_that_decoded_alone_is_joined_by_others() -> None:
    harness = Harness(tiny("llama"))
    prompts = {1: [4, 5], 2: [6, 9, 11], 3: [7]}
    for index, prompt in prompts.items():
        harness.submit(submit(index, prompt, 12))
        while len(harness.tokens.get(index, [])) < 3:
            harness.engine.step()
    harness.run()
    for index, prompt in prompts.items():
        assert_greedy(tiny("llama"), prompt, harness.tokens[index])


def soak(operations: int, seed: int, *, can_batch: bool = True) -> None:
    random = np.random.default_rng(seed)
    model = Calls(tiny("llama"))
    harness = Harness(model, can_batch=can_batch, max_rows=3, chunk=16)
    alive: dict[int, list[int]] = {}
    for index in range(operations):
        match random.choice(["submit", "cancel", "step"], p=[0.25, 0.15, 0.6]):
            case "submit":
                alive[index] = random.integers(0, 97, random.integers(1, 40)).tolist()
                sampled = {"temperature": 0.8, "top_k": 5} if random.random() < 0.3 else {}
                harness.submit(submit(index, alive[index], int(random.integers(1, 9)), **sampled))
            case "cancel" if alive:
                gone = int(random.choice(list(alive)))
                del alive[gone]
                told = len(harness.tokens.get(gone, []))
                harness.cancel(gone)
                harness.engine.step()
                assert len(harness.tokens.get(gone, [])) == told
            case _:
                harness.engine.step()
        for index_done in [key for key in alive if key in harness.finish]:
            del alive[index_done]
    harness.run()
    assert alive.keys() <= harness.finish.keys()
    assert harness.failed == {}
    assert max(rows for rows, _ in model.shapes) <= 3


@pytest.mark.full
def test_soak() -> None:
    soak(2_000, 1)


@pytest.mark.full
@pytest.mark.parametrize("can_batch", [True, False])
def test_long_soak(can_batch: bool) -> None:
    soak(10_000, 2, can_batch=can_batch)


def test_a_prompt_read_in_chunks_allocates_once() -> None:
    harness = Harness(tiny("llama"), chunk=16)
    harness.submit(submit(1, [5 + index % 40 for index in range(600)], 40))
    engine, capacities = harness.engine, set()
    while not engine._scheduler.running:
        engine.step()
        capacities |= {sequence.cache[0].keys.shape[2] for sequence in engine._scheduler.reading}
    assert capacities == {768}
    harness.run()
