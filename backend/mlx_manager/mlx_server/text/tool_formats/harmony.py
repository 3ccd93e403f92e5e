"""Calls in OpenAI's harmony: messages of the commentary channel to a function, as gpt-oss writes them.

The splitter reads what the reasoning's splitter hands on (`reasoning_formats.channels`): text without any
header, and calls within a header and a mark of their end. It reads whole messages just as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.domain.guide import Trigger
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.text.reasoning_formats.harmony_messages import (
    Body,
    Closed,
    HarmonyReader,
    Kind,
    Opened,
)
from mlx_manager.mlx_server.text.reasoning_formats.known import HARMONY_MARKS
from mlx_manager.mlx_server.text.tool_formats.base import CallEvent, HeldTool, Literal
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of, gap_of, json_arguments

_CALLED: Final = "<|channel|>commentary to=functions."
_IS_JSON: Final = " <|constrain|>json<|message|>"
# A model may name the function before the channel, which is how the template shows calls that were made.
_CALLED_FIRST: Final = "to=functions."
_IS_JSON_THEN: Final = "<|channel|>commentary <|constrain|>json<|message|>"
_OPENINGS: Final = (
    (_CALLED, _IS_JSON, False),
    ("<|channel|>analysis to=functions.", _IS_JSON, False),
    (f"<|start|>assistant {_CALLED_FIRST}", _IS_JSON_THEN, False),
    (_CALLED_FIRST, _IS_JSON_THEN, True),
)


class HarmonyCalls:
    """Splits calls from text.

    Attributes:
        num_calls: calls that have been told of.
        is_over: whether the only call that was wanted is complete.
    """

    def __init__(self, *, parallel: bool, choice: int) -> None:
        self._reader = HarmonyReader("", recipient=_CALLED_FIRST)
        self._parallel = parallel
        self._choice = choice
        self._is_call = False
        self._has_arguments = False
        self.num_calls = 0
        self.is_over = False

    @property
    def held_chars(self) -> int:
        """Characters of what was pushed that may still become text."""
        return self._reader.num_held

    def push(self, text: str) -> list[str | CallEvent]:
        """Take text and return the text and the calls' events that are certain, in their order."""
        return self._events(self._reader.push(text))

    def finish(self) -> list[str | CallEvent]:
        """What was held back at the end; the mark that ends the last call ends the sequence, too."""
        return self._events(self._reader.finish())

    def _events(self, parts: list[Opened | Body | Closed]) -> list[str | CallEvent]:
        found: list[str | CallEvent] = []
        for part in parts:
            if self.is_over:
                break
            match part:
                case Opened(header=header):
                    self._is_call = header.kind is Kind.CALL
                    if self._is_call:
                        found.append(self._started(header.called))
                case Body(text=text):
                    found.append(self._arguments(text) if self._is_call else text)
                case Closed():
                    found += self._closed()
        return found

    def _started(self, name: str) -> ToolCallStarted:
        self.num_calls += 1
        self._has_arguments = False
        return ToolCallStarted(self.num_calls - 1, new_id("call"), name, self._choice)

    def _arguments(self, text: str) -> ToolCallDelta:
        self._has_arguments = True
        return ToolCallDelta(self.num_calls - 1, text, self._choice)

    def _closed(self) -> list[CallEvent]:
        if not self._is_call:
            return []
        self._is_call, self.is_over = False, not self._parallel
        return [] if self._has_arguments else [self._arguments("{}")]


@dataclass(frozen=True, slots=True)
class HarmonyFormat:
    """The format; each call is a message of its own, after which the model waits for its result."""

    name: str = "harmony"
    marks: tuple[str, ...] = HARMONY_MARKS

    def splitter(self, tools: Sequence[ToolDefinition], *, parallel: bool, choice: int) -> HarmonyCalls:
        """Reads one choice's answer."""
        return HarmonyCalls(parallel=parallel, choice=choice)

    def triggers(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> tuple[Trigger, ...]:
        """A header's beginning up to the function's name, in each way in which models write it."""
        return tuple(
            Trigger(text, _calls("", rest, tools, literal), at_start) for text, rest, at_start in _OPENINGS
        )

    def forced(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> str:
        """One call: its end ends the sequence, so that there never are several."""
        return _calls(_CALLED, _IS_JSON, tools, literal)

    def unheld(self, tool: HeldTool) -> str:
        """Why this format's grammar does not hold a call of the tool to all that is asked for."""
        return gap_of(lambda rules: json_arguments(rules, tool))


HARMONY: Final = HarmonyFormat()


def _calls(opening: str, rest: str, tools: Sequence[HeldTool], literal: Literal) -> str:
    rules = Rules(literal)
    return rules.text(
        any_of(f"{literal(opening + tool.name + rest)} {json_arguments(rules, tool)}" for tool in tools)
    )
