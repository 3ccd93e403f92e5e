"""Pieces of Lark, in llguidance's dialect, of which the formats make their grammars."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from mlx_manager.mlx_server.domain.formats import LarkFormat, RegexFormat
from mlx_manager.mlx_server.domain.tools import TextInput
from mlx_manager.mlx_server.text.json_schema import SchemaRefused, enforceable, lark_json
from mlx_manager.mlx_server.text.json_schema_references import escaped
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool, Literal
from mlx_manager.mlx_server.text.tool_formats.json_lark import json_string_of
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted, slashed

NO_STRING: Final = "the grammar uses what cannot be enforced within a string, as this model's calls have it"
ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}


class Rules:
    """A grammar while it is written.

    Args:
        literal: writes a text in which special tokens may stand.

    Attributes:
        gap: the first thing asked for that it does not hold a call to; empty where there is none.
    """

    def __init__(self, literal: Literal) -> None:
        self.literal = literal
        self.gap = ""
        self._lines: dict[str, str] = {}
        self._named: dict[tuple[str, int], tuple[Any, str]] = {}

    def add(self, name: str, body: str) -> str:
        """A rule, or a terminal where the name is upper case; the name to use it by."""
        taken, number = name, 1
        while self._lines.get(taken, body) != body:
            number += 1
            taken = f"{name}_{number}"
        self._lines[taken] = body
        return taken

    def named(self, kind: str, schema: Any, make: Callable[[], str]) -> str:
        """The rule of a schema that others refer to, which is written once and may refer to itself."""
        key = kind, id(schema)
        if key not in self._named:
            name = self.add(kind, f"# {len(self._named)}")
            self._named[key] = (schema, name)
            self._lines[name] = make()
        return self._named[key][1]

    def leave_out(self, at: str, keyword: str) -> None:
        """Take down that a keyword of the schema at a JSON pointer is not held to."""
        before, reference, _ = at.partition("/$ref")
        place = f"{before}{reference} leads to {keyword}, which" if reference else f"{at}/{escaped(keyword)}"
        self.gap = self.gap or f"{place} cannot be enforced in the format of this model's calls"

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


def any_of(choices: Iterable[str]) -> str:
    """One of them; parenthesised."""
    return f"({' | '.join(choices)})"


def optional(body: str) -> str:
    """A body, or nothing."""
    return f"({body})?"


def repeated(one: str, separator: str, *, parallel: bool) -> str:
    """One of something, or where `parallel` any number more of it."""
    return f"{one} ({separator} {one})*" if parallel else one


def gap_of(write: Callable[[Rules], object]) -> str:
    """What a grammar does not hold a call to; empty where it holds all."""
    rules = Rules(quoted)
    try:
        write(rules)
    except SchemaRefused as refused:
        return str(refused)
    return rules.gap


def json_of(schema: Mapping[str, Any]) -> str:
    """JSON that fits a schema, which can be enforced."""
    return lark_json(schema)


def json_arguments(rules: Rules, tool: HeldTool) -> str:
    """A tool's arguments as a JSON object."""
    if (text := text_argument(rules, tool)) is not None:
        space = rules.space
        return rules.add("arguments", f'"{{" {space} "\\"input\\"" {space} ":" {space} {text} {space} "}}"')
    return rules.add("arguments", json_of(arguments_schema(tool)))


def text_argument(rules: Rules, tool: HeldTool) -> str | None:
    """A tool's text as a JSON string; None where its schema says what there is to say, or nothing can be."""
    match tool.text_input:
        case TextInput(grammar=LarkFormat(grammar=lark)):
            pass
        case TextInput(grammar=RegexFormat(pattern=pattern)):
            lark = f"start: TEXT\nTEXT: /{slashed(pattern)}/\n"
        case _:
            return None
    held = json_string_of(lark)
    if held is None and isinstance(tool.text_input.grammar, LarkFormat):
        rules.gap = rules.gap or NO_STRING
    return held


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


def held_schema(tool: HeldTool) -> Mapping[str, Any]:
    """The same in the grammar engine's words, of which a format writes a grammar of its own.

    Raises:
        SchemaRefused: where the schema cannot be enforced in full.
    """
    return enforceable(arguments_schema(tool))
