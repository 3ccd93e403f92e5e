"""What the sampling parameters mean, step by step in float64, and what a sampler really draws."""

from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import numpy as np
from harness import submit
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.sampling import SamplingRow, make_sampler
from mlx_manager.mlx_server.engine.wire import Submit, TokenLogprobs

Floats = NDArray[np.float64]
IMPLEMENTATIONS = {"host": True, "device": False}
ORDER = ("bias", "penalties", "temperature", "top_k", "top_p", "min_p")


def changed(logits: Floats, request: Submit, generated: Sequence[int], steps: Sequence[str]) -> Floats:
    """Logits after these steps, in this order; minus infinity is excluded."""
    run: dict[str, Callable[[Floats], Floats]] = {
        "bias": lambda x: biased(x, request),
        "penalties": lambda x: penalised(x, request, generated),
        "temperature": lambda x: x / request.temperature,
        "top_k": lambda x: np.where(x >= np.sort(x)[::-1][: request.top_k or None][-1], x, -np.inf),
        "top_p": lambda x: np.where([mass_above(x, each) < request.top_p for each in x], x, -np.inf),
        "min_p": lambda x: np.where(np.exp(x - x.max()) >= request.min_p, x, -np.inf),
    }
    for step in steps:
        logits = run[step](logits)
    return logits


def mass_above(logits: Floats, logit: float) -> float:
    """The probability of all tokens with a larger logit; less than nothing at the end of no top_p."""
    return float(softmax(logits)[logits > logit].sum())


def biased(logits: Floats, request: Submit) -> Floats:
    logits = logits.copy()
    for token_id, bias in request.logit_bias.items():
        logits[token_id] += bias
    return logits


def penalised(logits: Floats, request: Submit, generated: Sequence[int]) -> Floats:
    logits = logits.copy()
    for token_id in range(len(logits)):
        if token_id in request.prompt_ids or token_id in generated:
            if logits[token_id] > 0:
                logits[token_id] /= request.repetition_penalty
            else:
                logits[token_id] *= request.repetition_penalty
        count = list(generated).count(token_id)
        logits[token_id] -= request.presence_penalty * (count > 0) + request.frequency_penalty * count
    return logits


def softmax(logits: Floats) -> Floats:
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())


def reference(
    logits: Floats, request: Submit, generated: Sequence[int] = (), steps: Sequence[str] = ORDER
) -> Floats:
    """The distribution that a request asks for."""
    return softmax(changed(logits, request, generated, steps))


def make_rows(requests: Sequence[Submit], positions: Sequence[int] | None = None) -> list[SamplingRow]:
    rows = [SamplingRow(request) for request in requests]
    for row, position in zip(rows, positions or [0] * len(rows), strict=True):
        row.position = position
    return rows


def draw(
    rows: Sequence[SamplingRow], logits: Any, on_host: bool
) -> tuple[list[int], list[TokenLogprobs | None]]:
    """One step of a batch of its own."""
    given = logits if isinstance(logits, mx.array) else mx.array(np.asarray(logits, np.float32))
    return make_sampler(rows, on_host=on_host).draw(given).collect()


def draw_many(
    logits: Floats,
    on_host: bool,
    *,
    num_rows: int = 250,
    num_draws: int = 40,
    prompt: Sequence[int] = (0,),
    generated: Sequence[int] = (),
    **fields: Any,
) -> NDArray[np.int64]:
    """Tokens of many seeds and positions, none of them noted. Shape: (num_rows * num_draws,)."""
    rows = make_rows([submit(row, prompt, **{"seed": row} | fields) for row in range(num_rows)])
    for row in rows:
        for token_id in generated:
            row.note(token_id)
    sampler = make_sampler(rows, on_host=on_host)
    batch = mx.array(np.tile(logits.astype(np.float32), (num_rows, 1)))
    return np.array([sampler.draw(batch).collect()[0] for _ in range(num_draws)]).ravel()


def total_variation(one: Floats, other: Floats) -> float:
    return float(np.abs(one - other).sum() / 2)
