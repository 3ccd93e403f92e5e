"""Drawing in numpy, for logits that lie in the host's memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import mlx.core as mx
import numpy as np

from mlx_manager.mlx_server.engine.guiding.masks import Mask, excluded
from mlx_manager.mlx_server.engine.sampling.guided import GuidedRows
from mlx_manager.mlx_server.engine.sampling.keys import draw_keys, mixed_seeds, uniforms
from mlx_manager.mlx_server.engine.sampling.lazy import LazyDraw
from mlx_manager.mlx_server.engine.sampling.logprobs import LogprobRows, host_logprobs
from mlx_manager.mlx_server.engine.sampling.nucleus import NUM_UNIFORMS, draw_any
from mlx_manager.mlx_server.engine.sampling.parameters import Parameters
from mlx_manager.mlx_server.engine.sampling.row import BIAS, FACTOR, PENALTY, SamplingRow
from mlx_manager.mlx_server.engine.sampling.sampler import Collected, Draw, check_finite
from mlx_manager.mlx_server.engine.sampling.select import Floats32, Ids, rows_of
from mlx_manager.mlx_server.engine.sampling.top_k import draw_small_top_k
from mlx_manager.mlx_server.engine.wire import TokenLogprobs

# Up to here MLX's argmax on the CPU costs less than launching the next step early gains. It takes
# ten times as long as numpy's, and the gain shrinks from 7 % of a step at one row to nothing at 16.
_MAX_LAZY_ROWS = 4


@dataclass(frozen=True)
class KnownDraw:
    """Tokens that are on the host already."""

    collected: Collected
    token_ids: mx.array
    arrays: list[mx.array] = field(default_factory=list)

    def collect(self) -> Collected:
        """See `Draw`."""
        return self.collected


class HostSampler:
    """Each row takes the cheapest exact path for its parameters; rows of one path go together."""

    def __init__(self, rows: Sequence[SamplingRow]) -> None:
        self._rows = list(rows)
        self._parameters = parameters = Parameters.of(rows)
        self._seeds = mixed_seeds([row.request.seed for row in rows])
        self._changed = [index for index, row in enumerate(rows) if row.changes_logits]
        self._logprobs = LogprobRows(rows)
        self._guided = GuidedRows(rows)
        small = parameters.small_top_k
        self._greedy = np.flatnonzero(parameters.greedy)
        self._small_top_k = np.flatnonzero(small)
        self._others = np.flatnonzero(~parameters.greedy & ~small)
        self._changed_logits = np.empty((0, 0), np.float32)
        self.can_pipeline = len(self._greedy) == len(rows) <= _MAX_LAZY_ROWS and not (
            self._changed or self._logprobs or self._guided
        )

    def draw(self, logits: mx.array) -> Draw:
        """See `Sampler`."""
        lazy = self.can_pipeline
        drawn = LazyDraw(mx.argmax(logits, axis=-1), logits) if lazy else self._draw_now(logits)
        for row in self._rows:
            row.position += 1
        return drawn

    def _draw_now(self, logits: mx.array) -> Draw:
        masks = self._guided.masks()
        raw = np.ascontiguousarray(np.array(logits.astype(mx.float32), copy=False))
        values = self._change(raw) if self._changed else raw
        if masks:
            values = self._exclude(raw, values, masks)
        tokens = np.empty(len(values), np.intp)
        if len(greedy := self._greedy):
            chosen = rows_of(values, greedy)
            tokens[greedy] = ids = chosen.argmax(axis=-1)
            check_finite(chosen[np.arange(len(ids)), ids], greedy)
        if len(greedy) < len(values):
            self._sample(values, tokens)
        logprobs: list[TokenLogprobs | None] = [None] * len(values)
        if self._logprobs:
            logprobs = host_logprobs(raw, self._logprobs, tokens)
        return KnownDraw((tokens.tolist(), logprobs), mx.array(tokens.astype(np.uint32)))

    def _sample(self, values: Floats32, tokens: Ids) -> None:
        """Fill in the tokens of the rows that are not greedy."""
        keys = draw_keys(self._seeds, [row.position for row in self._rows])
        uniform = uniforms(keys, NUM_UNIFORMS)
        others = self._others
        if len(small := self._small_top_k):
            ids, tied = draw_small_top_k(values, small, self._parameters.take(small), uniform[small, 0])
            tokens[small] = ids
            if tied.any():
                others = np.sort(np.concatenate([others, small[tied]]))
        if len(others):
            tokens[others] = draw_any(values, others, self._parameters.take(others), uniform[others])

    def _exclude(self, raw: Floats32, values: Floats32, masks: Sequence[tuple[int, Mask]]) -> Floats32:
        """A copy of the logits without the tokens that guides exclude."""
        if values is raw:
            if self._changed_logits.shape != raw.shape:
                self._changed_logits = np.empty_like(raw)
            values = self._changed_logits
            np.copyto(values, raw)
        for index, mask in masks:
            np.copyto(values[index], -np.inf, where=excluded(mask, values.shape[1]))
        return values

    def _change(self, raw: Floats32) -> Floats32:
        """A copy of the logits with every row's bias and penalties."""
        vocab_size = raw.shape[1]
        if self._changed_logits.shape != raw.shape:
            self._changed_logits = np.empty_like(raw)
        np.copyto(self._changed_logits, raw)
        tables = [self._rows[index].table(vocab_size) for index in self._changed]
        starts = np.repeat(np.array(self._changed) * vocab_size, [len(table.ids) for table in tables])
        places = starts + np.concatenate([table.ids for table in tables])
        entries = np.concatenate([table.values for table in tables], axis=1)
        flat = self._changed_logits.reshape(-1)
        biased = flat[places] + entries[BIAS]
        factor = entries[FACTOR]
        flat[places] = np.where(biased > 0, biased / factor, biased * factor) - entries[PENALTY]
        return self._changed_logits
