"""Calls as real templates write them, and what a format reads in a text."""

import copy
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolDefinition
from mlx_manager.mlx_server.pool.sources import DEMO_PATH
from mlx_manager.mlx_server.text.chat_template import ChatTemplate
from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from mlx_manager.mlx_server.text.tool_formats.base import CallEvent, ToolFormat

DATA = Path(os.environ.get("MLX_MANAGER_TEST_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))
Call = tuple[str, dict[str, Any]]
_SAID = "\uf8f0"


@cache
def _tokenizer() -> Any:
    tokenizer = Tokenizer.load(DEMO_PATH)._tokenizer
    tokenizer.bos_token = "<s>"
    return tokenizer


def chat_template(text: str) -> ChatTemplate:
    """A template, with the demo's tokenizer."""
    tokenizer = copy.copy(_tokenizer())
    tokenizer.chat_template = text
    return ChatTemplate(tokenizer)


@cache
def real_template(name: str) -> ChatTemplate:
    """A template of a well-known model."""
    return chat_template((DATA / "templates" / f"{name}.jinja").read_text())


def schema_of(value: Any) -> dict[str, Any]:
    """A schema that a value fits, as narrow as its type."""
    match value:
        case None:
            return {"type": "null"}
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list():
            return {"type": "array"}
    return {"type": "object"}


def tool_for(name: str, arguments: Mapping[str, Any]) -> ToolDefinition:
    """A tool that takes just these."""
    properties = {key: schema_of(value) | {"description": "One."} for key, value in arguments.items()}
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return ToolDefinition(name, "Does it.", schema)


def turn_of(template: ChatTemplate, calls: Sequence[Call]) -> str:
    """What the assistant writes to make these calls, from where its text would begin.

    Raises:
        Exception: whatever the template has against them.
    """
    made = tuple(
        ToolCall(f"call0000{number}", name, json.dumps(arguments, ensure_ascii=False))
        for number, (name, arguments) in enumerate(calls, 1)
    )
    # Some templates refuse types that Python has none for; how a call is written does not depend on them.
    schema = {"type": "object", "properties": {"x": {"type": "string", "description": "One."}}}
    prompt = ChatPrompt((), tools=tuple(ToolDefinition(name, "Does it.", schema) for name, _ in calls))
    asked = ChatMessage("user", "Do it.")
    whole = template.render(prompt, [asked, ChatMessage("assistant", "", tool_calls=made)], for_answer=False)
    said = template.render(prompt, [asked, ChatMessage("assistant", _SAID)], for_answer=False)
    shared = len(os.path.commonprefix([whole, said[: said.index(_SAID)]]))  # noqa: RUF071 (texts)
    if whole.rfind("<", 0, shared) > whole.rfind(">", 0, shared):
        shared = whole.rfind("<", 0, shared)
    return whole[shared:]


def split(
    tool_format: ToolFormat,
    text: str,
    tools: Sequence[ToolDefinition] = (),
    cuts: Sequence[int] = (),
    *,
    parallel: bool = True,
) -> list[str | CallEvent]:
    """All that a text comes to, cut into chunks."""
    bounds = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    splitter = tool_format.splitter(tools, parallel=parallel, choice=0)
    parts: list[str | CallEvent] = []
    for start, end in pairwise(bounds):
        parts += splitter.push(text[start:end])
        if splitter.is_over:
            break
    return parts + splitter.finish()


def calls_of(parts: Sequence[str | CallEvent]) -> list[tuple[str, str]]:
    """Names and arguments."""
    found: list[tuple[str, str]] = []
    for part in parts:
        if isinstance(part, ToolCallStarted):
            assert part.index == len(found)
            found.append((part.name, ""))
        elif isinstance(part, ToolCallDelta):
            assert part.index == len(found) - 1
            assert part.arguments
            found[-1] = (found[-1][0], found[-1][1] + part.arguments)
    return found


def read_calls(parts: Sequence[str | CallEvent]) -> list[Call]:
    """Names, and arguments as what their JSON says."""
    return [(name, json.loads(arguments)) for name, arguments in calls_of(parts)]


def text_of(parts: Sequence[str | CallEvent]) -> str:
    return "".join(part for part in parts if isinstance(part, str))
