"""The rows that decode together, and their merged cache."""

from typing import Any

import mlx.core as mx

from mlx_manager.mlx_server.engine.sampling import RowSampling, token_ids
from mlx_manager.mlx_server.engine.sequence import Sequence


def merge_alone(cache: list[Any]) -> list[Any]:
    """A batch of one row from a sequence's own per-layer cache."""
    return [layer.merge([layer]) for layer in cache]


class DecodeBatch:
    """Rows of unequal length in one cache, padded on the left; each step draws one token a row.

    Args:
        model: an mlx-lm model; called with token ids of shape (B, 1) and the cache.
        can_batch: False keeps the one row's own cache, for families whose caches do not merge.
    """

    def __init__(self, model: Any, *, can_batch: bool) -> None:
        self._model = model
        self._can_batch = can_batch
        self._cache: list[Any] = []
        self._next_ids: list[int] = []
        self._sampling = RowSampling([])
        self.rows: list[Sequence] = []

    def add(self, sequence: Sequence, first_id: int) -> None:
        """Take over a sequence whose prompt is read and whose first token is drawn."""
        assert self._can_batch or not self.rows
        joined = merge_alone(sequence.cache) if self._can_batch else sequence.cache
        sequence.cache = []
        if self.rows:
            for layer, other in zip(self._cache, joined, strict=True):
                layer.extend(other)
        else:
            self._cache = joined
        self.rows.append(sequence)
        self._next_ids.append(first_id)
        self._sampling = RowSampling([row.request for row in self.rows])

    def step(self) -> list[int]:
        """Draw the next token of every row, in the rows' order."""
        logits = self._model(mx.array(self._next_ids)[:, None], cache=self._cache)[:, -1, :]
        drawn = token_ids(self._sampling.draw(logits, [row.generated for row in self.rows]))
        self._next_ids = drawn
        return drawn

    def remove(self, sequence_ids: set[int]) -> None:
        """Drop rows, and their part of the cache."""
        keep = [index for index, row in enumerate(self.rows) if row.sequence_id not in sequence_ids]
        if len(keep) == len(self.rows):
            return
        if not keep:
            self.clear()
            return
        for layer in self._cache:
            layer.filter(keep)
        self.rows = [self.rows[index] for index in keep]
        self._next_ids = [self._next_ids[index] for index in keep]
        self._sampling = RowSampling([row.request for row in self.rows])

    def clear(self) -> None:
        """Drop every row and give the cache's memory back to the system."""
        self.rows, self._next_ids, self._cache = [], [], []
        mx.clear_cache()
