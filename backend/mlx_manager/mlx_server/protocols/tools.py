"""What the dialects have in common about tools."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.formats import LarkFormat, RegexFormat
from mlx_manager.mlx_server.domain.tools import TextInput, ToolChoice, ToolDefinition

MAX_TOOL_NAME_CHARS: Final = 256
INPUT: Final = "input"
# What a model is told of a tool that takes text: templates know only of objects.
INPUT_PARAMETERS: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {INPUT: {"type": "string"}},
    "required": [INPUT],
}


def text_tool(
    name: str, description: str | None, grammar: LarkFormat | RegexFormat | None, path: str
) -> ToolDefinition:
    """A tool that is given text instead of JSON."""
    return ToolDefinition(
        name, description or "", INPUT_PARAMETERS, text_input=TextInput(grammar), path=path, schema_path=path
    )


def text_grammar(syntax: str, definition: str, path: str) -> LarkFormat | RegexFormat:
    """What such a tool's text must be; `syntax` is lark or regex, `path` the definition's."""
    return LarkFormat(definition, path) if syntax == "lark" else RegexFormat(definition, path)


def check_names(tools: Sequence[ToolDefinition]) -> None:
    """Refuse two tools of one name: a call could be of either. Raises ApiError."""
    seen: dict[str, str] = {}
    for tool in tools:
        if tool.name in seen:
            message = f"{tool.path}: {seen[tool.name]} has the name {tool.name!r}, too"
            raise ApiError(ErrorCode.INVALID_REQUEST, message, param=tool.path)
        seen[tool.name] = tool.path


def choice_of(
    offered: Sequence[ToolDefinition], *, is_required: bool, names: Iterable[str] | None = None
) -> ToolChoice:
    """The choice, where it can be made of what is offered. Raises ApiError that names `tool_choice`."""
    known = {tool.name for tool in offered}
    if is_required and not known:
        raise unknown_choice("a call is required, and no tool is offered")
    if names is None:
        return ToolChoice(is_required)
    allowed = frozenset(names)
    if not allowed:
        raise unknown_choice("it allows no tool; to allow no call say none")
    if unknown := sorted(allowed - known):
        raise unknown_choice(f"no tool is offered with the name {unknown[0]!r}")
    return ToolChoice(is_required, allowed)


def unknown_choice(what: str) -> ApiError:
    """A choice of a tool that there is not."""
    return ApiError(ErrorCode.INVALID_REQUEST, f"tool_choice: {what}", param="tool_choice")
