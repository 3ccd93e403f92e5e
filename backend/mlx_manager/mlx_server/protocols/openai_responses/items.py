"""Input items: what each kind of them holds, and the form in which they are kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import Field

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.protocols.fields import Schema, WireModel, validate

RawItem = Mapping[str, Any]

REFERENCE: Final = "item_reference"
# What servers that run tools themselves say of it. Nothing of it can be told to a model here.
SERVER_ITEMS: Final = (
    "apply_patch_call",
    "apply_patch_call_output",
    "code_interpreter_call",
    "compaction",
    "computer_call",
    "computer_call_output",
    "file_search_call",
    "image_generation_call",
    "local_shell_call",
    "local_shell_call_output",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "mcp_list_tools",
    "program",
    "program_output",
    "shell_call",
    "shell_call_output",
    "tool_search_call",
    "tool_search_output",
    "web_search_call",
)
_TEXT_PARTS: Final = ("input_text", "output_text", "text", "refusal")
_ID_PREFIXES: Final = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "additional_tools": "at",
}
_WITHOUT_STATUS: Final = ("reasoning", "additional_tools")


class Item(WireModel):
    """What any item may have. Clients send back the ids and states that they were given."""

    type: str | None = None
    id: str | None = None
    status: str | None = None


class Message(Item):
    """A message; `content` is a string or a list of parts."""

    role: Literal["user", "assistant", "system", "developer"]
    content: Any


class FunctionCall(Item):
    """A call that the model made; `namespace` where the function is one of a namespace's."""

    call_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    arguments: str
    namespace: str | None = None


class CustomToolCall(Item):
    """A call of a tool whose input is plain text."""

    call_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    input: str
    namespace: str | None = None


class CallOutput(Item):
    """What a call came to; `output` is a string or a list of parts."""

    call_id: str = Field(min_length=1)
    output: Any


class ReasoningPart(WireModel):
    """A part of the reasoning."""

    type: Literal["reasoning_text", "text"]
    text: str


class Reasoning(Item):
    """What the model thought."""

    summary: list[dict[str, Any]] | None = None
    content: list[ReasoningPart] | None = None
    encrypted_content: str | None = None


class AdditionalTools(Item):
    """Tools that stand among the items."""

    role: str | None = None
    tools: list[dict[str, Any]]


class TextPart(WireModel):
    """A part of a content that is text. What we said ourselves of our text comes back with it."""

    type: str
    text: str
    annotations: Any = None
    logprobs: Any = None


class RefusalPart(WireModel):
    """A part in which a model declined."""

    type: str
    refusal: str


def kind_of(item: RawItem, path: str) -> str:
    """The item's type. Messages and references may leave it out. Raises ApiError that names the item."""
    kind = item.get("type")
    if kind is None and "role" in item:
        return "message"
    if kind is None and "id" in item:
        return REFERENCE
    if not isinstance(kind, str):
        raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}.type: must be a string", param=f"{path}.type")
    return kind


def read(schema: type[Schema], item: RawItem, path: str) -> Schema:
    """The item by its schema. Raises ApiError that names the field."""
    try:
        return validate(schema, item)
    except ApiError as error:
        raise ApiError(error.code, f"{path}.{error.message}", param=f"{path}.{error.param}") from None


def parts_of(content: Any, path: str) -> Sequence[TextPart | RefusalPart]:
    """A content's parts; a string is one. Raises ApiError that names what is no text."""
    if isinstance(content, str):
        return [TextPart(type="text", text=content)]
    if not isinstance(content, list):
        raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}: must be a string or a list of parts", param=path)
    return [_part(part, f"{path}.{index}") for index, part in enumerate(content)]


def _part(part: Any, path: str) -> TextPart | RefusalPart:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(kind, str):
        raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}: must be an object with a type", param=path)
    if kind not in _TEXT_PARTS:
        message = f"{path}: parts of type {kind!r} are not supported"
        raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param=path)
    return read(RefusalPart, part, path) if kind == "refusal" else read(TextPart, part, path)


def text_of(parts: Sequence[TextPart | RefusalPart]) -> str:
    """The parts' text."""
    return "".join(part.text if isinstance(part, TextPart) else part.refusal for part in parts)


def kept_form(item: RawItem) -> dict[str, Any]:
    """An item that was read well, as it is kept and given back: with an id, a type and its defaults."""
    kind = kind_of(item, "input")
    kept = {name: value for name, value in item.items() if value is not None} | {"type": kind}
    kept.setdefault("id", new_id(_ID_PREFIXES.get(kind, "item")))
    if kind == "message":
        kept["content"] = _kept_parts(item)
    if kind.endswith("call_output") and kind in _ID_PREFIXES and not isinstance(item["output"], str):
        kept["output"] = [_input_part(part) for part in parts_of(item["output"], "output")]
    if kind == "reasoning":
        kept.setdefault("summary", [])
    if kind in _ID_PREFIXES and kind not in _WITHOUT_STATUS:
        kept.setdefault("status", "completed")
    return kept


def _kept_parts(item: RawItem) -> list[dict[str, Any]]:
    parts = parts_of(item["content"], "content")
    if item["role"] == "assistant":
        return [_output_part(part) for part in parts]
    return [_input_part(part) for part in parts]


def _input_part(part: TextPart | RefusalPart) -> dict[str, Any]:
    return {"type": "input_text", "text": text_of([part])}


def _output_part(part: TextPart | RefusalPart) -> dict[str, Any]:
    if isinstance(part, RefusalPart):
        return {"type": "refusal", "refusal": part.refusal}
    said = {"annotations": part.annotations or [], "logprobs": part.logprobs or []}
    return {"type": "output_text", "text": part.text} | said
