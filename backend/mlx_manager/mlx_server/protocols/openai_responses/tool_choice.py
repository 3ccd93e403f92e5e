"""`tool_choice` in this dialect's words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.tools import ToolChoice
from mlx_manager.mlx_server.protocols.openai_responses.tools import OfferedTools
from mlx_manager.mlx_server.protocols.tools import choice_of, unknown_choice

_NAMED: Final = ("function", "custom")
_WORDS: Final = "none, auto, required, or an object of one of these types: function, custom, allowed_tools"
_KNOWN: Final = ("type", "name", "namespace", "mode", "tools")


def is_named(choice: Any) -> bool:
    """Whether it names the one tool that is to be called."""
    return isinstance(choice, dict) and choice.get("type") in _NAMED


def read_choice(choice: Any, tools: OfferedTools) -> tuple[ToolChoice | None, list[str]]:
    """The choice, None where no call is wanted at all, and the paths of what of it has no effect.

    Raises:
        ApiError: it is none of the forms, asks for a tool that is not offered, or for one that only the
            vendor's servers run.
    """
    match choice:
        case None | "auto":
            return ToolChoice(), []
        case "none":
            return None, []
        case "required":
            return choice_of(tools.definitions, is_required=True), []
        case {"type": "function" | "custom"}:
            names = _names(choice, tools)
            return choice_of(tools.definitions, is_required=True, names=names), _unknown(choice)
        case {"type": "allowed_tools", "mode": "auto" | "required" as mode, "tools": [_, *_] as allowed}:
            return _allowed(allowed, tools, is_required=mode == "required", unknown=_unknown(choice))
        case {"type": "allowed_tools"}:
            raise unknown_choice("allowed_tools needs a mode, auto or required, and a list of tools")
        case {"type": str(kind)}:
            message = f"tool_choice: nobody here can run tools of type {kind!r}"
            raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param="tool_choice")
    raise unknown_choice(f"must be {_WORDS}")


def _allowed(
    allowed: Sequence[Any], tools: OfferedTools, *, is_required: bool, unknown: list[str]
) -> tuple[ToolChoice | None, list[str]]:
    """Those that the list leaves. Tools that are not offered anyway leave nothing."""
    names: list[str] = []
    for index, tool in enumerate(allowed):
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
            raise unknown_choice(f"tools.{index} must be an object with a type")
        if tool["type"] in _NAMED or tool["type"] == "namespace":
            names += _names(tool, tools)
        else:
            unknown.append(f"tool_choice.tools.{index}")
    if not names and not is_required:
        return None, unknown
    return choice_of(tools.definitions, is_required=is_required, names=names), unknown


def _names(wanted: Mapping[str, Any], tools: OfferedTools) -> list[str]:
    """The offered names of what is named; a name may be several namespaces'."""
    kind, name, namespace = wanted["type"], wanted.get("name"), wanted.get("namespace")
    found = []
    for offered, called in tools.names.items():
        if kind == "namespace":
            fits = called.namespace == name
        else:
            is_kind = called.takes_text == (kind == "custom")
            fits = is_kind and name in (called.name, offered) and namespace in (None, called.namespace)
        found += [offered] if fits else []
    if not found or name is None:
        raise unknown_choice(f"no {kind} is offered with the name {name!r}")
    return found


def _unknown(choice: Mapping[str, Any]) -> list[str]:
    return [f"tool_choice.{name}" for name in choice if name not in _KNOWN]
