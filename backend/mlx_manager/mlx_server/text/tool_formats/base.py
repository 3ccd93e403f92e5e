"""What every format of calls has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.domain.guide import Trigger
from mlx_manager.mlx_server.domain.tools import TextInput, ToolDefinition

CallEvent = ToolCallStarted | ToolCallDelta

# Writes a text as Lark: a quoted string, or a sequence of strings and special tokens.
Literal = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class HeldTool:
    """A tool as a grammar holds the model to it.

    Attributes:
        schema: JSON schema that the arguments are held to; None takes any JSON object, because the
            tool's own schema cannot be enforced.
        text_input: what it takes where that is text.
    """

    name: str
    schema: Mapping[str, Any] | None
    text_input: TextInput | None = None


class CallSplitter(Protocol):
    """Tells calls from text, whatever the chunks; nothing of a call is ever given out as text.

    Attributes:
        num_calls: calls that have been told of.
        is_over: whether the only call that was wanted is complete; nothing more is to be pushed then.
    """

    num_calls: int
    is_over: bool

    @property
    def held_chars(self) -> int:
        """Characters of what was pushed that may still become text."""
        ...

    def push(self, text: str) -> list[str | CallEvent]:
        """Take text and return the text and the calls' events that are certain, in their order."""
        ...

    def finish(self) -> list[str | CallEvent]:
        """What was held back at the end. A call that was cut off stays as far as it came."""
        ...


class ToolFormat(Protocol):
    """A format of calls."""

    @property
    def name(self) -> str:
        """As `/v1/models` tells it, such as `json_in_tags`."""
        ...

    @property
    def marks(self) -> tuple[str, ...]:
        """Texts that structure it; those that are special tokens are shown to the splitter by their names."""
        ...

    def splitter(self, tools: Sequence[ToolDefinition], *, parallel: bool, choice: int) -> CallSplitter:
        """Reads one choice's answer.

        Args:
            tools: on offer: their schemas tell a text from a number where the format does not.
            parallel: whether there may be more than one call.
        """
        ...

    def triggers(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> tuple[Trigger, ...]:
        """What opens calls in free text, each with the Lark grammar (rule `start`) of what must follow.

        A trigger's grammar reaches to where the text is free again: the end of one call where each is
        opened by itself, the end of a section where calls come in one.
        """
        ...

    def forced(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> str:
        """The Lark grammar (rule `start`) of an answer that is one call, or where `parallel` several."""
        ...

    def unheld(self, tool: HeldTool) -> str:
        """Why this format's grammar does not hold a call of the tool to all that its schema, or the grammar
        of its text, says: the first JSON pointer whose keyword is left out. Empty where it holds all.
        """
        ...
