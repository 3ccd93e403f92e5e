"""A row's draw depends on its own seed, position and logits, whatever runs beside it."""

import json
import subprocess
import sys
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from harness import submit
from sampling_reference import IMPLEMENTATIONS, draw, make_rows

from mlx_manager.mlx_server.engine.sampling import make_sampler
from mlx_manager.mlx_server.engine.wire import Submit

CHOICES: dict[str, list[Any]] = {
    "temperature": [0.0, 1e-4, 0.7, 0.7, 1.0, 2.0],
    "top_k": [0, 0, 1, 3, 40, 64, 65, 100_000],
    "top_p": [1e-6, 0.5, 0.95, 1.0, 1.0],
    "min_p": [0.0, 0.0, 0.02, 1.0],
    "repetition_penalty": [1.0, 1.0, 1.3],
    "presence_penalty": [0.0, 0.0, 0.5],
    "frequency_penalty": [0.0, 0.0, 0.2],
    "logit_bias": [{}, {}, {1: 1.5, 2: -100.0}],
    "top_logprobs": [None, None, 0, 3, 20],
}


def random_request(random: np.random.Generator, vocab_size: int) -> Submit:
    fields = {name: values[random.integers(len(values))] for name, values in CHOICES.items()}
    prompt = random.integers(0, vocab_size, random.integers(1, 30)).tolist()
    return submit(0, prompt, seed=int(random.integers(-(2**63), 2**63)), **fields)


class Mix:
    """Rows of any parameters with their logits, positions and histories; token 2 is excluded."""

    def __init__(self, random: np.random.Generator, vocab_size: int, *, round_logits: bool) -> None:
        self.num_rows = int(random.integers(2, 9))
        self._requests = [random_request(random, vocab_size) for _ in range(self.num_rows)]
        logits = random.normal(0, random.choice([0.2, 3.0]), (self.num_rows, vocab_size)).astype(np.float32)
        self._logits = np.round(logits) if round_logits else logits  # rounding makes ties
        self._logits[:, 2] = -np.inf
        self._positions = random.integers(0, 1_000, self.num_rows).tolist()
        self._histories = random.integers(0, vocab_size, (self.num_rows, 5)).tolist()

    def drawn(self, chosen: list[int], on_host: bool) -> list[Any]:
        """Tokens and logprobs of some rows in a batch of their own."""
        rows = make_rows([self._requests[i] for i in chosen], [self._positions[i] for i in chosen])
        for row, index in zip(rows, chosen, strict=True):
            for token_id in self._histories[index]:
                row.note(token_id)
        return list(zip(*draw(rows, self._logits[chosen], on_host), strict=True))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("vocab_size", [3, 64, 97, 1_000, 9_001, 33_000])
def test_a_row_draws_the_same_alone_and_in_any_batch(vocab_size: int, implementation: str) -> None:
    on_host = IMPLEMENTATIONS[implementation]
    random = np.random.default_rng(vocab_size)
    for case in range(30 if vocab_size < 2_000 else 12 if on_host else 4):
        mix = Mix(random, vocab_size, round_logits=case % 3 == 0)
        together = mix.drawn([*range(mix.num_rows)], on_host)
        alone = [mix.drawn([index], on_host)[0] for index in range(mix.num_rows)]
        order = random.permutation(mix.num_rows)[: random.integers(1, mix.num_rows + 1)].tolist()
        assert 2 not in [token for token, _ in together]
        for one, other in [(together, alone), ([together[i] for i in order], mix.drawn(order, on_host))]:
            assert [token for token, _ in one] == [token for token, _ in other]
            if on_host:
                assert one == other


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_launching_ahead_draws_the_same(implementation: str) -> None:
    on_host = IMPLEMENTATIONS[implementation]
    fields = {} if on_host else {"temperature": 1.0, "top_p": 0.9}
    batches = [mx.array(np.random.default_rng(step).normal(0, 1, (3, 50))) for step in range(5)]
    rows = make_rows([submit(row, [0], **fields) for row in range(3)])
    sampler = make_sampler(rows, on_host=on_host)
    assert sampler.can_pipeline
    launched = [sampler.draw(batch) for batch in batches]
    assert [row.position for row in rows] == [5, 5, 5]
    mx.async_eval([array for draw in launched for array in draw.arrays])
    for step, (batch, ahead) in enumerate(zip(batches, launched, strict=True)):
        again = make_rows([row.request for row in rows], [step] * 3)
        assert ahead.collect() == draw(again, batch, on_host)


@pytest.mark.parametrize("fields", [{}, {"temperature": 1.0}, {"top_logprobs": 1}])
@pytest.mark.parametrize("num_rows", [1, 16])
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_token_ids_are_the_next_steps_input(
    implementation: str, num_rows: int, fields: dict[str, Any]
) -> None:
    logits = mx.array(np.random.default_rng(1).normal(0, 1, (num_rows, 30)))
    rows = make_rows([submit(row, [0], **fields) for row in range(num_rows)])
    drawn = make_sampler(rows, on_host=IMPLEMENTATIONS[implementation]).draw(logits)
    tokens, logprobs = drawn.collect()
    assert np.array(drawn.token_ids).tolist() == tokens
    assert drawn.token_ids.dtype in (mx.uint32, mx.int32)
    assert [entry is not None for entry in logprobs] == ["top_logprobs" in fields] * num_rows
    assert [row.position for row in rows] == [1] * num_rows


SCRIPT = """
import json
from mlx_manager.mlx_server.engine.device import prepare_device, prepare_process
prepare_process()
prepare_device()
import test_sampling_rows
print(json.dumps(test_sampling_rows.draws_of_a_run()))
"""


def draws_of_a_run() -> list[list[int]]:
    random = np.random.default_rng(6)
    logits = random.normal(0, 1, (8, 2_000))
    requests = [random_request(random, 2_000) for _ in range(8)]
    return [draw(make_rows(requests), logits, on_host)[0] for on_host in IMPLEMENTATIONS.values()]


def test_another_process_draws_the_same() -> None:
    command = [sys.executable, "-c", SCRIPT]
    other = subprocess.run(
        command, cwd=__file__.rpartition("/")[0], capture_output=True, check=True, text=True
    )
    assert json.loads(other.stdout) == draws_of_a_run()


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_seeds_and_positions_are_unrelated(implementation: str) -> None:
    on_host = IMPLEMENTATIONS[implementation]
    flat = np.zeros((64, 1_024))
    by_seed = draw(make_rows([submit(0, [0], temperature=1.0, seed=s) for s in range(64)]), flat, on_host)[0]
    request = submit(0, [0], temperature=1.0, seed=0)
    by_position = draw(make_rows([request] * 64, [*range(64)]), flat, on_host)[0]
    # 64 draws of 1,024 collide about twice; neighbours that shared their key would collide throughout.
    for tokens in (by_seed, by_position, by_seed[1:] + by_position[1:]):
        assert len(set(tokens)) > 0.85 * len(tokens)
