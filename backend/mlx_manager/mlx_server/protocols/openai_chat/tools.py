"""Tools and the choice of them, as a chat completion's body has them."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from mlx_manager.mlx_server.domain.tools import ToolChoice, ToolDefinition
from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.formats import Grammar
from mlx_manager.mlx_server.protocols.tools import (
    MAX_TOOL_NAME_CHARS,
    check_names,
    choice_of,
    text_grammar,
    text_tool,
    unknown_choice,
)


def _kind(value: Any) -> str:
    """The tag of a type. Pydantic puts it into paths, so it must look like no field."""
    if isinstance(value, str):
        return "<word>"
    return f"<{value.get('type') if isinstance(value, dict) else None}>"


class Function(WireModel):
    """A function that the model may call."""

    name: str = Field(min_length=1, max_length=MAX_TOOL_NAME_CHARS)
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


def _known(kind: Any) -> Any:
    if kind != "function":
        raise PydanticCustomError("tool", "must be function or custom")
    return kind


class FunctionTool(WireModel):
    """A function of the client's."""

    type: Annotated[Literal["function"], BeforeValidator(_known)]
    function: Function

    def definition(self, path: str) -> ToolDefinition:
        function = self.function
        return ToolDefinition(
            function.name,
            function.description or "",
            function.parameters or {},
            is_strict=bool(function.strict),
            path=path,
            schema_path=f"{path}.function.parameters",
        )


class AnyText(WireModel):
    """A tool takes any text."""

    type: Literal["text"]


class GrammarDefinition(WireModel):
    """A grammar of a tool's text."""

    definition: Grammar
    syntax: Literal["lark", "regex"]


class GrammarText(WireModel):
    """A tool takes text by a grammar."""

    type: Literal["grammar"]
    grammar: GrammarDefinition


TextFormat = Annotated[
    Annotated[AnyText, Tag("<text>")] | Annotated[GrammarText, Tag("<grammar>")],
    Discriminator(_kind, custom_error_type="format", custom_error_message="must be of type text or grammar"),
]


class Custom(WireModel):
    """A tool that is given text."""

    name: str = Field(min_length=1, max_length=MAX_TOOL_NAME_CHARS)
    description: str | None = None
    format: TextFormat | None = None


class CustomTool(WireModel):
    """A tool of the client's that is given text."""

    type: Literal["custom"]
    custom: Custom

    def definition(self, path: str) -> ToolDefinition:
        custom, grammar = self.custom, None
        if isinstance(custom.format, GrammarText):
            stated, place = custom.format.grammar, f"{path}.custom.format.grammar.definition"
            grammar = text_grammar(stated.syntax, stated.definition, place)
        return text_tool(custom.name, custom.description, grammar, path)


def _tool_kind(tool: Any) -> str:
    """What is none of the client's kinds is refused as a function is."""
    return "<custom>" if _kind(tool) == "<custom>" else "<function>"


Tool = Annotated[
    Annotated[FunctionTool, Tag("<function>")] | Annotated[CustomTool, Tag("<custom>")],
    Discriminator(_tool_kind),
]


class ToolName(WireModel):
    """Which tool."""

    name: str


class NamedFunction(WireModel):
    """A function by its name."""

    type: Literal["function"]
    function: ToolName


class NamedCustom(WireModel):
    """A tool that is given text, by its name."""

    type: Literal["custom"]
    custom: ToolName


NamedTool = Annotated[
    Annotated[NamedFunction, Tag("<function>")] | Annotated[NamedCustom, Tag("<custom>")],
    Discriminator(_kind, custom_error_type="tool", custom_error_message="must be of type function or custom"),
]


class AllowedTools(WireModel):
    """Those of the tools that may be called, and whether one must."""

    mode: Literal["auto", "required"]
    tools: list[NamedTool]


class AllowedToolsChoice(WireModel):
    """A choice of several."""

    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


Choice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("<word>")]
    | Annotated[NamedFunction, Tag("<function>")]
    | Annotated[NamedCustom, Tag("<custom>")]
    | Annotated[AllowedToolsChoice, Tag("<allowed_tools>")],
    Discriminator(
        _kind,
        custom_error_type="choice",
        custom_error_message="must be none, auto, required, or an object of one of these types: "
        "function, custom, allowed_tools",
    ),
]


def read_tools(tools: Sequence[FunctionTool | CustomTool]) -> tuple[ToolDefinition, ...]:
    """The tools on offer. Raises ApiError where two have one name."""
    definitions = tuple(tool.definition(f"tools.{index}") for index, tool in enumerate(tools))
    check_names(definitions)
    return definitions


def read_choice(choice: Choice | None, tools: Sequence[ToolDefinition]) -> ToolChoice:
    """What of the tools may be called. Raises ApiError where it cannot be made of them."""
    match choice:
        case None | "none" | "auto":
            return ToolChoice()
        case "required":
            return choice_of(tools, is_required=True)
        case NamedFunction() | NamedCustom():
            return choice_of(tools, is_required=True, names=[_name(choice, tools)])
        case AllowedToolsChoice(allowed_tools=allowed):
            names = [_name(tool, tools) for tool in allowed.tools]
            return choice_of(tools, is_required=allowed.mode == "required", names=names)


def _name(named: NamedFunction | NamedCustom, tools: Sequence[ToolDefinition]) -> str:
    """The name, of a tool of that kind."""
    takes_text = isinstance(named, NamedCustom)
    name = named.custom.name if isinstance(named, NamedCustom) else named.function.name
    if not any(tool.name == name and (tool.text_input is not None) == takes_text for tool in tools):
        raise unknown_choice(f"no {named.type} is offered with the name {name!r}")
    return name
