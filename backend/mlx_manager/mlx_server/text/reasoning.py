"""Telling a model's reasoning from its answer."""

from typing import Final, NamedTuple

OPEN: Final = "<think>"
CLOSE: Final = "</think>"


class Piece(NamedTuple):
    """A run of text that is reasoning or answer."""

    text: str
    is_reasoning: bool


class ReasoningSplitter:
    """Splits `<think>…</think>` at the head of an answer from what follows, whatever the chunks.

    Args:
        opened: the prompt itself ends inside the block, as some templates do.

    Attributes:
        taken: characters pushed so far.
        answer_start: those before the answer's first, or None until that is known.
    """

    def __init__(self, *, opened: bool = False) -> None:
        self._inside = opened
        self._decided = opened
        self._trim = opened  # white space beside the tags belongs to neither
        self._held = ""
        self.taken = 0
        self.answer_start: int | None = None

    @classmethod
    def after(cls, prompt_text: str) -> "ReasoningSplitter":
        """A splitter for what follows this rendered prompt."""
        return cls(opened=prompt_text.rstrip().endswith(OPEN))

    @classmethod
    def within(cls, answer: str) -> "ReasoningSplitter | None":
        """A splitter for what goes on with an answer that has begun; None where its reasoning is over."""
        return cls(opened=True) if answer.rfind(OPEN) > answer.rfind(CLOSE) else None

    @property
    def inside(self) -> bool:
        """Whether the text that comes next is reasoning."""
        return self._inside

    def push(self, text: str) -> list[Piece]:
        """Take text and return the runs that are certain."""
        self._held += text
        self.taken += len(text)
        pieces: list[Piece] = []
        if not self._decided and not self._decide():
            return pieces
        if self._inside:
            before, tag, after = self._held.partition(CLOSE)
            keep = "" if tag else _tail_that_begins(CLOSE, before)
            # White space before the closing tag is the tag's; it waits until it is known.
            body = before[: len(before) - len(keep)]
            rest = body[len(body.rstrip()) :] + keep
            self._append(pieces, body.rstrip(), True)
            self._held = after if tag else rest
            if not tag:
                return pieces
            self._inside, self._trim = False, True
        self._append(pieces, self._held, False)
        self._held = ""
        return pieces

    def finish(self) -> list[Piece]:
        """What was held back at the end."""
        held, self._held = self._held, ""
        if not self._decided:
            self.answer_start = 0
        pieces: list[Piece] = []
        self._append(pieces, held.rstrip() if self._inside else held, self._inside)
        return pieces

    def _decide(self) -> bool:
        """Whether the answer opens with reasoning; until that is known nothing is given out."""
        head = self._held.lstrip()
        if head.startswith(OPEN):
            self._held = head[len(OPEN) :]
            self._inside = self._trim = True
        elif OPEN.startswith(head):
            return False
        self._decided = True
        return True

    def _append(self, pieces: list[Piece], text: str, is_reasoning: bool) -> None:
        if self._trim:
            text = text.lstrip()
            self._trim = not text
        if text and not is_reasoning and self.answer_start is None:
            self.answer_start = self.taken - len(text)  # an answer's text is never held: it is the newest
        if text:
            pieces.append(Piece(text, is_reasoning))


def _tail_that_begins(tag: str, text: str) -> str:
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-length:]):
            return text[-length:]
    return ""
