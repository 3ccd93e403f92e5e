"""Bias and penalties against a brute-force reference, over generations of several rows at once."""

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from harness import submit
from sampling_reference import IMPLEMENTATIONS, changed, draw, make_rows

from mlx_manager.mlx_server.engine.sampling import make_sampler

VOCAB = 40
REQUESTS: list[dict[str, Any]] = [
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.8},
    {"presence_penalty": 1.2},
    {"presence_penalty": -0.5, "frequency_penalty": 0.9},
    {"frequency_penalty": -0.4},
    {"repetition_penalty": 1.1, "presence_penalty": 0.3, "frequency_penalty": 0.6, "logit_bias": {3: 1.5}},
    {"logit_bias": {0: 2.0, 39: -3.0, 17: 0.5}},
    {},
]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("num_rows", [1, len(REQUESTS)])
def test_greedy_generation_equals_brute_force(implementation: str, num_rows: int) -> None:
    random = np.random.default_rng(4)
    for first in range(0, len(REQUESTS), num_rows):
        chosen = REQUESTS[first : first + num_rows]
        prompts = [random.integers(0, VOCAB, length).tolist() for length in range(1, 1 + len(chosen))]
        requests = [submit(0, prompt, **fields) for prompt, fields in zip(prompts, chosen, strict=True)]
        rows = make_rows(requests)
        sampler = make_sampler(rows, on_host=IMPLEMENTATIONS[implementation])
        generated: list[list[int]] = [[] for _ in rows]
        for _ in range(40):
            logits = random.normal(0, 1, (len(rows), VOCAB)).astype(np.float32)
            tokens, _ = sampler.draw(mx.array(logits)).collect()
            for row, request, drawn, token, given in zip(
                rows, requests, generated, tokens, logits, strict=True
            ):
                wanted = changed(given.astype(np.float64), request, drawn, ["bias", "penalties"])
                assert wanted[token] > wanted.max() - 1e-5
                drawn.append(token)
                row.note(token)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_presence_and_frequency_ignore_the_prompt(implementation: str) -> None:
    on_host = IMPLEMENTATIONS[implementation]
    fields = {"presence_penalty": 2.0, "frequency_penalty": 2.0}
    rows = make_rows([submit(1, [2, 2, 2], **fields)])
    logits = [[0.0, 0.5, 1.0]]
    assert draw(rows, logits, on_host)[0] == [2]
    rows[0].note(2)
    assert draw(rows, logits, on_host)[0] == [1]
    rows[0].note(1)
    assert draw(rows, logits, on_host)[0] == [0]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_repetition_sees_prompt_and_output(implementation: str) -> None:
    on_host = IMPLEMENTATIONS[implementation]
    rows = make_rows([submit(1, [2, 2], repetition_penalty=2.0)])
    # 2.0 / 2 is the largest still; a negative logit is multiplied.
    assert draw(rows, [[-1.0, 0.9, 2.0]], on_host)[0] == [2]
    assert draw(rows, [[-1.0, 1.1, 2.0]], on_host)[0] == [1]
    rows[0].note(1)
    assert draw(rows, [[0.56, 1.1, 1.0]], on_host)[0] == [0]
    assert draw(rows, [[-1.5, -0.8, -0.9]], on_host)[0] == [0]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_tokens_noted_before_the_first_draw_count(implementation: str) -> None:
    rows = make_rows([submit(1, [0], presence_penalty=3.0)])
    for token_id in (1, 1, 2):
        rows[0].note(token_id)
    assert draw(rows, [[0.0, 2.0, 1.0]], IMPLEMENTATIONS[implementation])[0] == [0]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_bias_of_a_hundred_forces_or_bans(implementation: str, temperature: float) -> None:
    on_host = IMPLEMENTATIONS[implementation]
    logits = np.random.default_rng(2).normal(0, 3, (60, 50)).astype(np.float32)
    best = logits.argmax(axis=-1).tolist()
    forced = [submit(row, [0], temperature=temperature, logit_bias={row % 50: 100}) for row in range(60)]
    assert draw(make_rows(forced), logits, on_host)[0] == [row % 50 for row in range(60)]
    banned = [submit(row, [0], temperature=temperature, logit_bias={best[row]: -100}) for row in range(60)]
    assert all(
        token != never for token, never in zip(draw(make_rows(banned), logits, on_host)[0], best, strict=True)
    )


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_ids_outside_the_vocabulary_touch_nothing(implementation: str) -> None:
    fields = {"logit_bias": {-1: 50.0, 3: 50.0, 2**40: 50.0}, "repetition_penalty": 1.01}
    rows = make_rows([submit(1, [0, 7], **fields), submit(2, [0])])
    assert draw(rows, [[1.0, 2.0, 0.0], [3.0, 2.0, 1.0]], IMPLEMENTATIONS[implementation])[0] == [1, 0]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_the_models_logits_are_not_written_to(implementation: str) -> None:
    logits = mx.array([[0.5, 1.0, -1.0]] * 2)
    before = np.array(logits)
    for fields in ({"temperature": 0.7, "top_p": 0.5}, {"logit_bias": {1: -5.0}}, {"top_logprobs": 2}):
        draw(make_rows([submit(1, [0], **fields), submit(2, [0])]), logits, IMPLEMENTATIONS[implementation])
        assert (np.array(logits) == before).all()


@pytest.mark.parametrize("on_host", IMPLEMENTATIONS.values())
def test_only_history_forbids_launching_ahead_on_the_device(on_host: bool) -> None:
    for fields in REQUESTS:
        rows = make_rows([submit(1, [0], **fields), submit(2, [0])])
        needs_history = not fields.keys() <= {"logit_bias"}
        assert rows[0].needs_history == needs_history
        can_pipeline = make_sampler(rows, on_host=on_host).can_pipeline
        assert can_pipeline == (not fields if on_host else not needs_history)
