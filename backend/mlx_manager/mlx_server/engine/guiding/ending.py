"""The shortest way from where a matcher is to an end of its grammar, nearly."""

from collections import Counter
from typing import Final, NamedTuple

import llguidance
import numpy as np

from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary

# Outside of strings: what closes things, then what is or begins a short value, then what goes on.
_PREFERRED: Final = b'}],01"ntf{[-'
_QUOTE: Final = ord('"')
_LETTERS: Final = b"xy"
_MOST_STEPS: Final = 192
_MOST_LOOKED_AT: Final = 4096


class Ending(NamedTuple):
    """Tokens that lead to an end.

    Attributes:
        token_ids: to be drawn, one after the other.
        needs_stop: whether the grammar could go on there, so that a token that ends the sequence is
            needed, too.
    """

    token_ids: list[int]
    needs_stop: bool

    @property
    def num_tokens(self) -> int:
        """Tokens that it takes in all."""
        return len(self.token_ids) + self.needs_stop


class EndingFinder:
    """Looks for ends by always taking what closes most; what a grammar forces costs no search."""

    def __init__(self, vocabulary: GuideVocabulary) -> None:
        self._vocabulary = vocabulary
        self._preferred = self._ids(_PREFERRED)
        self._letters = self._ids(_LETTERS)
        self._quote = self._ids(bytes([_QUOTE]))

    def find(self, matcher: llguidance.LLMatcher) -> Ending | None:
        """An end of what the matcher has taken so far; None where none is near or can be told.

        Args:
            matcher: stays as it is.
        """
        ahead = matcher.deep_copy()
        path: list[int] = []
        uses: Counter[int] = Counter()
        for _ in range(_MOST_STEPS):
            if ahead.is_accepting():
                return Ending(path, needs_stop=not ahead.is_stopped())
            step = ahead.compute_ff_tokens() or [self._choose(ahead.compute_bitmask(), uses)]
            if step[0] < 0 or ahead.is_error() or not ahead.consume_tokens(step):
                return None
            path += step
            uses[step[0]] += 1
        return None

    def _choose(self, mask: bytes, uses: Counter[int]) -> int:
        """The token that most likely leads to an end; -1 where the mask is empty."""
        is_in_text = bool(self._allowed(self._letters, mask))
        if is_in_text and (quote := self._allowed(self._quote, mask)):
            return quote[0]
        # Where letters may come, brackets are letters, too.
        if not is_in_text and (found := self._allowed(self._preferred, mask)):
            return found[0]
        bits = np.unpackbits(np.frombuffer(mask, np.uint8), bitorder="little")
        allowed = np.flatnonzero(bits)[:_MOST_LOOKED_AT].tolist()
        bytes_of = self._vocabulary.bytes_of
        # The least used, so that no letter is written for ever; of those the shortest.
        return min(allowed, key=lambda token_id: (uses[token_id], len(bytes_of(token_id))), default=-1)

    def _ids(self, characters: bytes) -> list[int]:
        """Tokens that are these characters."""
        found = [self._vocabulary.encode(bytes([character])) for character in characters]
        return [ids[0] for ids in found if len(ids) == 1]

    @staticmethod
    def _allowed(token_ids: list[int], mask: bytes) -> list[int]:
        return [token_id for token_id in token_ids if mask[token_id // 8] >> token_id % 8 & 1]
