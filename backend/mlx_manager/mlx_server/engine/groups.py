"""Which rows share a rectangle: those of similar length."""

from collections.abc import Iterator
from typing import Any

from mlx_manager.mlx_server.engine.batch import DecodeBatch
from mlx_manager.mlx_server.engine.ledger import KVLedger
from mlx_manager.mlx_server.engine.sequence import Sequence

# Batches are joined again only where that is clearly cheaper, so that they do not flip to and fro.
_REJOIN_SHARE = 0.5


class DecodeGroups:
    """The batches that decode in turn.

    A step of its own costs a batch one reading of the weights, padding costs the reading of empty
    cache: rows share a batch while its padding, in bytes, is less than the weights.

    Args:
        weight_bytes: of the model.
        can_batch: False gives each row a batch of its own.
    """

    def __init__(
        self, model: Any, ledger: KVLedger, *, weight_bytes: int, can_batch: bool, samples_on_host: bool
    ) -> None:
        self._model = model
        self._ledger = ledger
        self._weight_bytes = weight_bytes
        self._can_batch = can_batch
        self._samples_on_host = samples_on_host
        self._batches: list[DecodeBatch] = []

    def __iter__(self) -> Iterator[DecodeBatch]:
        return iter(list(self._batches))

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def rows(self) -> list[list[Sequence]]:
        """Each batch's rows."""
        return [batch.rows for batch in self._batches]

    def batch_of(self, sequence_id: int) -> DecodeBatch | None:
        """The batch that the sequence decodes in."""
        return next(
            (batch for batch in self._batches if any(row.sequence_id == sequence_id for row in batch.rows)),
            None,
        )

    def choose(self, sequences: list[Sequence]) -> DecodeBatch:
        """The batch that new rows are best put in; a new one where none suits."""
        lengths = [sequence.num_tokens for sequence in sequences]
        choices = [(batch.padding_with(lengths), batch) for batch in self._batches if self._can_batch]
        if choices:
            padding, batch = min(choices, key=lambda choice: choice[0])
            if self._is_cheap(padding) and self._fits([*batch.rows, *sequences], without=[batch]):
                return batch
        batch = DecodeBatch(self._model, can_batch=self._can_batch, samples_on_host=self._samples_on_host)
        self._batches.append(batch)
        return batch

    def drop_empty(self) -> None:
        """Forget batches without rows."""
        self._batches = [batch for batch in self._batches if batch.rows]

    def tidy(self) -> None:
        """Join batches that have become alike. Nothing may be in flight."""
        self.drop_empty()
        if not self._can_batch:
            return
        self._batches.sort(key=lambda batch: max(row.num_tokens for row in batch.rows))
        for shorter, longer in zip(self._batches, self._batches[1:], strict=False):
            padding = longer.padding_with([row.num_tokens for row in shorter.rows])
            together = [*longer.rows, *shorter.rows]
            if self._is_cheap(padding / _REJOIN_SHARE) and self._fits(together, without=[shorter, longer]):
                longer.absorb(shorter)
        self.drop_empty()

    def _is_cheap(self, padded_tokens: float) -> bool:
        return padded_tokens * self._ledger.size.bytes_per_token <= self._weight_bytes

    def _fits(self, together: list[Sequence], *, without: list[DecodeBatch]) -> bool:
        others = [batch.rows for batch in self._batches if batch not in without]
        return self._ledger.fits([*others, together])
