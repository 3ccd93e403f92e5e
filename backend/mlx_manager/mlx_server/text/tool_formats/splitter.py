"""Telling a model's calls from its text, in whichever format its reader knows."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.text.tool_formats.base import CallEvent
from mlx_manager.mlx_server.text.tool_formats.source import (
    CallArguments,
    CallEnd,
    CallName,
    CallPiece,
    CutOff,
    NotACall,
    Reading,
    Source,
    num_undecided,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A text that opens calls.

    Attributes:
        at_start: whether it does so only where nothing but calls and white space stands before it. Such a
            text may also be the answer's own, so a call there must name a tool that is on offer.
        is_part: whether it belongs to what the reader reads.
    """

    text: str
    at_start: bool = False
    is_part: bool = False


class Reader(Protocol):
    """Reads one call, or several in a section, from after its opening to where the text is free again."""

    def __call__(self, source: Source, opening: Opening, /) -> Reading[None]: ...


class Splitter:
    """Splits calls from text, whatever the chunks; nothing of a call is ever given out as text.

    White space between a text and a call, and between calls, belongs to neither. What looks like a call and
    is none is text after all: hiding it would hide what the model said. A call that is cut off stays as far
    as it came.

    Args:
        read: is called after each opening.
        parallel: whether there may be more than one call.
        choice: the choice that its events name.

    Attributes:
        num_calls: calls that have been told of.
        is_over: whether the only call that was wanted is complete; nothing more is to be pushed then.
    """

    def __init__(self, openings: Sequence[Opening], read: Reader, *, parallel: bool, choice: int) -> None:
        self._openings = openings
        self._texts = [opening.text for opening in openings if not opening.at_start]
        self._starts = [opening.text for opening in openings if opening.at_start]
        self._read = read
        self._parallel = parallel
        self._choice = choice
        self._source = Source()
        self._is_blank = True  # nothing but white space since the start or the last call
        self._committed = False
        self._steps = self._answer()
        self.num_calls = 0
        self.is_over = False

    @property
    def held_chars(self) -> int:
        """Characters of what was pushed that may still become text."""
        return len(self._source.rest) + self._source.num_kept

    def push(self, text: str) -> list[str | CallEvent]:
        """Take text and return the text and the calls' events that are certain, in their order."""
        self._source.feed(text)
        return self._run()

    def finish(self) -> list[str | CallEvent]:
        """What was held back at the end. A call that was cut off stays as far as it came."""
        self._source.is_closed = True
        return self._run()

    def _run(self) -> list[str | CallEvent]:
        found: list[str | CallEvent] = []
        while not self.is_over:
            match next(self._steps, None):
                case None:
                    break
                case str(text):
                    found.append(text)
                case CallEnd():
                    self.is_over = not self._parallel
                case CallName(name):
                    self.num_calls += 1
                    found.append(ToolCallStarted(self.num_calls - 1, new_id("call"), name, self._choice))
                case CallArguments(text):
                    if text:
                        found.append(ToolCallDelta(self.num_calls - 1, text, self._choice))
        return found

    def _answer(self) -> Generator[str | CallPiece | None, None, None]:
        source = self._source
        while (opening := (yield from self._free_text())) is not None:
            try:
                yield from self._section(opening)
            except NotACall:
                if not self._committed:
                    source.put_back()
                    skipped = source.rest.index(opening.text) + len(opening.text)
                    yield from self._give(source.take(skipped))
            except (CutOff, RecursionError):  # or values in values, deeper than anybody means them
                if not self._committed and opening.at_start:
                    source.put_back()
                    yield from self._give(source.take(len(source.rest)))
                source.take(len(source.rest))
            if self._committed:
                self._committed, self._is_blank = False, True

    def _section(self, opening: Opening) -> Generator[CallPiece | None, None, None]:
        """What an opening opens; it is committed to with the first name."""
        source = self._source
        source.mark()
        source.take(source.rest.index(opening.text) + (0 if opening.is_part else len(opening.text)))
        for piece in self._read(source, opening):
            if isinstance(piece, CallName):
                self._committed = True
                source.settle()
            yield piece

    def _free_text(self) -> Generator[str | CallPiece | None, None, Opening | None]:
        """Give out what is text, up to the white space before an opening."""
        source = self._source
        while True:
            position, opening = self._find(source.rest)
            if opening is not None:
                yield from self._give(source.take(len(source.rest[:position].rstrip())))
                return opening
            held = "" if source.is_closed else source.rest[len(source.rest) - self._num_held(source.rest) :]
            yield from self._give(source.take(len(source.rest) - len(held)))
            if source.is_closed:
                return None
            yield None

    def _find(self, text: str) -> tuple[int, Opening | None]:
        """The first opening in the text; of those at one place the longest."""
        found: list[tuple[int, int, Opening]] = []
        blank = len(text) - len(text.lstrip()) if self._is_blank else -1
        for opening in self._openings:
            if not opening.at_start:
                if (position := text.find(opening.text)) >= 0:
                    found.append((position, -len(opening.text), opening))
            elif blank >= 0 and text.startswith(opening.text, blank):
                found.append((blank, -len(opening.text), opening))
        if not found:
            return 0, None
        position, _, opening = min(found, key=lambda one: one[:2])
        return position, opening

    def _num_held(self, text: str) -> int:
        """Length of the end that may come to belong to an opening, white space before it included."""
        tags = self._texts
        if self._is_blank and self._starts:
            head = text.lstrip()
            if any(start.startswith(head) for start in self._starts):
                return len(text)
        undecided = num_undecided(text, tags)
        return len(text) - len(text[: len(text) - undecided].rstrip())

    def _give(self, text: str) -> Generator[str, None, None]:
        if self._is_blank and self.num_calls:
            text = text.lstrip()
        if text and not (self.num_calls and text.isspace()):
            if not text.isspace():
                self._is_blank = False
            yield text
