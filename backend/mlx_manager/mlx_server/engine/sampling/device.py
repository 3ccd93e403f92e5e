"""Drawing in MLX's graph: lazy, one graph for all rows, parameters as vectors."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.sampling.guided import GuidedRows
from mlx_manager.mlx_server.engine.sampling.keys import draw_keys, mixed_seeds
from mlx_manager.mlx_server.engine.sampling.lazy import LazyDraw
from mlx_manager.mlx_server.engine.sampling.logprobs import MAX_TOP_LOGPROBS, LogprobRows
from mlx_manager.mlx_server.engine.sampling.parameters import SMALL_TOP_K, Parameters
from mlx_manager.mlx_server.engine.sampling.row import BIAS, FACTOR, PENALTY, SamplingRow
from mlx_manager.mlx_server.engine.sampling.sampler import Draw

_BLOCK_WIDTH = 64
_draw_rows = mx.vmap(lambda logits, key: mx.random.categorical(logits, key=key))


class DeviceSampler:
    """Masks what a row's parameters exclude, and draws from the vocabulary in its order.

    So the same key meets the same logits whatever other rows need. Thresholds are values of
    logits, which keeps all tokens tied with the last one kept.
    """

    def __init__(self, rows: Sequence[SamplingRow]) -> None:
        self._rows = list(rows)
        self._parameters = parameters = Parameters.of(rows)
        self._seeds = mixed_seeds([row.request.seed for row in rows])
        self._changed = [index for index, row in enumerate(rows) if row.changes_logits]
        self._logprobs = LogprobRows(rows)
        self._guided = GuidedRows(rows)
        self._all_greedy = bool(parameters.greedy.all())
        self.can_pipeline = not any(row.needs_history for row in rows)
        if self._all_greedy:
            return
        sampled, small = ~parameters.greedy, parameters.small_top_k
        self._cuts_small = bool(small.any())
        self._sorts = bool((sampled & ~small & ((parameters.top_k > 0) | (parameters.top_p < 1))).any())
        self._greedy = mx.array(parameters.greedy)
        self._small = mx.array(small)[:, None]
        self._temperature = _column(parameters.temperature)
        self._top_k = mx.array(parameters.top_k.astype(np.int32))[:, None]
        self._top_p = _column(parameters.top_p)
        with np.errstate(divide="ignore"):
            self._log_min_p = _column(np.log(parameters.min_p))

    def draw(self, logits: mx.array) -> Draw:
        """See `Sampler`."""
        masks = self._guided.masks()
        values = self._change(logits.astype(mx.float32)) if self._changed else logits
        if masks:
            values = mx.where(mx.array(self._guided.excluded(masks, logits.shape[-1])), -mx.inf, values)
        tokens = mx.argmax(values, axis=-1)
        if not self._all_greedy:
            scaled = values.astype(mx.float32) / self._temperature
            values = mx.where(scaled >= self._threshold(scaled), scaled, -mx.inf)
            keys = draw_keys(self._seeds, [row.position for row in self._rows])
            drawn = _draw_rows(values, mx.array(keys.view(np.uint32).reshape(-1, 2)))
            tokens = mx.where(self._greedy, tokens, drawn)
        for row in self._rows:
            row.position += 1
        if not self._logprobs:
            return LazyDraw(tokens, values)
        arrays = self._lazy_logprobs(logits, tokens)
        return LazyDraw(tokens, values, arrays, lambda: self._logprobs.spread(*map(np.array, arrays)))

    def _threshold(self, scaled: mx.array) -> mx.array:
        """The smallest scaled logit that each row keeps. Shape: (B, 1).

        A small top_k is always judged on as many logits, sorted or selected, so that sums round alike.
        """
        peak = scaled.max(axis=-1, keepdims=True)
        threshold = peak + self._log_min_p
        descending = -mx.sort(-scaled, axis=-1) if self._sorts else None
        if descending is not None:
            threshold = mx.maximum(threshold, mx.where(self._small, -mx.inf, self._last_kept(descending)))
        if self._cuts_small:
            best = _largest(scaled, SMALL_TOP_K)[1] if descending is None else descending[:, :SMALL_TOP_K]
            threshold = mx.maximum(threshold, mx.where(self._small, self._last_kept(best), -mx.inf))
        return threshold

    def _last_kept(self, descending: mx.array) -> mx.array:
        """The last logit that top_k and top_p keep of sorted ones. Shape: (B, 1)."""
        rank = mx.arange(descending.shape[-1])[None, :]
        in_top_k = (self._top_k == 0) | (rank < self._top_k)
        probabilities = mx.softmax(mx.where(in_top_k, descending, -mx.inf), axis=-1)
        before = mx.cumsum(probabilities, axis=-1) - probabilities
        # top_p = 1 keeps everything, also where rounding lets the sum reach 1 early.
        kept = in_top_k & ((self._top_p >= 1) | (before < self._top_p))
        num_kept = mx.maximum(kept.sum(axis=-1, keepdims=True), 1)
        return mx.take_along_axis(descending, num_kept - 1, axis=-1)

    def _change(self, logits: mx.array) -> mx.array:
        """The logits with every row's bias and penalties.

        Rows are padded with their first entry once more: writing it twice writes the same.
        """
        vocab_size = logits.shape[-1]
        tables = [self._rows[index].table(vocab_size) for index in self._changed]
        # A power of two, so that few shapes of the graph occur.
        width = 1 << max(len(table.ids) - 1 for table in tables).bit_length()
        ids = np.zeros((len(self._rows), width), np.int32)
        entries = np.zeros((3, len(self._rows), width), np.float32)
        entries[FACTOR] = 1
        for index, table in zip(self._changed, tables, strict=True):
            if count := len(table.ids):
                ids[index, :count], ids[index, count:] = table.ids, table.ids[0]
                entries[:, index, :count], entries[:, index, count:] = table.values, table.values[:, :1]
        places, entry = mx.array(ids), mx.array(entries)
        biased = mx.take_along_axis(logits, places, axis=-1) + entry[BIAS]
        penalised = mx.where(biased > 0, biased / entry[FACTOR], biased * entry[FACTOR]) - entry[PENALTY]
        return mx.put_along_axis(logits, places, penalised, axis=-1)

    def _lazy_logprobs(self, logits: mx.array, tokens: mx.array) -> list[mx.array]:
        """What `LogprobRows.spread` takes."""
        asked = mx.array(self._logprobs.rows.astype(np.int32))
        raw = logits[asked].astype(mx.float32)
        normaliser = mx.logsumexp(raw, axis=-1, keepdims=True)
        drawn = mx.take_along_axis(raw, tokens[asked][:, None], axis=-1) - normaliser
        ids, top = _largest(raw, MAX_TOP_LOGPROBS)
        return [drawn[:, 0], ids, top - normaliser]


def _column(values: NDArray[np.float64]) -> mx.array:
    return mx.array(values.astype(np.float32)[:, None])


def _largest(values: mx.array, count: int) -> tuple[mx.array, mx.array]:
    """The `count` largest elements of each row, or all, descending: indices and elements. Shapes: (B, count).

    They lie in the `count` blocks with the largest maxima.
    """
    num_rows, width = values.shape
    num_blocks = -(-width // _BLOCK_WIDTH)
    if num_blocks <= count:
        order = mx.argsort(-values, axis=-1)[:, :count]
        return order, mx.take_along_axis(values, order, axis=-1)
    padded = mx.pad(values, [(0, 0), (0, num_blocks * _BLOCK_WIDTH - width)], constant_values=-mx.inf)
    blocks = padded.reshape(num_rows, num_blocks, _BLOCK_WIDTH)
    best = mx.argpartition(-blocks.max(axis=-1), count - 1, axis=-1)[:, :count]
    found = mx.take_along_axis(blocks, best[:, :, None], axis=1).reshape(num_rows, -1)
    ids = (best[:, :, None] * _BLOCK_WIDTH + mx.arange(_BLOCK_WIDTH)).reshape(num_rows, -1)
    ids = mx.minimum(ids, width - 1)  # of the padding, where a row has fewer finite logits than asked for
    order = mx.argsort(-found, axis=-1)[:, :count]
    return mx.take_along_axis(ids, order, axis=-1), mx.take_along_axis(found, order, axis=-1)
