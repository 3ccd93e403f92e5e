"""Text that a grammar holds, and how it begins."""

from collections.abc import Callable, Sequence
from typing import Final

import llguidance

from mlx_manager.mlx_server.engine.guiding.ending import Ending, EndingFinder
from mlx_manager.mlx_server.engine.guiding.masks import Mask, mask_of
from mlx_manager.mlx_server.engine.guiding.matching import GuideFault, allowed, why
from mlx_manager.mlx_server.engine.guiding.phases import Phase
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary

# An end is looked for as many tokens before it is needed as it is long, and some more.
_SPARE_TOKENS: Final = 16
_MOST_MARGIN: Final = 32


class Held:
    """A grammar says what may come, until it can take no more.

    Args:
        after: makes what follows then.
        ending: looks for ends, where the text is to be whole when its tokens run out; else None.
        base_tokens: of the shortest text that the grammar has.
    """

    def __init__(
        self,
        matcher: llguidance.LLMatcher,
        vocabulary: GuideVocabulary,
        after: Callable[[], Phase],
        ending: EndingFinder | None = None,
        base_tokens: int = 0,
    ) -> None:
        self._matcher = matcher
        self._vocabulary = vocabulary
        self._after = after
        self._ending = ending
        self._margin = min(max(base_tokens // 2, 4), _MOST_MARGIN)
        self._look_at = 2 * base_tokens + self._margin + 4 * _SPARE_TOKENS
        self._forced: list[int] = []

    def mask(self, remaining: int) -> Mask | None:
        """See `Phase`."""
        if not self._forced and self._ending is not None and remaining <= self._look_at:
            self._look_for_end(self._ending, remaining)
        if self._forced:
            return mask_of(self._forced[:1], self._vocabulary.width)
        return allowed(self._matcher, self._vocabulary)

    def take(self, token_id: int, text: bytes) -> Phase:
        """See `Phase`."""
        if self._forced:
            self._forced.pop(0)
        if not self._matcher.consume_token(token_id):
            raise GuideFault(why(self._matcher))
        return self.settled()

    def settled(self) -> Phase:
        """This phase, or what follows where the grammar can take no more."""
        return self._after() if self._matcher.is_stopped() else self

    def feed(self, text: bytes) -> bool:
        """Take what came within one token before this phase; False where it does not belong here."""
        ids = self._vocabulary.encode(text) if text else []
        return self._matcher.validate_tokens(ids) == len(ids) and self._matcher.consume_tokens(ids)

    def accepts(self, token_id: int) -> bool:
        """Whether this token may come next."""
        return bool(self._matcher.validate_tokens([token_id]) == 1)

    def _look_for_end(self, finder: EndingFinder, remaining: int) -> None:
        found = finder.find(self._matcher)
        if found is None:
            self._look_at = remaining - _SPARE_TOKENS
            return
        spare = remaining - found.num_tokens - self._margin
        if spare <= 0:
            self._forced = self._all_of(found)
        else:
            self._look_at = remaining - max(spare // 2, 1)

    def _all_of(self, found: Ending) -> list[int]:
        stops = sorted(self._vocabulary.stop_ids)[:1] if found.needs_stop else []
        return [*found.token_ids, *stops]


class Gap:
    """White space may come, and then a held answer.

    Args:
        held: the answer; its own white space, if it has some, is its beginning.
    """

    def __init__(self, held: Held, vocabulary: GuideVocabulary) -> None:
        self._held = held
        self._vocabulary = vocabulary

    def mask(self, remaining: int) -> Mask | None:
        """See `Phase`."""
        held = self._held.mask(remaining)
        spaces = mask_of(self._vocabulary.spaces, self._vocabulary.width)
        return None if held is None else held | spaces

    def take(self, token_id: int, text: bytes) -> Phase:
        """See `Phase`."""
        if not self._held.accepts(token_id) and token_id in self._vocabulary.spaces:
            return self._held  # there is one gap, not many
        return self._held.take(token_id, text)


class Undecided:
    """A held answer that may begin with reasoning: either its opening text comes, or the answer itself.

    Args:
        opening_ids: tokens of the opening text.
        held: the answer.
        reasoning: makes the reasoning.
    """

    def __init__(
        self, opening_ids: Sequence[int], held: Held, reasoning: Callable[[], Phase], width: int
    ) -> None:
        self._opening_ids = list(opening_ids)
        self._held: Held | None = held
        self._reasoning = reasoning
        self._width = width

    def mask(self, remaining: int) -> Mask | None:
        """See `Phase`."""
        opening = mask_of(self._opening_ids[:1], self._width)
        if self._held is None:
            return opening
        held = self._held.mask(remaining)
        return None if held is None else held | opening

    def take(self, token_id: int, text: bytes) -> Phase:
        """See `Phase`."""
        is_answer = self._held is not None and self._held.accepts(token_id)
        if token_id != self._opening_ids[0]:
            assert self._held is not None
            return self._held.take(token_id, text)
        after = None
        if self._held is not None and is_answer:
            after = self._held.take(token_id, text)
        self._held = after if isinstance(after, Held) else None
        self._opening_ids.pop(0)
        return self if self._opening_ids else self._reasoning()
