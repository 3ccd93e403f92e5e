"""What a sequence is in the middle of, and which tokens may come next there."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import llguidance

from mlx_manager.mlx_server.engine.guiding.ending import Ending, EndingFinder
from mlx_manager.mlx_server.engine.guiding.masks import Mask, mask_of, mask_without
from mlx_manager.mlx_server.engine.guiding.matching import GuideFault, allowed, why
from mlx_manager.mlx_server.engine.guiding.openings import Opening
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary

# An end is looked for as many tokens before it is needed as it is long, and some more.
_SPARE_TOKENS: Final = 16
_MOST_MARGIN: Final = 32


class Phase(Protocol):
    """A part of a sequence."""

    def mask(self, remaining: int) -> Mask | None:
        """The tokens that may come next; None where all may.

        Args:
            remaining: most tokens that are still to be drawn.

        Raises:
            GuideFault: nobody can tell.
        """
        ...

    def take(self, token_id: int, text: bytes) -> "Phase":
        """What comes after this token. Raises GuideFault where it should not have been drawn."""
        ...


Enter = Callable[[bytes], Phase | None]


class Over:
    """Nothing may follow."""

    def mask(self, remaining: int) -> Mask | None:
        """See `Phase`; a sequence that is over draws nothing."""
        return None

    def take(self, token_id: int, text: bytes) -> "Phase":
        """See `Phase`."""
        return self


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


class Free:
    """Anything may come, until a text opens something else.

    Args:
        openings: the texts, each with what makes the phase that it opens; one that makes none of what
            came after it in the same token opens nothing.
        forbidden: a text that must not come where only white space stands before it, here or after what
            was opened; None forbids nothing.
    """

    def __init__(
        self,
        openings: Sequence[tuple[Opening, Enter]],
        vocabulary: GuideVocabulary,
        forbidden: Opening | None = None,
    ) -> None:
        self._openings = openings
        self._forbidden = forbidden
        self._edge: bytes | None = b""  # what may be the beginning of what is forbidden
        self._vocabulary = vocabulary
        self._longest = max((len(opening.text) for opening, _ in openings), default=1)
        self._tail = b""
        self._is_at_start = True

    @property
    def _open(self) -> list[tuple[Opening, Enter]]:
        return [pair for pair in self._openings if self._is_at_start or not pair[0].at_start]

    def mask(self, remaining: int) -> Mask | None:
        """See `Phase`."""
        refused: set[int] = set()
        for opening, _ in self._open:
            refused |= opening.refused(self._tail)
        if self._forbidden is not None and self._edge is not None:
            refused |= self._forbidden.completing(self._edge)
        return mask_without(refused, self._vocabulary.width) if refused else None

    def take(self, token_id: int, text: bytes) -> Phase:
        """See `Phase`."""
        return self.take_text(text)

    def take_text(self, text: bytes) -> Phase:
        """What comes after this text."""
        self._tail += text
        self._note_edge(text)
        found: list[tuple[int, int, int]] = []
        open_now = self._open
        for number, (opening, _) in enumerate(open_now):
            start = self._tail.find(opening.text)
            if start >= 0 and not (opening.at_start and self._tail[:start].strip()):
                # The first that is complete; of two that end together the longer.
                found.append((start + len(opening.text), start, number))
        for end, _, number in sorted(found):
            if (phase := open_now[number][1](self._tail[end:])) is not None:
                return phase
        self._trim()
        return self

    def restart(self) -> "Free":
        """The same after something that it opened: no longer at the start."""
        again = Free(self._openings, self._vocabulary, self._forbidden)
        again._is_at_start = False
        return again

    def _note_edge(self, text: bytes) -> None:
        if self._forbidden is not None and self._edge is not None:
            edge = (self._edge + text).lstrip()
            self._edge = edge if self._forbidden.text.startswith(edge) else None

    def _trim(self) -> None:
        """Forget what can be no beginning of an opening any more."""
        if self._is_at_start:
            head = self._tail.lstrip()
            self._is_at_start = not head or any(
                opening.at_start and opening.text.startswith(head) for opening, _ in self._openings
            )
            self._tail = head if self._is_at_start else self._tail
        if not self._is_at_start:
            self._tail = self._tail[1 - self._longest :] if self._longest > 1 else b""


class Reasoning:
    """Anything may come, until the text that closes it, which comes by itself or when its time is up.

    Args:
        closing: the text, which `after` follows.
        after: makes what follows, of what came after the closing text in the same token.
        budget: most tokens, or None.
        reserve: tokens that are kept for what follows it.
        may_stop: whether the sequence may end in here.
    """

    def __init__(
        self,
        closing: Opening,
        vocabulary: GuideVocabulary,
        after: Enter,
        *,
        budget: int | None,
        reserve: int = 0,
        may_stop: bool = True,
    ) -> None:
        self._closing = closing
        self._vocabulary = vocabulary
        self._after = after
        self._budget = budget
        self._reserve = reserve
        self._never = frozenset() if may_stop else vocabulary.stop_ids
        self._tail = b""
        self._num_tokens = 0
        self._forced: list[int] = []

    def mask(self, remaining: int) -> Mask | None:
        """See `Phase`."""
        if not self._forced and self._is_time_up(remaining):
            begun = next(self._closing.begun(self._tail), 0)
            self._forced = self._vocabulary.encode(self._closing.text[begun:])
        if self._forced:
            return mask_of(self._forced[:1], self._vocabulary.width)
        refused = self._never | self._closing.refused(self._tail)
        return mask_without(refused, self._vocabulary.width) if refused else None

    def take(self, token_id: int, text: bytes) -> Phase:
        """See `Phase`."""
        self._num_tokens += 1
        if self._forced:
            self._forced.pop(0)
        return self.take_text(text)

    def take_text(self, text: bytes) -> Phase:
        """What comes after this text."""
        self._tail += text
        start = self._tail.find(self._closing.text)
        if start >= 0:
            end = start + len(self._closing.text)
            if (phase := self._after(self._tail[end:])) is not None:
                return phase
        self._tail = self._tail[1 - len(self._closing.text) :] if len(self._closing.text) > 1 else b""
        return self

    def _is_time_up(self, remaining: int) -> bool:
        if self._budget is not None and self._num_tokens >= self._budget:
            return True
        return bool(self._reserve) and remaining <= self._reserve + len(self._closing.text)


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
