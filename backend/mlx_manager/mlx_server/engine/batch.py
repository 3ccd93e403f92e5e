"""Rows that decode together, and their merged cache."""

from typing import Any

import mlx.core as mx
import numpy as np

from mlx_manager.mlx_server.engine.sampling import Draw, Sampler, make_sampler
from mlx_manager.mlx_server.engine.sequence import Sequence
from mlx_manager.mlx_server.engine.wire import TokenLogprobs

Drawn = tuple[Sequence, int, TokenLogprobs | None]


class DecodeBatch:
    """Rows in one cache, padded on the left; each step draws one token a row.

    A row that has a batch to itself keeps its own cache, which needs no mask and costs a small model
    a sixth less than a batch of one; it is merged when another row joins.

    A step is launched and later collected, so that the device computes while the host reports.
    Where no draw depends on what the host must know first, the next step is launched before the
    last one is collected. Rows come and go only while nothing is in flight.

    Args:
        model: an mlx-lm model; called with token ids of shape (B, 1) and the cache.
        can_batch: False keeps the one row's own cache, for families whose caches do not merge.
        samples_on_host: see `make_sampler`.
    """

    def __init__(self, model: Any, *, can_batch: bool, samples_on_host: bool) -> None:
        self._model = model
        self._can_batch = can_batch
        self._samples_on_host = samples_on_host
        self._cache: list[Any] = []
        self._is_merged = False
        self._sampler: Sampler = make_sampler([], on_host=samples_on_host)
        # Launched and not collected: draws, or logits that the sampler waits for.
        self._draws: list[Draw] = []
        self._logits: mx.array | None = None
        self.rows: list[Sequence] = []

    @property
    def in_flight(self) -> bool:
        """Whether a step has been launched and not been collected."""
        return bool(self._draws) or self._logits is not None

    @property
    def can_run_ahead(self) -> bool:
        """Whether the next step may be launched before the last one is collected."""
        # A row whose last token is on its way must not cost a step more.
        return self._sampler.can_pipeline and not any(row.ends_after(1) for row in self.rows)

    def padding_with(self, lengths: list[int]) -> int:
        """Padded tokens of the rectangle if rows of these lengths joined."""
        everyone = [*(row.num_tokens for row in self.rows), *lengths]
        return len(everyone) * max(everyone) - sum(everyone)

    def add(self, sequences: list[Sequence], cache: list[Any], *, is_merged: bool) -> None:
        """Take over sequences whose prompts are read but for the token that they feed next.

        Args:
            cache: their merged cache in the same order, or one sequence's own.
        """
        assert not self.in_flight
        assert is_merged or len(sequences) == 1
        assert self._can_batch or not self.rows
        if not self.rows:
            self._cache, self._is_merged = cache, is_merged
        else:
            self._merge()
            for layer, other in zip(self._cache, cache, strict=True):
                layer.extend(other if is_merged else other.merge([other]))
        self._set_rows([*self.rows, *sequences])

    def _merge(self) -> None:
        """Make a batch's cache of one row's own."""
        if not self._is_merged:
            self._cache = [layer.merge([layer]) for layer in self._cache]
            self._is_merged = True

    def absorb(self, other: "DecodeBatch") -> None:
        """Take over another batch's rows."""
        assert not other.in_flight
        rows, cache, is_merged = other.rows, other._cache, other._is_merged
        other.clear()
        self.add(rows, cache, is_merged=is_merged)

    def launch(self) -> None:
        """Start the next step of every row."""
        ids = self._draws[-1].token_ids if self._draws else self._known_ids()
        for row in self.rows:
            row.num_fed += 1
        logits = self._model(ids[:, None], cache=self._cache)[:, -1, :]
        if self._sampler.can_pipeline:
            draw = self._sampler.draw(logits)
            mx.async_eval(*draw.arrays)  # type: ignore[no-untyped-call]  # mlx types it not
            self._draws.append(draw)
        else:
            mx.async_eval(logits)  # type: ignore[no-untyped-call]
            self._logits = logits

    def _known_ids(self) -> mx.array:
        return mx.array([row.next_id for row in self.rows])

    def collect(self) -> list[Drawn]:
        """Wait for the step that was launched first; what each row has drawn, in the rows' order."""
        if self._logits is not None:
            draw = self._sampler.draw(self._logits)  # if this raises, the logits are still there
            self._logits = None
        else:
            draw = self._draws.pop(0)
        token_ids, logprobs = draw.collect()
        return list(zip(self.rows, token_ids, logprobs, strict=True))

    def abandon(self) -> None:
        """Forget what is in flight: every row has ended."""
        self._draws, self._logits = [], None

    def verify(self, drafted: list[int]) -> list[int]:
        """Feed the one row its next token and a draft of what follows; nothing may be in flight.

        Its cache keeps what the model agreed with, so all its layers must be trimmable.

        Returns:
            The greedy tokens: those of the draft that were right, and one more.
        """
        assert not self.in_flight
        (row,) = self.rows
        logits = self._model(mx.array([[row.next_id, *drafted]]), cache=self._cache)
        greedy: list[int] = np.array(mx.argmax(logits[0], axis=-1)).tolist()
        right = 0
        while right < len(drafted) and greedy[right] == drafted[right]:
            right += 1
        self.trim(len(drafted) - right)
        row.num_fed += right + 1
        row.sampling.position += right + 1
        return greedy[: right + 1]

    def trim(self, num_tokens: int) -> None:
        """Forget the last tokens that the row was fed."""
        for layer in self._cache:
            layer.trim(num_tokens)

    def remove_at_fault(self, indices: list[int]) -> bool:
        """Drop rows from whose logits nothing could be drawn; the others are to be collected again.

        Returns:
            Whether that was possible: not where draws were made on the device.
        """
        if self._logits is None:
            return False
        logits, self._logits = self._logits, None
        keep = [index for index in range(len(self.rows)) if index not in indices]
        self.remove({self.rows[index].sequence_id for index in indices})
        self._logits = logits[mx.array(keep)] if keep else None
        return True

    def row_cache(self, index: int) -> list[Any]:
        """A copy of one row's cache, as if it had run alone."""
        return [layer.extract(index) for layer in self._cache] if self._is_merged else self._cache

    def remove(self, sequence_ids: set[int]) -> None:
        """Drop rows, and their part of the cache."""
        assert not self.in_flight
        keep = [index for index, row in enumerate(self.rows) if row.sequence_id not in sequence_ids]
        if len(keep) == len(self.rows):
            return
        if not keep:
            self.clear()
            return
        for layer in self._cache:
            layer.filter(keep)
        self._set_rows([self.rows[index] for index in keep])

    def clear(self) -> None:
        """Drop every row and what is in flight."""
        self.abandon()
        self._cache = []
        self._set_rows([])

    def _set_rows(self, rows: list[Sequence]) -> None:
        self.rows = rows
        self._sampler = make_sampler([row.sampling for row in rows], on_host=self._samples_on_host)
