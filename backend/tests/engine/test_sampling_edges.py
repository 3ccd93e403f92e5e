"""Ties, the ends of every range, and logits that no model should give."""

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from harness import submit
from sampling_reference import IMPLEMENTATIONS, draw, draw_many, make_rows, softmax

from mlx_manager.mlx_server.engine.sampling import LogitsError, make_sampler
from mlx_manager.mlx_server.engine.sampling.parameters import Parameters

SAMPLED: list[dict[str, Any]] = [
    {"temperature": 1.0},
    {"temperature": 1.0, "top_k": 5},
    {"temperature": 1.0, "top_k": 70},
    {"temperature": 1.0, "top_p": 0.4},
    {"temperature": 1.0, "min_p": 0.5},
]
on_both = pytest.mark.parametrize("on_host", IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS.keys())


@on_both
def test_all_equal_logits_are_uniform(on_host: bool) -> None:
    # Ties with the last one kept are kept, so top_k and top_p exclude none of them.
    for fields in ({}, {"top_k": 2}, {"top_p": 0.5}, {"min_p": 1.0}):
        tokens = draw_many(np.zeros(10), on_host, temperature=1.0, **fields)
        assert np.abs(np.bincount(tokens, minlength=10) / len(tokens) - 0.1).max() < 0.02


@on_both
@pytest.mark.parametrize(
    "fields", [{"top_k": 1}, {"top_k": 64}, {"top_k": 70}, {"top_p": 1e-9}, {"min_p": 1.0}]
)
def test_more_ties_than_are_looked_at_are_all_kept(on_host: bool, fields: dict[str, Any]) -> None:
    logits = np.full(9_000, -1.0)
    tied = np.arange(7, 9_000, 45)  # 200 of them
    logits[tied] = 4.0
    tokens = draw_many(logits, on_host, num_rows=40, num_draws=25, temperature=1.0, **fields)
    seen = np.bincount(tokens, minlength=9_000)
    assert seen.sum() == seen[tied].sum()
    assert (seen[tied] > 0).sum() > 190  # of 1,000 draws each of 200 misses with e**-5
    assert seen.max() < 20


@on_both
@pytest.mark.parametrize(("num_best", "num_tied"), [(1, 20), (1, 140), (64, 140)])
def test_top_p_is_judged_on_exactly_top_k_ranks(on_host: bool, num_best: int, num_tied: int) -> None:
    # Only one of the tied tokens is in top_k. Either top_p excludes it, and them all, or they all stay.
    logits = np.concatenate([np.full(num_best, 3.0), np.zeros(num_tied)])
    best = num_best * np.exp(3.0)
    fields = {"temperature": 1.0, "top_k": num_best + 1, "num_rows": 200, "num_draws": 10}
    without = draw_many(logits, on_host, top_p=(best - 0.5) / (best + 1), **fields)
    assert without.max() < num_best
    for top_p in ((best + 0.5) / (best + 1), 1.0):
        tokens = draw_many(logits, on_host, top_p=top_p, **fields)
        assert abs((tokens < num_best).mean() - best / (best + num_tied)) < 0.03
        assert len(np.unique(tokens[tokens >= num_best])) > num_tied / 2


@on_both
@pytest.mark.parametrize("vocab_size", [3, 64, 65, 1_000, 20_000, 151_936])
def test_the_narrowest_parameters_are_greedy(on_host: bool, vocab_size: int) -> None:
    logits = np.random.default_rng(7).normal(0, 1, (6, vocab_size)).astype(np.float32)
    narrow: list[dict[str, Any]] = [
        {"top_k": 1},
        {"top_p": 1e-9},
        {"top_p": 0.0},
        {"min_p": 1.0},
        {"temperature": 1e-300},
        {"temperature": 0.0, "top_k": 3, "top_p": 0.9, "min_p": 0.1},
    ]
    requests = [submit(row, [0], **({"temperature": 1.3} | fields)) for row, fields in enumerate(narrow)]
    assert draw(make_rows(requests), logits, on_host)[0] == logits.argmax(axis=-1).tolist()


@on_both
@pytest.mark.parametrize("top_k", [3, 1_000, 2**31 - 1, 2**31, 2**63 - 1])
def test_top_k_of_the_vocabulary_and_more_keeps_all(on_host: bool, top_k: int) -> None:
    logits = np.array([0.0, 1.0, 0.5])
    tokens = draw_many(logits, on_host, temperature=1.0, top_k=top_k)
    assert np.abs(np.bincount(tokens) / len(tokens) - softmax(logits)).max() < 0.02


@on_both
def test_a_flat_nucleus_of_a_large_vocabulary(on_host: bool) -> None:
    logits = np.random.default_rng(9).normal(0, 0.01, 151_936).astype(np.float32).astype(np.float64)
    probabilities = softmax(logits)
    order = np.argsort(-probabilities)
    reached = np.cumsum(probabilities[order])
    for top_p in (0.9, 0.1):
        # The sums are of float32; a token at the edge may fall on either side.
        nucleus = set(order[: int((reached < top_p + 1e-4).sum()) + 1].tolist())
        tokens = draw_many(
            logits, on_host, num_rows=4, num_draws=8 if on_host else 1, temperature=1.0, top_p=top_p
        )
        assert nucleus.issuperset(tokens.tolist())
        assert len(set(tokens.tolist())) == len(tokens)


@on_both
@pytest.mark.parametrize("fields", SAMPLED)
def test_excluded_tokens_are_never_drawn(on_host: bool, fields: dict[str, Any]) -> None:
    for vocab_size in (8, 12_000):
        logits = np.full(vocab_size, -np.inf)
        logits[[1, 6]] = [1.0, 0.9]
        tokens = draw_many(logits, on_host, num_rows=20, num_draws=2, **fields | {"temperature": 2.0})
        assert set(tokens.tolist()) == ({1, 6} if fields.get("top_p") is None else {1})
        # Masks are often the lowest float that there is.
        logits[np.isinf(logits)] = np.finfo(np.float32).min
        again = draw_many(logits, on_host, num_rows=20, num_draws=2, **fields | {"temperature": 2.0})
        assert again.tolist() == tokens.tolist()


@on_both
@pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float16])
@pytest.mark.parametrize("fields", [{}, *SAMPLED])
def test_half_precision_draws_as_its_widened_logits(
    on_host: bool, fields: dict[str, Any], dtype: mx.Dtype
) -> None:
    logits = mx.array(np.random.default_rng(3).normal(0, 3, (8, 9_000))).astype(dtype)
    requests = [submit(row, [0], logit_bias={5: 1.0} if row % 2 else {}, **fields) for row in range(8)]
    narrow = draw(make_rows(requests), logits, on_host)
    assert narrow == draw(make_rows(requests), logits.astype(mx.float32), on_host)


@on_both
@pytest.mark.parametrize("fields", [{}, {"top_logprobs": 3}, {"logit_bias": {1: 1.0}}, *SAMPLED])
@pytest.mark.parametrize("bad", [np.nan, -np.inf])
@pytest.mark.parametrize("vocab_size", [5, 9_000])
def test_logits_without_a_token_are_an_error(
    on_host: bool, fields: dict[str, Any], bad: float, vocab_size: int
) -> None:
    logits = np.random.default_rng(1).normal(0, 1, (6, vocab_size)).astype(np.float32)
    logits[[1, 4]] = bad
    rows = make_rows([submit(row, [0], **fields) for row in range(6)])
    with pytest.raises(LogitsError) as caught:
        draw(rows, logits, on_host)
    assert caught.value.rows == [1, 4]


@pytest.mark.parametrize("fields", [{"temperature": 0.0}, *SAMPLED])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_bad_logit_is_an_error_on_the_host(fields: dict[str, Any], bad: float) -> None:
    for vocab_size in (5, 9_000):
        logits = np.zeros((6, vocab_size), np.float32)
        logits[3, 2] = bad
        rows = make_rows([submit(row, [0], **fields) for row in range(6)])
        with pytest.raises(LogitsError) as caught:
            draw(rows, logits, True)
        assert caught.value.rows == [3]
        assert [row.position for row in rows] == [0] * 6


def test_parameters_are_vectors_of_the_rows() -> None:
    rows = make_rows([submit(1, [0]), submit(2, [0], temperature=0.5, top_k=-3, top_p=0.0, min_p=0.1)])
    parameters = Parameters.of(rows)
    assert parameters.greedy.tolist() == [True, False]
    assert parameters.top_k.tolist() == [0, 0]
    assert 0 < parameters.top_p[1] < 1e-6
    assert parameters.take(np.array([1])).min_p.tolist() == [0.1]


def test_an_empty_batch_has_a_sampler() -> None:
    for on_host in IMPLEMENTATIONS.values():
        assert make_sampler([], on_host=on_host).can_pipeline
