"""Tools as this dialect names them, and as they are offered to a model."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Discriminator, Field, Tag

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.protocols.fields import WireModel, ignored_paths
from mlx_manager.mlx_server.protocols.formats import Grammar, format_kind
from mlx_manager.mlx_server.protocols.openai_responses.items import read
from mlx_manager.mlx_server.protocols.tools import (
    MAX_TOOL_NAME_CHARS,
    check_names,
    text_grammar,
    text_tool,
)

ToolName = Annotated[str, Field(min_length=1, max_length=MAX_TOOL_NAME_CHARS)]


class FunctionTool(WireModel):
    """A function of the client's."""

    type: Literal["function"]
    name: ToolName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None

    def definition(self, name: str, path: str) -> ToolDefinition:
        """The tool under the name that a model is told."""
        return ToolDefinition(
            name,
            self.description or "",
            self.parameters or {},
            is_strict=bool(self.strict),
            path=path,
            schema_path=f"{path}.parameters",
        )


class AnyText(WireModel):
    """A tool takes any text."""

    type: Literal["text"]


class GrammarText(WireModel):
    """A tool takes text by a grammar."""

    type: Literal["grammar"]
    syntax: Literal["lark", "regex"]
    definition: Grammar


TextFormat = Annotated[
    Annotated[AnyText, Tag("<text>")] | Annotated[GrammarText, Tag("<grammar>")],
    Discriminator(
        format_kind, custom_error_type="format", custom_error_message="must be of type text or grammar"
    ),
]


class CustomTool(WireModel):
    """A tool of the client's that is given text."""

    type: Literal["custom"]
    name: ToolName
    description: str | None = None
    format: TextFormat | None = None

    def definition(self, name: str, path: str) -> ToolDefinition:
        """The tool under the name that a model is told."""
        grammar = None
        if isinstance(self.format, GrammarText):
            grammar = text_grammar(self.format.syntax, self.format.definition, f"{path}.format.definition")
        return text_tool(name, self.description, grammar, path)


class NamespaceTool(WireModel):
    """Tools under a common name."""

    type: Literal["namespace"]
    name: ToolName
    tools: list[dict[str, Any]]


class CalledName(NamedTuple):
    """What a client calls a tool."""

    name: str
    namespace: str | None = None
    takes_text: bool = False


def offered_name(name: str, namespace: str | None) -> str:
    """What a model is told a tool is called. Its calls are given back under the client's own name."""
    return name if namespace is None else f"{namespace}.{name}"


class OfferedTools:
    """The tools that a model is told of.

    Attributes:
        ignored: paths of the tools that nobody here can run, and of fields without effect.
        names: by the name that the model is told. A later list's tool takes the place of an earlier one's
            that has its name.
    """

    def __init__(self) -> None:
        self._definitions: dict[str, ToolDefinition] = {}
        self.names: dict[str, CalledName] = {}
        self.ignored: list[str] = []

    @property
    def definitions(self) -> tuple[ToolDefinition, ...]:
        """All of them."""
        return tuple(self._definitions.values())

    def add(self, tools: Iterable[Any], path: str, *, is_named: bool = True) -> None:
        """Offer these.

        Args:
            path: of their list.
            is_named: whether those that cannot be offered are named to the client.

        Raises:
            ApiError: one is not what it says, or two have one name; names the field.
        """
        ignored: list[str] = []
        added: list[ToolDefinition] = []
        for index, tool in enumerate(tools):
            added += self._read(tool, f"{path}.{index}", None, ignored)
        check_names(added)
        self._definitions |= {definition.name: definition for definition in added}
        if is_named:
            self.ignored += ignored

    def _read(
        self, tool: Mapping[str, Any], path: str, namespace: str | None, ignored: list[str]
    ) -> list[ToolDefinition]:
        kind = tool.get("type")
        if not isinstance(kind, str):
            raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}.type: must be a string", param=f"{path}.type")
        match kind:
            case "function":
                return [self._offer(read(FunctionTool, tool, path), path, namespace, ignored)]
            case "custom":
                return [self._offer(read(CustomTool, tool, path), path, namespace, ignored)]
            case "namespace" if namespace is None:
                group = read(NamespaceTool, tool, path)
                ignored += ignored_paths(group, {}, f"{path}.")
                found: list[ToolDefinition] = []
                for index, nested in enumerate(group.tools):
                    found += self._read(nested, f"{path}.tools.{index}", group.name, ignored)
                return found
            case _:
                ignored.append(path)
                return []

    def _offer(
        self, tool: FunctionTool | CustomTool, path: str, namespace: str | None, ignored: list[str]
    ) -> ToolDefinition:
        ignored += ignored_paths(tool, {}, f"{path}.")
        name = offered_name(tool.name, namespace)
        self.names[name] = CalledName(tool.name, namespace, isinstance(tool, CustomTool))
        return tool.definition(name, path)
