"""One sequence's sampling state, and the sparse table of logits that it changes."""

from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.guiding.row import GuideRow
from mlx_manager.mlx_server.engine.wire import Submit

BIAS: Final = 0
FACTOR: Final = 1
PENALTY: Final = 2


class LogitTable:
    """The logits that one row changes, an entry a token id.

    With its entry's bias, factor and penalty a logit becomes `x = logit + bias`, then
    `x / factor if x > 0 else x * factor`, then that less the penalty.
    """

    def __init__(self, token_ids: NDArray[np.int64]) -> None:
        """Neutral entries for distinct ids."""
        self._index = {token_id: index for index, token_id in enumerate(token_ids.tolist())}
        self._ids = token_ids
        self._values = np.zeros((3, len(token_ids)), np.float32)
        self._values[FACTOR] = 1

    @property
    def ids(self) -> NDArray[np.int64]:
        """Every id once. Shape: (num_entries,)."""
        return self._ids[: len(self._index)]

    @property
    def values(self) -> NDArray[np.float32]:
        """Their `BIAS`, `FACTOR` and `PENALTY`. Shape: (3, num_entries)."""
        return self._values[:, : len(self._index)]

    def entry(self, token_id: int) -> NDArray[np.float32]:
        """One id's values, to write to; made, neutral, where there is none. Shape: (3,)."""
        index = self._index.get(token_id)
        if index is None:
            index = self._index[token_id] = len(self._index)
            if index == len(self._ids):
                room = max(16, index)
                self._ids = np.concatenate([self._ids, np.zeros(room, np.int64)])
                self._values = np.concatenate([self._values, np.zeros((3, room), np.float32)], axis=1)
            self._ids[index] = token_id
            self._values[FACTOR, index] = 1
        return self._values[:, index]


class SamplingRow:
    """One sequence's sampling state: its request, its position, and what it has drawn.

    Attributes:
        position: index of the next draw; 0 for the first token after the prompt. Samplers advance it.
        needs_history: whether a draw depends on the tokens drawn before, so that `note` must come first.
        changes_logits: whether this row has penalties or bias.
        guide: says which tokens may be drawn; None where all may.
    """

    def __init__(self, request: Submit, guide: GuideRow | None = None) -> None:
        self.request = request
        self.guide = guide
        self.position = 0
        self._has_penalties = (
            request.repetition_penalty != 1 or request.presence_penalty != 0 or request.frequency_penalty != 0
        )
        self.needs_history = self._has_penalties or guide is not None
        self.changes_logits = self._has_penalties or bool(request.logit_bias)
        self._counts: Counter[int] = Counter()
        self._table: LogitTable | None = None

    def note(self, token_id: int) -> None:
        """Count a drawn token that has become known; it is penalised from the next draw on."""
        if not self._has_penalties:
            return
        self._counts[token_id] += 1
        if self._table is not None:
            self._penalise(self._table, token_id)

    def table(self, vocab_size: int) -> LogitTable:
        """What this row changes now; built at the first call. Ids outside the vocabulary are left out."""
        if self._table is None:
            self._table = self._make_table(vocab_size)
        return self._table

    def _make_table(self, vocab_size: int) -> LogitTable:
        request = self.request
        repeats = request.repetition_penalty != 1
        prompt = np.unique(np.array(request.prompt_ids if repeats else [], np.int64))
        table = LogitTable(prompt[(prompt >= 0) & (prompt < vocab_size)])
        table.values[FACTOR] = request.repetition_penalty
        for token_id, bias in request.logit_bias.items():
            if 0 <= token_id < vocab_size:
                table.entry(token_id)[BIAS] = bias
        for token_id in self._counts:
            self._penalise(table, token_id)
        return table

    def _penalise(self, table: LogitTable, token_id: int) -> None:
        request = self.request
        entry = table.entry(token_id)
        entry[FACTOR] = request.repetition_penalty
        entry[PENALTY] = request.presence_penalty + request.frequency_penalty * self._counts[token_id]
