"""Each parameter changes the distribution as it is defined, and rows do not see their neighbours."""

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from harness import submit
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.sampling import RowSampling, draw_keys, draw_one, mix64

Floats = NDArray[np.float64]
LOGITS = np.array([2.0, 1.5, 1.5, 0.3, 0.0, -0.7, -1.0, -3.0, 2.6, -8.0])
ROWS, POSITIONS = 250, 40  # ten thousand draws


def reference(logits: Floats, *, temperature: float, top_k: int, top_p: float, min_p: float) -> Floats:
    """The distribution as `SamplingParams` defines it, in float64; tokens tied with the last one stay."""
    scaled = logits / temperature
    descending = np.sort(scaled)[::-1]
    kept = descending[: top_k or None]
    probabilities = np.exp(kept - kept[0]) / np.exp(kept - kept[0]).sum()
    before = np.cumsum(probabilities) - probabilities
    last = kept[max(int((before < top_p).sum()), 1) - 1] if top_p < 1 else kept[-1]
    keep = scaled >= last
    keep &= np.exp(scaled - scaled.max()) >= min_p
    weights = np.where(keep, np.exp(scaled - scaled.max()), 0.0)
    return np.asarray(weights / weights.sum())


def frequencies(logits: Floats, seed: int = 0, **fields: Any) -> Floats:
    sampling = RowSampling([submit(row, [0], seed=seed + row, **fields) for row in range(ROWS)])
    batch = mx.array(np.tile(logits.astype(np.float32), (ROWS, 1)))
    drawn = [np.array(sampling.draw(batch, [position] * ROWS)) for position in range(POSITIONS)]
    return np.asarray(np.bincount(np.concatenate(drawn), minlength=len(logits)) / (ROWS * POSITIONS))


PARAMETERS: list[dict[str, Any]] = [
    {"temperature": 1.0},
    {"temperature": 0.5},
    {"temperature": 2.0},
    {"temperature": 1.0, "top_k": 1},
    {"temperature": 1.0, "top_k": 2},
    {"temperature": 1.0, "top_k": 4},
    {"temperature": 1.0, "top_k": 1000},
    {"temperature": 1.0, "top_p": 0.3},
    {"temperature": 1.0, "top_p": 0.9},
    {"temperature": 1.0, "top_p": 1e-6},
    {"temperature": 1.0, "min_p": 0.2},
    {"temperature": 1.0, "min_p": 1.0},
    # top_p is of what top_k left: without the order these keep more tokens.
    {"temperature": 1.0, "top_k": 2, "top_p": 0.6},
    {"temperature": 1.7, "top_k": 6, "top_p": 0.8, "min_p": 0.3},
    # min_p is judged after the temperature.
    {"temperature": 2.0, "min_p": 0.4},
]


@pytest.mark.sample(6)
@pytest.mark.parametrize("fields", PARAMETERS)
def test_frequencies_are_those_of_the_reference(fields: dict[str, Any]) -> None:
    wanted = reference(LOGITS, **({"top_k": 0, "top_p": 1.0, "min_p": 0.0} | fields))
    seen = frequencies(LOGITS, **fields)
    assert not seen[wanted == 0].any(), "an excluded token was drawn"
    # With n = 10,000 a cell's standard deviation is at most 0.005; the total variation of ten cells
    # stays below 0.02 for a right sampler, and the seeds are fixed.
    assert np.abs(seen - wanted).sum() / 2 < 0.02
    likely = wanted * ROWS * POSITIONS >= 5
    expected = wanted[likely] * ROWS * POSITIONS
    chi_square = (((seen[likely] * ROWS * POSITIONS) - expected) ** 2 / expected).sum()
    assert chi_square < 30  # nine degrees of freedom: p < 0.0005


def test_parameters_are_told_apart_by_this_measure() -> None:
    plain = reference(LOGITS, temperature=1.0, top_k=0, top_p=1.0, min_p=0.0)
    for fields in PARAMETERS[1:]:
        if fields.get("top_k") != 1000:
            other = reference(LOGITS, **({"top_k": 0, "top_p": 1.0, "min_p": 0.0} | fields))
            assert np.abs(plain - other).sum() / 2 > 0.05


FIELDS = st.fixed_dictionaries(
    {
        "temperature": st.sampled_from([0.0, 1e-4, 0.7, 1.0, 2.0]),
        "top_k": st.sampled_from([0, 1, 3, 50, 100_000]),
        "top_p": st.sampled_from([1e-6, 0.5, 0.95, 1.0]),
        "min_p": st.sampled_from([0.0, 0.1, 1.0]),
        "seed": st.integers(-(2**63), 2**63 - 1),
    }
)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(rows=st.lists(FIELDS, min_size=2, max_size=6), seed=st.integers(0, 1000), tie=st.booleans())
def test_a_row_draws_the_same_alone_and_in_any_batch(
    rows: list[dict[str, Any]], seed: int, tie: bool
) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 3, (len(rows), 64)).astype(np.float32)
    if tie:
        logits = np.round(logits)
    logits[:, 5] = -np.inf
    requests = [submit(index, [0], **fields) for index, fields in enumerate(rows)]
    positions = random.integers(0, 1000, len(rows)).tolist()
    together = np.array(RowSampling(requests).draw(mx.array(logits), positions)).tolist()
    alone = [
        draw_one(request, mx.array(row[None]), position)
        for request, row, position in zip(requests, logits, positions, strict=True)
    ]
    assert together == alone
    order = random.permutation(len(rows)).tolist()
    shuffled = RowSampling([requests[index] for index in order])
    drawn = shuffled.draw(mx.array(logits[order]), [positions[index] for index in order])
    assert np.array(drawn).tolist() == [together[index] for index in order]
    assert 5 not in together
    for row, token, fields in zip(logits, together, rows, strict=True):
        if fields["temperature"] == 0 or fields["top_k"] == 1 or fields["min_p"] == 1:
            assert row[token] == row.max()


@pytest.mark.parametrize("temperature", [1e-4, 1e-10, 1e-40, 1e-300])
def test_a_tiny_temperature_is_greedy(temperature: float) -> None:
    for seed in range(10):
        request = submit(1, [0], temperature=temperature, seed=seed)
        assert draw_one(request, mx.array([[0.0, 1.0, 3.0, 2.9, -4.0]]), 0) == 2


@pytest.mark.parametrize("top_k", [2**31 - 1, 2**31, 2**40, 2**63 - 1])
def test_an_enormous_top_k_keeps_all(top_k: int) -> None:
    logits = mx.array([[0.0, 1.0, 3.0, 2.0, -1.0]])
    plain = [draw_one(submit(1, [0], temperature=1.0, seed=seed), logits, 0) for seed in range(20)]
    wide = [
        draw_one(submit(1, [0], temperature=1.0, seed=seed, top_k=top_k), logits, 0) for seed in range(20)
    ]
    assert wide == plain


def test_all_equal_logits_are_uniform() -> None:
    # Ties with the last one kept are kept, so top_k and top_p exclude none of them.
    for fields in ({}, {"top_k": 2}, {"top_p": 0.5}, {"min_p": 1.0}):
        seen = frequencies(np.zeros(10), temperature=1.0, **fields)
        assert np.abs(seen - 0.1).max() < 0.02


def test_only_one_possible_token() -> None:
    logits = mx.array([[-float("inf")] * 6 + [0.5]])
    for fields in ({}, {"top_k": 3}, {"top_p": 0.4}, {"min_p": 0.5}):
        assert draw_one(submit(1, [0], temperature=2.0, **fields), logits, 0) == 6


def test_greedy_rows_ignore_the_rest() -> None:
    logits = mx.array(np.random.default_rng(3).normal(0, 1, (8, 50)).astype(np.float32))
    requests = [submit(row, [0], temperature=row % 2 * 1.5, top_p=0.9) for row in range(8)]
    drawn = np.array(RowSampling(requests).draw(logits, [0] * 8))
    greedy = np.array(mx.argmax(logits, axis=-1))
    assert (drawn[::2] == greedy[::2]).all()


def test_half_precision_logits() -> None:
    logits = mx.array(LOGITS[None].astype(np.float32)).astype(mx.bfloat16)
    assert draw_one(submit(1, [0], temperature=1.0, top_k=1), logits, 0) == 8


def test_keys_are_distinct() -> None:
    seeds = [seed for seed in (0, 1, 2, 3, -1, 2**62, 2**63 - 1, -(2**63)) for _ in range(2_000)]
    positions = [*range(2_000)] * 8
    keys = np.array(draw_keys(seeds, positions))
    assert keys.shape == (16_000, 2)
    assert len({tuple(key) for key in keys.tolist()}) == 16_000


def test_mix64_is_splitmix64() -> None:
    # The first outputs of SplitMix64 seeded with 0, from its authors' C code.
    assert mix64(0) == 0xE220A8397B1DCDAF
    assert mix64(0x9E3779B97F4A7C15) == 0x6E789E6AA1B965F4
