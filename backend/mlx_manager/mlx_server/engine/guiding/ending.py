"""The shortest way from where a matcher is to an end of its grammar, nearly."""

import time
from collections import Counter
from typing import Final, NamedTuple

import llguidance
import numpy as np

from mlx_manager.mlx_server.engine.guiding.matching import GuideFault, allowed
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary

# Outside of strings: what closes things, then what is or begins a short value, then what goes on.
_PREFERRED: Final = b'}],01"ntf{[-'
_QUOTE: Final = ord('"')
_LETTERS: Final = b"xy"
_MOST_STEPS: Final = 192
_MOST_LOOKED_AT: Final = 4096
# The masks of a few grammars take thousands of times as long as others.
_MOST_S: Final = 0.1


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
        deadline = time.thread_time() + _MOST_S
        for _ in range(_MOST_STEPS):
            if time.thread_time() > deadline:
                return None
            if ahead.is_accepting():
                return Ending(path, needs_stop=not ahead.is_stopped())
            step = self._step(ahead, uses)
            if not step or not ahead.consume_tokens(step):
                return None
            path += step
            uses[step[0]] += 1
        return None

    def _step(self, ahead: llguidance.LLMatcher, uses: Counter[int]) -> list[int]:
        """What must come, or what most likely leads to an end; empty where nothing may come."""
        forced = ahead.compute_ff_tokens()
        if forced := forced[: ahead.validate_tokens(forced)]:
            return forced
        try:
            mask = allowed(ahead, self._vocabulary)
        except GuideFault:
            return []
        bits = np.unpackbits(mask.view(np.uint8), bitorder="little")
        is_in_text = any(bits[token_id] for token_id in self._letters)
        # Where letters may come, brackets are letters, too.
        for token_id in self._quote if is_in_text else self._preferred:
            if bits[token_id]:
                return [token_id]
        found = np.flatnonzero(bits)[:_MOST_LOOKED_AT].tolist()
        bytes_of = self._vocabulary.bytes_of
        # The least used, so that no letter is written for ever; of those the shortest.
        return sorted(found, key=lambda token_id: (uses[token_id], len(bytes_of(token_id))))[:1]

    def _ids(self, characters: bytes) -> list[int]:
        """Tokens that are these characters."""
        found = [self._vocabulary.encode(bytes([character])) for character in characters]
        return [ids[0] for ids in found if len(ids) == 1]
