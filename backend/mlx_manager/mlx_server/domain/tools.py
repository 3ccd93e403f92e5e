"""Tools that a model may call, and the calls that it made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A function that the model may call.

    Attributes:
        parameters: JSON schema of its arguments.
        is_strict: whether the arguments must fit the schema.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_strict: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that an assistant's message made.

    Attributes:
        arguments: as the model wrote them: JSON where all went well, any text else.
    """

    call_id: str
    name: str
    arguments: str
