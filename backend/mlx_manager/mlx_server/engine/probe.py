"""Whether a model's batched logits equal its serial ones: a numeric gate, not a list of names.

Some families' caches cannot be merged, and some that can broadcast a wrong mask at certain batch
sizes while still printing plausible tokens. So each model is measured when it is loaded.
"""

from typing import Any, Final, NamedTuple

import mlx.core as mx
import numpy as np
from mlx_lm.models.cache import make_prompt_cache

from mlx_manager.mlx_server.engine.batch import merge_alone

MAX_LOGIT_ERROR: Final = 1e-3
NUM_STEPS: Final = 3


class ProbeResult(NamedTuple):
    """The finding, with the worst difference that was seen."""

    can_batch: bool
    finding: str


def probe_batching(model: Any, vocab_size: int, num_kv_heads: int | None) -> ProbeResult:
    """Compare teacher-forced logits, batched against serial, at several batch sizes.

    Args:
        num_kv_heads: a batch of this size is tried too, because a mask of shape (B, ...) can
            be taken for one of shape (H, ...) there.
    """
    cache = make_prompt_cache(model)
    unmergeable = {type(layer).__name__ for layer in cache if not hasattr(layer, "merge")}
    if unmergeable:
        return ProbeResult(False, f"one row at a time: {', '.join(sorted(unmergeable))} cannot be merged")
    sizes = sorted({2, 3, 4, *([num_kv_heads] if num_kv_heads and 1 < num_kv_heads <= 16 else [])})
    worst = 0.0
    for size in sizes:
        try:
            error, scale = _largest_error(model, vocab_size, size)
        except Exception as fault:  # a cache that claims to merge and does not
            return ProbeResult(False, f"one row at a time: a batch of {size} failed: {fault}")
        worst = float(np.maximum(worst, error))
        if not error <= MAX_LOGIT_ERROR * scale:  # also catches NaN
            return ProbeResult(False, f"one row at a time: logits differ by {error:.1e} in a batch of {size}")
    return ProbeResult(True, f"batches: logits differ by at most {worst:.1e} at {sizes} rows")


def _largest_error(model: Any, vocab_size: int, num_rows: int) -> tuple[float, float]:
    """The largest difference of any logit, and the scale that it is to be judged by.

    The scale is 1 in fp32. Half precision resolves 2**-8 (bfloat16) of the largest logit, so there
    a difference is judged against that resolution and not against fp32's.
    """
    random = np.random.default_rng(num_rows)
    prompts = [random.integers(0, vocab_size, 3 + 2 * row).tolist() for row in range(num_rows)]
    forced: list[list[list[int]]] = random.integers(0, vocab_size, (NUM_STEPS, num_rows, 1)).tolist()
    rows = [_read(model, prompt) for prompt in prompts]
    merged = merge_alone(rows[0])
    for row in rows[1:]:  # joined one by one, as sequences arrive in the engine
        for layer, other in zip(merged, merge_alone(row), strict=True):
            layer.extend(other)
    worst, scale = 0.0, 1.0
    for step in forced:
        batched = model(mx.array(step), cache=merged)[:, -1, :]
        serial = mx.concatenate(
            [model(mx.array([ids]), cache=row)[:, -1, :] for ids, row in zip(step, rows, strict=True)]
        )
        if serial.dtype != mx.float32:
            scale = max(scale, 8 * 2**-8 * _largest(serial) / MAX_LOGIT_ERROR)
        worst = float(np.maximum(worst, _largest(batched.astype(mx.float32) - serial.astype(mx.float32))))
    return worst, scale


def _largest(logits: mx.array) -> float:
    # By numpy, whose maximum of anything and NaN is NaN; MLX's passes over it.
    return float(np.max(np.abs(np.array(logits.astype(mx.float32)))))


def _read(model: Any, prompt: list[int]) -> list[Any]:
    cache: list[Any] = make_prompt_cache(model)
    model(mx.array([prompt]), cache=cache)
    mx.eval([layer.state for layer in cache])
    return cache
