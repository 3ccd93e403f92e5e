"""Telling a model's calls from its text."""

from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.text.call_body import CallBody, CallName, CallPiece
from mlx_manager.mlx_server.text.tool_format import ToolFormat

CallEvent = ToolCallStarted | ToolCallDelta


class ToolCallSplitter:
    """Splits calls from text, whatever the chunks; nothing of a call is ever given out as text.

    White space between a text and a call, and between calls, belongs to neither. What stands between the
    tags of a call and is none is text after all: hiding it would hide what the model said.

    Args:
        parallel: whether there may be more than one call.
        choice: the choice that its events name.

    Attributes:
        num_calls: calls that have been told of.
        is_over: whether the only call that was wanted is complete; nothing more is to be pushed then.
    """

    def __init__(self, tool_format: ToolFormat, *, parallel: bool = True, choice: int = 0) -> None:
        self._format = tool_format
        self._parallel = parallel
        self._choice = choice
        self._held = ""
        self._call: CallBody | None = None
        self.num_calls = 0
        self.is_over = False

    @property
    def held_chars(self) -> int:
        """Characters of what was pushed that may still become text."""
        return len(self._held)

    def push(self, text: str) -> list[str | CallEvent]:
        """Take text and return the text and the calls' events that are certain, in their order."""
        found: list[str | CallEvent] = []
        while text and not self.is_over:
            text = self._in_call(text, found) if self._call is not None else self._outside(text, found)
        return found

    def finish(self) -> list[str | CallEvent]:
        """What was held back at the end. A call that was cut off stays as far as it came."""
        held, self._held = self._held, ""
        self._call = None
        return [held] if held and not (self.num_calls and held.isspace()) else []

    def _outside(self, text: str, found: list[str | CallEvent]) -> str:
        """Give out what is text; return what follows the tag of a call."""
        self._held += text
        before, tag, after = self._held.partition(self._format.opening)
        if tag:
            self._held = ""
            self._give(before.rstrip(), found)
            self._call = CallBody(self._format.closing)
            return after
        keep = _undecided(self._held, self._format.opening)
        given, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        self._give(given, found)
        return ""

    def _in_call(self, text: str, found: list[str | CallEvent]) -> str:
        """Give out what is known of the call; return what follows it."""
        assert self._call is not None
        found += map(self._event, self._call.push(text))
        rest = self._call.rest
        if rest is None:
            return ""
        if self._call.is_malformed:
            found.append(f"{self._format.opening}{self._call.text}{self._format.closing}")
        self.is_over = self._call.is_named and not self._parallel
        self._call = None
        return rest

    def _event(self, piece: CallPiece) -> CallEvent:
        if isinstance(piece, CallName):
            self.num_calls += 1
            return ToolCallStarted(self.num_calls - 1, new_id("call"), piece.name, self._choice)
        return ToolCallDelta(self.num_calls - 1, piece.text, self._choice)

    def _give(self, text: str, found: list[str | CallEvent]) -> None:
        if text and not (self.num_calls and text.isspace()):
            found.append(text)


def _undecided(text: str, tag: str) -> int:
    """Length of the end of a text that may be the beginning of a tag, white space before it included."""
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-length:]):
            before = text[: len(text) - length]
            return length + len(before) - len(before.rstrip())
    return len(text) - len(text.rstrip())
