"""Every parameter changes the distribution as it is defined, alone and in the stated order."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from harness import submit
from sampling_reference import (
    IMPLEMENTATIONS,
    ORDER,
    Floats,
    draw_many,
    reference,
    softmax,
    total_variation,
)

from mlx_manager.mlx_server.engine.sampling import nucleus

LOGITS = np.array([2.0, 1.5, 1.4, 0.3, 0.0, -0.7, -1.0, -3.0, 2.6, -8.0])
NUM_DRAWS = 10_000
# With 10,000 draws a cell's standard deviation is at most 0.005; the total variation of ten cells
# stays below 0.02 for a right sampler, and the seeds are fixed.
BOUND = 0.02
PROMPT, GENERATED = (0, 1, 5, 9), (8, 3, 3, 3, 1)

PARAMETERS: list[dict[str, Any]] = [
    {"temperature": 1.0},
    {"temperature": 0.5},
    {"temperature": 2.0},
    {"temperature": 1.0, "top_k": 1},
    {"temperature": 1.0, "top_k": 2},
    {"temperature": 1.0, "top_k": 4},
    {"temperature": 1.0, "top_p": 0.3},
    {"temperature": 1.0, "top_p": 0.9},
    {"temperature": 1.0, "top_p": 1e-9},
    {"temperature": 1.0, "min_p": 0.2},
    {"temperature": 1.0, "min_p": 1.0},
    {"temperature": 1.0, "top_k": 8, "min_p": 0.2},
    {"temperature": 1.0, "repetition_penalty": 1.8},
    {"temperature": 1.0, "repetition_penalty": 0.6},
    {"temperature": 1.0, "presence_penalty": 1.5},
    {"temperature": 1.0, "presence_penalty": -1.5},
    {"temperature": 1.0, "frequency_penalty": 0.7},
    {"temperature": 1.0, "logit_bias": {4: 2.5, 8: -1.5, 9: 9.0}},
    {"temperature": 1.7, "top_k": 6, "top_p": 0.8, "min_p": 0.3},
    {
        "temperature": 1.4,
        "top_k": 7,
        "top_p": 0.9,
        "min_p": 0.05,
        "repetition_penalty": 1.2,
        "presence_penalty": 0.4,
        "frequency_penalty": 0.2,
        "logit_bias": {4: 1.5, 7: 2.0},
    },
]

# Two steps that were taken in the wrong order: parameters that bring it to light. The order of
# temperature and top_k is without effect, as one is monotonous and the other looks at ranks.
SWAPPED: list[tuple[str, str, dict[str, Any]]] = [
    ("bias", "penalties", {"temperature": 1.0, "repetition_penalty": 3.0, "logit_bias": {5: 3.0, 0: -1.9}}),
    ("penalties", "temperature", {"temperature": 3.0, "presence_penalty": 2.0, "frequency_penalty": 1.0}),
    ("temperature", "top_p", {"temperature": 3.0, "top_p": 0.6}),
    ("temperature", "min_p", {"temperature": 3.0, "min_p": 0.4}),
    ("top_k", "top_p", {"temperature": 1.0, "top_k": 3, "top_p": 0.7}),
    ("top_p", "min_p", {"temperature": 1.0, "top_p": 0.8, "min_p": 0.3}),
    ("bias", "top_k", {"temperature": 1.0, "top_k": 3, "logit_bias": {9: 10.0}}),
]


def swapped(one: str, other: str) -> Sequence[str]:
    """The order with `one` taken right after `other`."""
    order = [step for step in ORDER if step != one]
    return [*order[: order.index(other) + 1], one, *order[order.index(other) + 1 :]]


def assert_drawn_from(wanted: Floats, tokens: Any) -> None:
    counts = np.bincount(tokens, minlength=len(wanted))
    assert not counts[wanted == 0].any(), "an excluded token was drawn"
    assert total_variation(counts / len(tokens), wanted) < BOUND
    likely = wanted * len(tokens) >= 5
    expected = wanted[likely] * len(tokens)
    assert ((counts[likely] - expected) ** 2 / expected).sum() < 30  # nine degrees of freedom: p < 0.0005


@pytest.mark.sample(14)
@pytest.mark.parametrize("fields", PARAMETERS)
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_draws_follow_the_reference(implementation: str, fields: dict[str, Any]) -> None:
    wanted = reference(LOGITS, submit(0, PROMPT, **fields), GENERATED)
    tokens = draw_many(LOGITS, IMPLEMENTATIONS[implementation], prompt=PROMPT, generated=GENERATED, **fields)
    assert len(tokens) == NUM_DRAWS
    assert_drawn_from(wanted, tokens)


@pytest.mark.parametrize("fields", PARAMETERS[1:])
def test_the_bound_tells_each_parameter_from_its_absence(fields: dict[str, Any]) -> None:
    wanted = reference(LOGITS, submit(0, PROMPT, **fields), GENERATED)
    assert total_variation(wanted, softmax(LOGITS)) > 2 * BOUND


@pytest.mark.parametrize(("one", "other", "fields"), SWAPPED)
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_steps_come_in_the_stated_order(
    implementation: str, one: str, other: str, fields: dict[str, Any]
) -> None:
    request = submit(0, PROMPT, **fields)
    tokens = draw_many(LOGITS, IMPLEMENTATIONS[implementation], prompt=PROMPT, generated=GENERATED, **fields)
    assert_drawn_from(reference(LOGITS, request, GENERATED), tokens)
    wrong = reference(LOGITS, request, GENERATED, swapped(one, other))
    seen = np.bincount(tokens, minlength=len(LOGITS)) / len(tokens)
    assert total_variation(seen, wrong) > 2 * BOUND, "the wrong order would have passed, too"


WIDE: list[dict[str, Any]] = [
    {},
    {"top_k": 9},
    {"top_k": 64, "top_p": 0.9},
    {"top_k": 70, "top_p": 0.8},
    {"top_k": 70, "min_p": 0.1},
    {"top_p": 0.95, "min_p": 0.02},
    {"min_p": 0.1},
]


def nucleus_reference(logits: Floats, *, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0) -> Floats:
    """As `reference` at temperature 1 for logits without ties, by one sort: fit for a large vocabulary."""
    order = np.argsort(-logits)[: top_k or None]
    probabilities = softmax(logits[order])
    kept = (np.cumsum(probabilities) - probabilities < top_p) & (probabilities >= min_p * probabilities[0])
    wanted = np.zeros(len(logits))
    wanted[order[kept]] = probabilities[kept] / probabilities[kept].sum()
    return wanted


@pytest.mark.sample(6)
@pytest.mark.parametrize("fields", WIDE)
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("vocab_size", [50_257, pytest.param(151_936, marks=pytest.mark.full)])
def test_a_large_vocabulary_hides_no_token(
    vocab_size: int, implementation: str, fields: dict[str, Any]
) -> None:
    random = np.random.default_rng(5)
    logits = random.normal(-11, 1, vocab_size).astype(np.float32).astype(np.float64)
    # The last token, too: it lies in the block that the vocabulary does not fill.
    places = np.append(random.choice(vocab_size - 1, len(LOGITS) - 1, replace=False), vocab_size - 1)
    logits[places] = LOGITS
    logits[-1] = 1.0
    wanted = nucleus_reference(logits, **fields)
    num_draws = 100 if implementation == "host" else 10
    tokens = draw_many(
        logits, IMPLEMENTATIONS[implementation], num_rows=20, num_draws=num_draws, temperature=1.0, **fields
    )
    seen = np.bincount(tokens, minlength=vocab_size) / len(tokens)
    assert not seen[wanted == 0].any()
    cells = [np.append(each[places], 1 - each[places].sum()) for each in (seen, wanted)]
    # Eleven cells: the expected variation of 2,000 draws is below 0.025, that of 200 below 0.08.
    assert total_variation(*cells) < (0.04 if implementation == "host" else 0.12)


@pytest.mark.parametrize("num_attempts", [2, 3, 8])
@pytest.mark.parametrize("top_p", [0.05, 0.5, 0.9])
def test_refused_draws_leave_the_nucleus_as_it_is(
    monkeypatch: pytest.MonkeyPatch, num_attempts: int, top_p: float
) -> None:
    monkeypatch.setattr(nucleus, "_NUM_ATTEMPTS", num_attempts)
    logits = np.random.default_rng(8).normal(0, 0.5, 3_000)
    probabilities = softmax(logits.astype(np.float32).astype(np.float64))
    order = np.argsort(-probabilities)
    reached = np.cumsum(probabilities[order])
    num_kept = int((reached - probabilities[order] < top_p).sum())
    rank = np.empty(3_000, np.int64)
    rank[order] = np.arange(3_000)
    drawn = rank[draw_many(logits, True, num_rows=200, num_draws=25, temperature=1.0, top_p=top_p)]
    assert drawn.max() < num_kept
    # Twenty cells of the nucleus with about a twentieth of its mass each.
    cells = np.searchsorted(reached[:num_kept], reached[num_kept - 1] * np.arange(1, 20) / 20)
    mass = np.diff(np.concatenate([[0.0], reached[cells], [reached[num_kept - 1]]])) / reached[num_kept - 1]
    counts = np.diff(np.searchsorted(np.sort(drawn), np.concatenate([[0], cells + 1, [num_kept]])))
    expected = mass * len(drawn)
    assert ((counts - expected) ** 2 / expected).sum() < 50  # nineteen degrees of freedom: p < 0.0002
