"""Texts that end a free run of tokens, though they need not end where a token does."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary


class Opening:
    """A text, and what may follow it within the same token.

    Args:
        text: what is looked for; never empty.
        accepts: whether what follows may begin with these bytes.
        at_start: whether it counts only where nothing but white space stands before it.
    """

    def __init__(
        self,
        text: bytes,
        vocabulary: GuideVocabulary,
        accepts: Callable[[bytes], bool],
        *,
        at_start: bool = False,
    ) -> None:
        self.text = text
        self.at_start = at_start
        self._vocabulary = vocabulary
        self._accepts = accepts
        self._refused: dict[int, frozenset[int]] = {}

    def prepare(self) -> None:
        """Look through the whole vocabulary now, so that no step waits for it."""
        self.refused(self.text[:1])

    def refused(self, tail: bytes) -> set[int]:
        """The tokens that would complete the text after this one and go on with what may not follow it."""
        found = set(self._refused_within)
        for length in self.begun(tail):
            found |= self._refused_after(length)
        return found

    def completing(self, tail: bytes) -> set[int]:
        """The tokens that would complete the text after this one, whatever they go on with."""
        found: set[int] = set()
        for length in [*self.begun(tail), 0]:
            rest = self.text[length:]
            found.update(self._vocabulary.ids_of(rest))
            found.update(token_id for _, token_id in self._vocabulary.longer_than(rest))
        return found

    def begun(self, tail: bytes) -> Iterator[int]:
        """Lengths of the ends of a text that this one begins with, longest first."""
        for length in range(min(len(tail), len(self.text) - 1), 0, -1):
            if tail.endswith(self.text[:length]):
                yield length

    def _refused_after(self, length: int) -> frozenset[int]:
        if length not in self._refused:
            longer = self._vocabulary.longer_than(self.text[length:])
            self._refused[length] = self._not_accepted(longer)
        return self._refused[length]

    @cached_property
    def _refused_within(self) -> frozenset[int]:
        return self._not_accepted(self._vocabulary.beyond(self.text))

    def _not_accepted(self, found: Iterable[tuple[bytes, int]]) -> frozenset[int]:
        return frozenset(token_id for rest, token_id in found if not self._accepts(rest))
