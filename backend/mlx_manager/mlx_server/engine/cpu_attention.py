"""Attention on a CPU, with a softmax by numpy where MLX's own is slow.

MLX takes some 20 ns for each score of a softmax on the CPU, numpy one: of a long prompt's time
nine tenths go there. Matrix products stay MLX's, which has the faster BLAS.
"""

from typing import Any, Final

import mlx.core as mx
import numpy as np

# Fewer scores than these cost less than waiting for them.
_FEWEST_SCORES: Final = 8192

_NATIVE = mx.fast.scaled_dot_product_attention


def install() -> None:
    """Take the place of `mx.fast.scaled_dot_product_attention`, which mlx-lm's models call."""
    mx.fast.scaled_dot_product_attention = attention  # type: ignore[assignment]


def attention(
    queries: mx.array,
    keys: mx.array,
    values: mx.array,
    *,
    scale: float,
    mask: mx.array | str | None = None,
    sinks: mx.array | None = None,
    **options: Any,
) -> mx.array:
    """`mx.fast.scaled_dot_product_attention`, with the same arguments and the same result.

    What is small, in half precision or has sinks is left to MLX.

    Args:
        queries: of shape (B, H, N, D).
        keys: of shape (B, K, L, D), K dividing H.
        values: of shape (B, K, L, E).
        mask: added or, if boolean, true where a query sees a key; of a shape that broadcasts to
            (B, H, N, L). Or `causal`: the last query sees the last key.

    Returns:
        The result, of shape (B, H, N, E).
    """
    batch, num_heads, num_queries, head_dim = queries.shape
    num_keys = keys.shape[2]
    is_small = batch * num_heads * num_queries * num_keys < _FEWEST_SCORES
    if is_small or sinks is not None or options or queries.dtype != mx.float32 or keys.dtype != mx.float32:
        return _NATIVE(queries, keys, values, scale=scale, mask=mask, sinks=sinks, **options)
    num_kv_heads = keys.shape[1]
    grouped = (batch, num_kv_heads, num_heads // num_kv_heads, num_queries)
    stacked = (batch, num_kv_heads, grouped[2] * num_queries)
    # One product for all the heads that share keys, so that the keys are not repeated.
    scores = (queries * scale).reshape(*stacked, head_dim) @ keys.swapaxes(-1, -2)
    if isinstance(mask, mx.array):
        scores = _masked(scores.reshape(*grouped, num_keys), mask, num_heads)
    mx.eval(scores)
    _softmax(np.array(scores, copy=False).reshape(*grouped, num_keys), is_causal=isinstance(mask, str))
    weighted: mx.array = scores.reshape(*stacked, num_keys) @ values
    return weighted.reshape(batch, num_heads, num_queries, values.shape[-1])


def _masked(scores: mx.array, mask: mx.array, num_heads: int) -> mx.array:
    """The scores, of shape (B, K, H / K, N, L), with what must not be seen as low as can be."""
    _, num_kv_heads, num_shared, _, _ = scores.shape
    shape = (1,) * (4 - mask.ndim) + mask.shape
    by_group = (num_kv_heads, num_shared) if shape[1] == num_heads else (1, 1)
    mask = mask.reshape(shape[0], *by_group, *shape[2:])
    if mask.dtype == mx.bool_:
        return mx.where(mask, scores, mx.finfo(scores.dtype).min)
    return scores + mask.astype(scores.dtype)


def _softmax(scores: np.ndarray[Any, Any], *, is_causal: bool) -> None:
    """Normalise the scores in place, over the last axis."""
    num_queries, num_keys = scores.shape[-2:]
    if is_causal and num_queries > 1:
        recent = scores[..., num_keys - num_queries :]
        later = np.triu(np.ones((num_queries, num_queries), bool), 1)
        np.copyto(recent, np.finfo(scores.dtype).min, where=later)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
