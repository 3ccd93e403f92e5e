"""Reasoning between two tags."""

from collections.abc import Sequence

from mlx_manager.mlx_server.text.reasoning_formats.base import Piece, ReasoningFormat

_BETWEEN_BLOCKS = "\n\n"


class TagSplitter:
    """Splits blocks of reasoning from the answer.

    A block begins where nothing but white space stands before its tag: at the head of the answer, after
    another block, or after a call. Elsewhere a tag is text: a model that explains the tags, or writes them
    into a file, keeps them. A tag that is written once more, an opening one at the beginning of a block or
    a closing one after its end, is dropped. White space beside the tags belongs to neither side.

    Args:
        opened: the prompt itself ends inside a block, as with some templates.
        closed: the prompt itself ends after a block, as where a template asks for no reasoning.
        resumes_after: texts after which another block may begin: those that end a call.

    Attributes:
        taken: characters pushed so far.
        answer_start: those before the answer's first, or None until that is known.
    """

    def __init__(
        self,
        reasoning: ReasoningFormat,
        *,
        opened: bool = False,
        closed: bool = False,
        resumes_after: Sequence[str] = (),
    ) -> None:
        self._opening, self._closing = reasoning.opening.strip(), reasoning.closing.strip()
        self._answer_tags = reasoning.answer_tags
        self._resumes_after = tuple(resumes_after)
        self._inside = opened
        self._at_edge = True  # nothing but white space has come of this block, or of what follows one
        self._after_block = closed
        self._in_answer_tags = False
        self._has_thought = False  # in this block
        self._gap = ""  # between what blocks one after the other hold
        self._tail = ""  # of the answer: what may be the beginning of a text to resume after
        self._held = ""
        self.taken = 0
        self.answer_start: int | None = None

    @property
    def inside(self) -> bool:
        """Whether the text that comes next is reasoning."""
        return self._inside

    def push(self, text: str) -> list[Piece]:
        """Take text and return the runs that are certain."""
        self._held += text
        self.taken += len(text)
        pieces: list[Piece] = []
        while self._step(pieces):
            pass
        return pieces

    def finish(self) -> list[Piece]:
        """What was held back at the end."""
        pieces: list[Piece] = []
        if self._inside or self._in_answer_tags:
            self._held = self._held.rstrip()
        elif self._at_edge and self._after_block:
            self._held = self._held.lstrip()
        self._give(len(self._held), pieces)
        if self.answer_start is None and not self._inside:
            self.answer_start = self.taken
        return pieces

    def _step(self, pieces: list[Piece]) -> bool:
        """Go on with what is held; whether there may be more to do."""
        if self._at_edge and self._inside:
            return self._head_of_block()
        if self._at_edge:
            return self._edge()
        if self._inside:
            return self._until(self._closing, pieces)
        if self._in_answer_tags:
            assert self._answer_tags is not None
            return self._until(self._answer_tags[1], pieces)
        self._answer(pieces)
        return self._at_edge and bool(self._held)

    def _head_of_block(self) -> bool:
        self._held = self._held.lstrip()
        if self._held.startswith(self._opening):
            self._held = self._held[len(self._opening) :]
            return True
        self._at_edge = self._opening.startswith(self._held)
        return not self._at_edge

    def _edge(self) -> bool:
        """Whether a block begins here; until that is known nothing is given out."""
        body = self._held.lstrip()
        tags = [self._opening]
        if self._after_block:
            tags += [self._closing, *(self._answer_tags or ())[:1]]
        found = next((tag for tag in tags if body.startswith(tag)), None)
        if found is not None:
            self._held = body[len(found) :]
            self._inside = found == self._opening
            self._in_answer_tags = self._in_answer_tags or found not in (self._opening, self._closing)
            return True
        if any(tag.startswith(body) for tag in tags):
            return False
        if self._after_block:
            self._held = body
        self._at_edge = self._after_block = False
        return True

    def _until(self, closing: str, pieces: list[Piece]) -> bool:
        """Give out what comes before the closing tag; white space before it waits until that is known."""
        before, tag, after = self._held.partition(closing)
        kept = 0 if tag else num_begun(before, closing)
        body = before[: len(before) - kept].rstrip()
        self._give(len(body), pieces)
        if tag:
            if self._has_thought:
                self._gap = _BETWEEN_BLOCKS
            self._has_thought = False
            self._held = after
            self._inside = self._in_answer_tags = False
            self._at_edge = self._after_block = True
        return bool(tag)

    def _answer(self, pieces: list[Piece]) -> None:
        """Give out the answer, up to where a block may begin again."""
        text = self._tail + self._held
        ends = [self._end_of(mark, text) for mark in self._resumes_after]
        found = min((end for end in ends if end is not None), default=None)
        end = len(text) if found is None else found
        self._at_edge = found is not None
        given = end - len(self._tail)
        longest = max(map(len, self._resumes_after), default=1) - 1
        self._tail = "" if self._at_edge else text[len(text) - min(longest, len(text)) :]
        self._give(given, pieces)

    def _end_of(self, mark: str, text: str) -> int | None:
        """Where a mark ends that was not whole before."""
        found = text.find(mark, max(0, len(self._tail) - len(mark) + 1))
        return None if found < 0 else found + len(mark)

    def _give(self, length: int, pieces: list[Piece]) -> None:
        """Give out so much of what is held."""
        start = self.taken - len(self._held)
        text, self._held = self._held[:length], self._held[length:]
        if not text:
            return
        if not self._inside and self.answer_start is None:
            self.answer_start = start
        self._has_thought = self._inside
        gap, self._gap = (self._gap if self._inside else ""), ""
        pieces.append(Piece(gap + text, self._inside, start))


def num_begun(text: str, tag: str) -> int:
    """Length of the longest end of a text that may be the beginning of a tag."""
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-length:]):
            return length
    return 0
