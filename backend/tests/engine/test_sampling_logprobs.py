"""Logprobs are those of the raw logits, to 1e-4, for the rows that asked."""

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from harness import submit
from numpy.typing import NDArray
from sampling_reference import IMPLEMENTATIONS, draw, make_rows


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    shifted = wide - wide.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


@pytest.mark.parametrize("fields", [{}, {"temperature": 1.7, "top_k": 5}, {"temperature": 0.5, "min_p": 0.1}])
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("vocab_size", [3, 20, 1_000, 30_011, pytest.param(151_936, marks=pytest.mark.full)])
def test_values_equal_the_reference(vocab_size: int, implementation: str, fields: dict[str, Any]) -> None:
    random = np.random.default_rng(vocab_size)
    asked: list[int | None] = [5, None, 0, 20, 1, None]
    logits = random.normal(0, 1, (6, vocab_size)) * np.array([1, 1, 2, 5, 30, 1])[:, None] + 40
    logits = logits.astype(np.float32)
    changes = {"repetition_penalty": 1.5, "presence_penalty": 1.0, "logit_bias": {1: 3.0}}
    requests = [
        submit(row, [0, 1, 2], top_logprobs=count, **fields, **(changes if row % 2 else {}))
        for row, count in enumerate(asked)
    ]
    tokens, logprobs = draw(make_rows(requests), logits, IMPLEMENTATIONS[implementation])
    wanted = log_softmax(logits)
    for row, (count, told) in enumerate(zip(asked, logprobs, strict=True)):
        assert (told is None) == (count is None)
        if told is None or count is None:
            continue
        assert abs(told.logprob - wanted[row, tokens[row]]) < 1e-4
        assert told.top_ids == np.argsort(-wanted[row])[:count].tolist()
        assert len(told.top_logprobs) == min(count, vocab_size)
        assert np.abs(told.top_logprobs - wanted[row, told.top_ids]).max(initial=0) < 1e-4


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_asking_changes_no_token(implementation: str) -> None:
    on_host = IMPLEMENTATIONS[implementation]
    logits = np.random.default_rng(3).normal(0, 1, (6, 500))
    fields = [{"temperature": row % 3 * 0.8, "top_p": 0.9} for row in range(6)]
    plain = [submit(row, [0], **each) for row, each in enumerate(fields)]
    asking = [submit(row, [0], top_logprobs=row, **each) for row, each in enumerate(fields)]
    assert draw(make_rows(plain), logits, on_host)[0] == draw(make_rows(asking), logits, on_host)[0]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("vocab_size", [9, 1_921, 40_001])
def test_excluded_tokens_have_no_probability(vocab_size: int, implementation: str) -> None:
    logits = np.full((1, vocab_size), -np.inf, np.float32)
    logits[0, [3, 5, vocab_size - 1]] = [1.0, 3.0, 2.0]
    rows = make_rows([submit(1, [0], top_logprobs=20)])
    [told] = draw(rows, logits, IMPLEMENTATIONS[implementation])[1]
    assert told is not None
    assert told.top_ids[:3] == [5, vocab_size - 1, 3]
    assert np.abs(told.top_logprobs[:3] - log_softmax(np.array([3.0, 2.0, 1.0], np.float32))).max() < 1e-4
    assert all(np.isneginf(told.top_logprobs[3:]))
    assert max(told.top_ids) < vocab_size


@pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float16])
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_half_precision_is_widened_first(implementation: str, dtype: mx.Dtype) -> None:
    logits = mx.array(np.random.default_rng(3).normal(0, 3, (1, 3_000))).astype(dtype)
    tokens, [told] = draw(
        make_rows([submit(1, [0], top_logprobs=0)]), logits, IMPLEMENTATIONS[implementation]
    )
    assert told is not None
    wanted = log_softmax(np.array(logits.astype(mx.float32)))[0, tokens[0]]
    assert abs(told.logprob - wanted) < 1e-4
