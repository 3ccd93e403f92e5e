"""Tools that a model may call, and the calls that it made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlx_manager.mlx_server.domain.formats import LarkFormat, RegexFormat


@dataclass(frozen=True, slots=True)
class TextInput:
    """What a tool takes that is given text instead of JSON.

    Attributes:
        grammar: what the text must be; None takes any.
    """

    grammar: LarkFormat | RegexFormat | None = None


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A function that the model may call.

    Attributes:
        parameters: JSON schema of its arguments.
        is_strict: whether the arguments must fit the schema, so that one that cannot be enforced is refused.
        text_input: what it takes where that is text; the model is told of one parameter, `input`, then.
        path: where the wire had it, such as `tools.3`; its schema's path is made from it.
        schema_path: where the wire had its schema, such as `tools.3.function.parameters`.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_strict: bool = False
    text_input: TextInput | None = None
    path: str = ""
    schema_path: str = ""


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """What the model may call, and whether it must.

    Attributes:
        is_required: the answer is a call, or several, and nothing else.
        names: the tools that may be called; None for all that are offered. The model is told of all, so
            that the prompt's beginning stays what it was.
    """

    is_required: bool = False
    names: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that an assistant's message made.

    Attributes:
        arguments: as the model wrote them: JSON where all went well, any text else.
    """

    call_id: str
    name: str
    arguments: str
