"""The shortest way from where a matcher is to an end of its grammar, nearly."""

from collections import Counter
from typing import Final, NamedTuple

import llguidance
import numpy as np

from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary

# What closes things, then what begins a short value.
_PREFERRED: Final = (b"}", b"]", b'"', b"0", b"1", b",", b"<", b"null", b"true", b"false")
_MOST_STEPS: Final = 192


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
        ids = [vocabulary.encode(text) for text in _PREFERRED]
        self._preferred = [found[0] for found in ids if len(found) == 1]

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
        """A token that closes something, or the shortest that was taken least; -1 where the mask is empty."""
        allowed = [token_id for token_id in self._preferred if mask[token_id // 8] >> token_id % 8 & 1]
        if not allowed:
            bits = np.unpackbits(np.frombuffer(mask, np.uint8), bitorder="little")
            found = np.flatnonzero(bits)[: 64 * _MOST_STEPS].tolist()
            bytes_of = self._vocabulary.bytes_of
            allowed = sorted(found, key=lambda token_id: len(bytes_of(token_id)))[:64]
        return min(allowed, key=lambda token_id: uses[token_id], default=-1)
