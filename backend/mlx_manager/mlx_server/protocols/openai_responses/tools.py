"""Tools as this dialect names them, and as they are offered to a model."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import Field

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.protocols.fields import WireModel, ignored_paths
from mlx_manager.mlx_server.protocols.openai_responses.items import read
from mlx_manager.mlx_server.protocols.tools import MAX_TOOL_NAME_CHARS


class FunctionTool(WireModel):
    """A function of the client's."""

    type: Literal["function"]
    name: str = Field(min_length=1, max_length=MAX_TOOL_NAME_CHARS)
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class NamespaceTool(WireModel):
    """Functions under a common name."""

    type: Literal["namespace"]
    name: str = Field(min_length=1, max_length=MAX_TOOL_NAME_CHARS)
    tools: list[dict[str, Any]]


class CalledName(NamedTuple):
    """What a client calls a function."""

    name: str
    namespace: str | None = None


def offered_name(name: str, namespace: str | None) -> str:
    """What a model is told a function is called. Its calls are given back under the client's own name."""
    return name if namespace is None else f"{namespace}.{name}"


class OfferedTools:
    """The tools that a model is told of.

    Attributes:
        ignored: paths of the tools that nobody here can run, and of fields without effect.
        names: by the name that the model is told. Of two with one name the later counts.
    """

    def __init__(self) -> None:
        self._definitions: dict[str, ToolDefinition] = {}
        self.names: dict[str, CalledName] = {}
        self.ignored: list[str] = []

    def add(self, tools: Iterable[Any], path: str, *, is_named: bool = True) -> None:
        """Offer these.

        Args:
            path: of their list.
            is_named: whether those that cannot be offered are named to the client.

        Raises:
            ApiError: one is not what it says; names the field.
        """
        ignored: list[str] = []
        for index, tool in enumerate(tools):
            self._add(tool, f"{path}.{index}", None, ignored)
        if is_named:
            self.ignored += ignored

    def definitions(self, choice: Any) -> tuple[ToolDefinition, ...]:
        """Those that this `tool_choice` leaves. Raises ApiError where it forces a call."""
        match choice:
            case None | "auto":
                return tuple(self._definitions.values())
            case "none":
                return ()  # a model that may not call anything is not told of tools
            case {"type": "allowed_tools", "mode": "auto", "tools": list(tools)}:
                allowed = {tool.get("name") for tool in tools if isinstance(tool, dict)}
                return tuple(
                    definition
                    for name, definition in self._definitions.items()
                    if name in allowed or self.names[name].name in allowed
                )
        message = "tool_choice: a call cannot be forced yet; none, auto and allowed_tools with auto are taken"
        raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param="tool_choice")

    def _add(self, tool: Mapping[str, Any], path: str, namespace: str | None, ignored: list[str]) -> None:
        kind = tool.get("type")
        if not isinstance(kind, str):
            raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}.type: must be a string", param=f"{path}.type")
        if kind == "function":
            self._offer(read(FunctionTool, tool, path), path, namespace, ignored)
        elif kind == "namespace" and namespace is None:
            group = read(NamespaceTool, tool, path)
            ignored += ignored_paths(group, {}, f"{path}.")
            for index, nested in enumerate(group.tools):
                self._add(nested, f"{path}.tools.{index}", group.name, ignored)
        else:
            ignored.append(path)

    def _offer(self, tool: FunctionTool, path: str, namespace: str | None, ignored: list[str]) -> None:
        if tool.strict:
            ignored.append(f"{path}.strict")
        ignored += ignored_paths(tool, {}, f"{path}.")
        name = offered_name(tool.name, namespace)
        parameters = tool.parameters or {}
        self._definitions[name] = ToolDefinition(name, tool.description or "", parameters, bool(tool.strict))
        self.names[name] = CalledName(tool.name, namespace)
