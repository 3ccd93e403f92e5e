"""Pieces of Lark, in llguidance's dialect, of which the formats make their grammars."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mlx_manager.mlx_server.domain.formats import RegexFormat
from mlx_manager.mlx_server.text.json_schema import lark_json
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool, Literal

ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}


class Rules:
    """A grammar while it is written.

    Args:
        literal: writes a text in which special tokens may stand.
    """

    def __init__(self, literal: Literal) -> None:
        self.literal = literal
        self._lines: dict[str, str] = {}

    def add(self, name: str, body: str) -> str:
        """A rule, or a terminal where the name is upper case; the name to use it by."""
        taken, number = name, 1
        while self._lines.get(taken, body) != body:
            number += 1
            taken = f"{name}_{number}"
        self._lines[taken] = body
        return taken

    @property
    def space(self) -> str:
        """Some white space, or none."""
        return self.add("space", "/[ \\n]{0,24}/")

    def mark(self, text: str) -> str:
        """One of a format's marks; nothing where it is empty."""
        return self.literal(text) if text else ""

    def is_plain(self, mark: str) -> bool:
        """Whether a mark is text to this model, so that text may hold it."""
        return self.literal(mark) == quoted(mark)

    def text(self, start: str) -> str:
        """The grammar, whose `start` is this."""
        return "\n".join([f"start: {start}", *(f"{name}: {body}" for name, body in self._lines.items())])


def quoted(text: str) -> str:
    """A text as Lark's string; nothing that is empty."""
    return json.dumps(text, ensure_ascii=False) if text else ""


def any_of(choices: Iterable[str]) -> str:
    """One of them; parenthesised."""
    return f"({' | '.join(choices)})"


def optional(body: str) -> str:
    """A body, or nothing."""
    return f"({body})?"


def repeated(one: str, separator: str, *, parallel: bool) -> str:
    """One of something, or where `parallel` any number more of it."""
    return f"{one} ({separator} {one})*" if parallel else one


def json_of(schema: Mapping[str, Any]) -> str:
    """JSON that fits a schema, which can be enforced."""
    return lark_json(schema)


def arguments_schema(tool: HeldTool) -> Mapping[str, Any]:
    """What a tool's arguments, as a JSON object, must fit."""
    if tool.text_input is None:
        return tool.schema if tool.schema is not None else ANY_OBJECT
    text: dict[str, Any] = {"type": "string"}
    if isinstance(tool.text_input.grammar, RegexFormat):
        text["pattern"] = f"^(?:{tool.text_input.grammar.pattern})$"
    return {
        "type": "object",
        "properties": {"input": text},
        "required": ["input"],
        "additionalProperties": False,
    }
