"""Prompt-lookup drafting: a sequence's own text proposes what comes next, and one step checks it all.

Source: Saxena, "Prompt lookup decoding", 2023. Plain Python, no MLX.
"""

from collections.abc import Iterable
from typing import Final

from mlx_manager.mlx_server.engine.sequence import Sequence

_NGRAM_SIZES: Final = (3, 2)
_MOST_DRAFTED: Final = 16
_FIRST_DRAFTED: Final = 4
# After so many drafts of which nothing was right, decode plainly for a while: that is quicker then.
_PATIENCE: Final = 3
_REST_TOKENS: Final = 32


class NGramIndex:
    """Where each short run of tokens was last followed by something."""

    def __init__(self, token_ids: Iterable[int] = ()) -> None:
        self._ids: list[int] = []
        self._followed_at: dict[tuple[int, ...], int] = {}
        self.extend(token_ids)

    def __len__(self) -> int:
        return len(self._ids)

    def extend(self, token_ids: Iterable[int]) -> None:
        """Append tokens."""
        for token_id in token_ids:
            for size in _NGRAM_SIZES:
                if len(self._ids) >= size:
                    self._followed_at[tuple(self._ids[-size:])] = len(self._ids)
            self._ids.append(token_id)

    def continuation(self, most: int) -> list[int]:
        """What followed the last occurrence of the end of the text; empty where it is new.

        A run that reaches the end goes on with itself: text that goes in a circle is drafted in full.
        """
        for size in _NGRAM_SIZES:
            if (start := self._followed_at.get(tuple(self._ids[-size:]))) is not None:
                run = self._ids[start : start + most]
                return [run[index % len(run)] for index in range(most)]
        return []


class Drafter:
    """Drafts for one greedy sequence at a time."""

    def __init__(self) -> None:
        self._sequence_id: int | None = None
        self._index = NGramIndex()
        self._length = _FIRST_DRAFTED
        self._misses = 0
        self._resting_until = 0

    def is_ready_for(self, sequence: Sequence) -> bool:
        """Whether a draft may be had now, so that no step should be launched ahead."""
        request = sequence.request
        is_plain_greedy = request.temperature <= 0 and not (
            sequence.sampling.changes_logits or sequence.guide is not None
        )
        if not is_plain_greedy or request.top_logprobs is not None:
            return False
        if sequence.sequence_id != self._sequence_id:
            self._sequence_id = sequence.sequence_id
            self._index = NGramIndex()
            self._length, self._misses, self._resting_until = _FIRST_DRAFTED, 0, 0
        return len(sequence.drawn_ids) >= self._resting_until

    def draft(self, sequence: Sequence) -> list[int]:
        """Tokens that may come next; empty where the text says nothing."""
        seen = len(self._index)
        prompt = sequence.request.prompt_ids
        self._index.extend(prompt[seen:])
        self._index.extend(sequence.drawn_ids[max(seen - len(prompt), 0) :])
        left = sequence.request.max_tokens - len(sequence.drawn_ids) - 1
        return self._index.continuation(min(self._length, left))

    def note(self, sequence: Sequence, *, num_drafted: int, num_accepted: int) -> None:
        """Say how good the draft was."""
        if num_accepted == num_drafted:
            self._length = min(self._length * 2, _MOST_DRAFTED)
        else:
            self._length = max(num_accepted + 1, 2)
        self._misses = 0 if num_accepted else self._misses + 1
        if self._misses >= _PATIENCE:
            self._misses = 0
            self._resting_until = len(sequence.drawn_ids) + _REST_TOKENS
