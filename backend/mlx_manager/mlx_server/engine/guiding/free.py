"""Text that no grammar holds: an answer until a call opens, and reasoning."""

from collections.abc import Sequence

from mlx_manager.mlx_server.engine.guiding.masks import Mask, mask_of, mask_without
from mlx_manager.mlx_server.engine.guiding.openings import Opening
from mlx_manager.mlx_server.engine.guiding.phases import Enter, Phase
from mlx_manager.mlx_server.engine.guiding.vocabulary import GuideVocabulary


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
