"""Drawing the next token of every row at once: parameters are vectors over the batch."""

from collections.abc import Iterable, Sequence
from typing import Any

import mlx.core as mx
import numpy as np

from mlx_manager.mlx_server.engine.wire import Submit

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
# Below this float32 has no room for the scaled logits, and every draw is greedy anyway.
_MIN_TEMPERATURE = 1e-6


def mix64(value: int) -> int:
    """The SplitMix64 finaliser: neighbouring inputs give unrelated 64-bit outputs.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def draw_keys(seeds: Iterable[int], positions: Iterable[int]) -> mx.array:
    """One random key a row, decided by its seed and its position alone. Shape: (B, 2) uint32."""
    keys = [mix64(mix64(seed & _MASK) ^ position) for seed, position in zip(seeds, positions, strict=True)]
    return mx.array(np.array(keys, dtype=np.uint64).view(np.uint32).reshape(-1, 2))


_draw_rows = mx.vmap(lambda logits, key: mx.random.categorical(logits, key=key))


class RowSampling:
    """The sampling parameters of a batch, rebuilt only when its rows change.

    Order: temperature, top_k, top_p (of what top_k left), min_p. Each row's draw depends on that
    row alone: masks are applied in vocabulary order, so the same key meets the same logits
    whether or not another row needs sorting. Tokens tied with the last one kept are kept, too.
    """

    def __init__(self, requests: Sequence[Submit]) -> None:
        self._seeds = [request.seed for request in requests]
        self._greedy = [request.temperature <= 0 for request in requests]
        self._all_greedy = all(self._greedy)
        self._truncates = any(
            not greedy and (request.top_k > 0 or request.top_p < 1 or request.min_p > 0)
            for greedy, request in zip(self._greedy, requests, strict=True)
        )
        if self._all_greedy:
            return
        column = self._column
        self._greedy_rows = mx.array(self._greedy)
        self._temperature = column([max(request.temperature, _MIN_TEMPERATURE) for request in requests])
        self._top_k = mx.array([request.top_k for request in requests])[:, None]
        self._top_p = column([request.top_p for request in requests])
        self._log_min_p = column([float(np.log(r.min_p)) if r.min_p > 0 else -np.inf for r in requests])

    @staticmethod
    def _column(values: list[float]) -> mx.array:
        return mx.array(np.array(values, dtype=np.float32)[:, None])

    def draw(self, logits: mx.array, positions: Sequence[int]) -> mx.array:
        """Draw a token a row, lazily.

        Args:
            logits: shape (B, V), any float type.
            positions: tokens that each row has drawn before.

        Returns:
            Token ids, shape (B,), uint32.
        """
        if self._all_greedy:
            return mx.argmax(logits, axis=-1)
        scaled = logits.astype(mx.float32) / self._temperature
        kept = self._truncate(scaled) if self._truncates else scaled
        drawn = _draw_rows(kept, draw_keys(self._seeds, positions))
        return mx.where(self._greedy_rows, mx.argmax(logits, axis=-1), drawn)

    def _truncate(self, scaled: mx.array) -> mx.array:
        """Set what top_k, top_p and min_p exclude to -inf. Shape: (B, V)."""
        vocab_size = scaled.shape[-1]
        descending = -mx.sort(-scaled, axis=-1)
        rank = mx.arange(vocab_size)[None, :]
        in_top_k = (self._top_k == 0) | (rank < self._top_k)
        ranked = mx.where(in_top_k, descending, -mx.inf)
        probabilities = mx.softmax(ranked, axis=-1)
        before = mx.cumsum(probabilities, axis=-1) - probabilities
        # top_p = 1 keeps everything, also where rounding lets the sum reach 1 early.
        in_top_p = in_top_k & ((self._top_p >= 1) | (before < self._top_p))
        num_kept = mx.maximum(in_top_p.sum(axis=-1, keepdims=True), 1)
        last_kept = mx.take_along_axis(descending, num_kept - 1, axis=-1)
        threshold = mx.maximum(last_kept, descending[:, :1] + self._log_min_p)
        return mx.where(scaled >= threshold, scaled, -mx.inf)


def token_ids(drawn: mx.array) -> list[int]:
    """Evaluate drawn tokens and bring them to the host in one transfer."""
    ids: list[int] = np.array(drawn).tolist()
    return ids


def draw_one(request: Submit, logits: Any, position: int) -> int:
    """Draw for one row: logits of shape (1, V)."""
    return token_ids(RowSampling([request]).draw(logits, [position]))[0]
