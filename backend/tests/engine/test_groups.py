"""Rows of similar length share a batch; others do not, and are not harmed by it."""

from typing import Any

import mlx.core as mx
import numpy as np
from harness import Calls, Harness, assert_greedy, submit
from tiny_models import tiny

from mlx_manager.mlx_server.engine.ledger import KVSize

SIZE = KVSize(bytes_per_token=100, fixed_bytes=0)
# Padding of 64 tokens costs as much as the weights.
WEIGHT_BYTES = 6400


def prompt(length: int, seed: int = 0) -> list[int]:
    ids: list[int] = np.random.default_rng(seed + length).integers(0, 97, length).tolist()
    return ids


def grouped(model: Any, **options: Any) -> Harness:
    return Harness(model, max_rows=16, chunk=512, weight_bytes=WEIGHT_BYTES, kv_size=SIZE, **options)


def lengths(harness: Harness) -> list[list[int]]:
    return sorted(sorted(len(row.request.prompt_ids) for row in rows) for rows in harness.engine._groups.rows)


def test_a_long_row_gets_a_batch_of_its_own() -> None:
    model = tiny("llama")
    harness = grouped(model)
    for index, length in enumerate([10, 12, 300, 11, 290]):
        # So many that the short ones are still there when the long ones are read, in the shortest of chunks.
        harness.submit(submit(index, prompt(length), 100))
    while len(harness.engine._scheduler.running) < 5:
        harness.engine.step()
    assert lengths(harness) == [[10, 11, 12], [290, 300]]
    harness.run()
    for index, length in enumerate([10, 12, 300, 11, 290]):
        assert assert_greedy(model, prompt(length), harness.tokens[index]) > 10


def test_batches_that_have_become_alike_are_joined() -> None:
    harness = grouped(tiny("llama"))
    for index, length in enumerate([10, 40, 11, 12]):
        harness.submit(submit(index, prompt(length), 100))
    while len(harness.engine._scheduler.running) < 4:
        harness.engine.step()
    assert lengths(harness) == [[10, 11, 12], [40]]
    for gone in (2, 3):
        harness.cancel(gone)
    harness.engine.step()
    assert lengths(harness) == [[10, 40]]
    harness.run()
    for index, length in [(0, 10), (1, 40)]:
        assert assert_greedy(tiny("llama"), prompt(length), harness.tokens[index]) > 10


def test_a_batch_that_would_burst_the_budget_is_not_joined() -> None:
    # Two rows apart fit, together with the copy that joining makes they do not.
    harness = grouped(tiny("llama"), kv_budget_bytes=2 * 29_500)
    for index in range(3):
        harness.submit(submit(index, prompt(10, index), 30))
    for _ in range(8):
        harness.engine.step()
    assert lengths(harness) == [[10], [10]]
    harness.run()
    assert set(harness.finish) == {0, 1, 2}


def test_a_sequence_waits_until_it_fits_and_one_that_never_can_is_told() -> None:
    harness = grouped(tiny("llama"), kv_budget_bytes=90_000)
    harness.submit(submit(0, prompt(10), 20))
    harness.submit(submit(1, prompt(10), 600))  # nearly all of the budget
    harness.submit(submit(2, prompt(10), 900))
    assert harness.failed == {2: "its cache needs 116500 bytes of 90000"}
    while 0 not in harness.finish:
        harness.engine.step()
        assert 1 not in harness.tokens
    harness.run()
    assert len(harness.tokens[1]) == 600


def test_rows_of_a_model_that_cannot_batch_take_turns() -> None:
    model = Calls(tiny("llama"))
    harness = Harness(model, can_batch=False, max_rows=3)
    for index in range(3):
        harness.submit(submit(index, prompt(10, index), 12))
    harness.run()
    assert {rows for rows, _ in model.shapes} == {1}
    assert harness.reported.index(2) < 20  # it did not wait for the others' ends


class Poisoned:
    """A model whose logits are not numbers for rows that feed one token."""

    def __init__(self, model: Any, token: int) -> None:
        self._model = model
        self._token = token

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
        logits: mx.array = self._model(ids, cache=cache)
        return mx.where((ids == self._token)[:, :, None], mx.nan, logits)


def test_a_row_whose_logits_are_no_numbers_fails_alone() -> None:
    harness = Harness(Poisoned(tiny("llama"), 96), chunk=512)
    for index in range(3):
        last = 96 if index == 1 else 5
        harness.submit(
            submit(index, [*prompt(10, index), last], 12, temperature=0.7, logit_bias={96: -100.0})
        )
    harness.run()
    assert set(harness.failed) == {1}
    assert "LogitsError" in harness.failed[1]
    assert [len(harness.tokens[index]) for index in (0, 2)] == [12, 12]
