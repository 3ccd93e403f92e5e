"""Gemma 4's calls: `call:look_up{n:3,s:<|"|>zebra<|"|>}` between two marks."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlx_manager.mlx_server.domain.guide import Trigger
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.text.tool_formats import grammar
from mlx_manager.mlx_server.text.tool_formats.base import CallSplitter, HeldTool, Literal
from mlx_manager.mlx_server.text.tool_formats.grammar import NO_STRING, Rules, any_of, held_schema
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted
from mlx_manager.mlx_server.text.tool_formats.source import (
    CallArguments,
    CallEnd,
    CallName,
    Reading,
    Source,
    accept,
    expect,
    name_until,
    num_undecided,
    skip_space,
    until,
    wait,
)
from mlx_manager.mlx_server.text.tool_formats.splitter import Opening, Splitter
from mlx_manager.mlx_server.text.tool_formats.text_grammar import ANY_TEXT, text_of_input, text_terminal
from mlx_manager.mlx_server.text.tool_formats.value_grammar import ValueStyle
from mlx_manager.mlx_server.text.tool_formats.values import properties_of

_QUOTE: Final = '<|"|>'
_WORDS: Final = {
    "true": "true",
    "false": "false",
    "null": "null",
    "True": "true",
    "False": "false",
    "None": "null",
}
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_KEY: Final = "/[A-Za-z_][A-Za-z0-9_]{0,63}/"


def _any_string(rules: Rules) -> str:
    return _string_of(rules, ANY_TEXT)


def _string_of(rules: Rules, body: str) -> str:
    """Lark of a string between its marks, which is what a terminal's body says."""
    if not rules.is_plain(_QUOTE):
        return f"{rules.mark(_QUOTE)} {rules.add('TEXT', body)} {rules.mark(_QUOTE)}"
    end = re.escape(_QUOTE)
    text = rules.add("TEXT", f"(({body}) & ~/(?s:.*){end}(?s:.*)/) {quoted(_QUOTE)}")
    return f"{quoted(_QUOTE)} {text}"


def _can_write(text: str, is_key: bool) -> bool:
    if not is_key:
        return _QUOTE not in text
    return ":" not in text and text == text.strip() and not text.startswith((",", "}", _QUOTE))


_STYLE: Final = ValueStyle(
    words={"true": "true", "false": "false", "null": "null"},
    json_types=frozenset({"integer", "number"}),
    string=_any_string,
    held_string=lambda rules, schema, root, at: _string_of(rules, text_terminal(rules, schema, root, at)),
    quote=lambda rules, text: f"{rules.mark(_QUOTE)} {quoted(text)} {rules.mark(_QUOTE)}",
    key=lambda rules, text: quoted(text),
    any_key=lambda rules: rules.add("KEY", _KEY),
    comma='","',
    colon='":"',
    can_write=_can_write,
    sorts_keys=True,
)


@dataclass(frozen=True, slots=True)
class GemmaCalls:
    """The declaration of the format."""

    name: str = "gemma"
    opening: str = "<|tool_call>"
    closing: str = "<tool_call|>"

    @property
    def marks(self) -> tuple[str, ...]:
        return self.opening, self.closing, _QUOTE

    def splitter(self, tools: Sequence[ToolDefinition], *, parallel: bool, choice: int) -> CallSplitter:
        return Splitter([Opening(self.opening)], self._read, parallel=parallel, choice=choice)

    def triggers(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> tuple[Trigger, ...]:
        rules = Rules(literal)
        return (Trigger(self.opening, rules.text(self._any_call(rules, tools))),)

    def forced(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> str:
        rules = Rules(literal)
        one = rules.add("call", f"{rules.mark(self.opening)} {self._any_call(rules, tools)}")
        return rules.text(f"{rules.space} {grammar.repeated(one, rules.space, parallel=parallel)}")

    def unheld(self, tool: HeldTool) -> str:
        return grammar.gap_of(lambda rules: _members(rules, tool))

    def _any_call(self, rules: Rules, tools: Sequence[HeldTool]) -> str:
        calls = any_of(f'{quoted(tool.name)} "{{" {_members(rules, tool)} "}}"' for tool in tools)
        return f'"call:" {calls} {rules.mark(self.closing)}'

    def _read(self, source: Source, opening: Opening) -> Reading[None]:
        yield from skip_space(source)
        yield from expect(source, "call:")
        name = yield from name_until(source, "{")
        yield CallName(name)
        yield from _object(source)
        yield from skip_space(source)
        yield from accept(source, self.closing)
        yield CallEnd()


def _members(rules: Rules, tool: HeldTool) -> str:
    """A call's arguments; the template writes them in the order of their names."""
    if tool.text_input is not None:
        text = text_of_input(tool.text_input)
        if text is not None:
            return f'"input:" {_string_of(rules, text)}'
        rules.gap = rules.gap or NO_STRING
    schema = held_schema(tool)
    for key in properties_of(schema):
        if not _can_write(key, True):
            rules.leave_out("/properties", key)
    any_key = f'{rules.add("KEY", _KEY)} ":"'
    return _STYLE.arguments(rules, schema, lambda key: quoted(f"{key}:"), any_key)


def _object(source: Source) -> Reading[None]:
    """An object's members, after its opening brace."""
    yield CallArguments("{")
    comma = ""
    while True:
        yield from skip_space(source, also=",")
        if (yield from accept(source, "}")):
            yield CallArguments("}")
            return
        if (yield from accept(source, _QUOTE)):
            key = yield from until(source, _QUOTE)
            yield from until(source, ":")
        else:
            key = (yield from until(source, ":")).strip()
        yield CallArguments(f"{comma}{json.dumps(key, ensure_ascii=False)}: ")
        yield from _value(source)
        comma = ", "


def _value(source: Source) -> Reading[None]:
    yield from skip_space(source)
    match (yield from accept(source, _QUOTE, "{", "[")):
        case "{":
            yield from _object(source)
        case "[":
            yield from _array(source)
        case "":
            yield from _scalar(source)
        case _:
            yield from _string(source)


def _array(source: Source) -> Reading[None]:
    yield CallArguments("[")
    comma = ""
    while True:
        yield from skip_space(source, also=",")
        if (yield from accept(source, "]")):
            yield CallArguments("]")
            return
        if comma:
            yield CallArguments(comma)
        yield from _value(source)
        comma = ", "


def _string(source: Source) -> Reading[None]:
    """A string as it comes."""
    yield CallArguments('"')
    while (end := source.rest.find(_QUOTE)) < 0:
        if piece := source.take(len(source.rest) - num_undecided(source.rest, [_QUOTE])):
            yield CallArguments(json.dumps(piece, ensure_ascii=False)[1:-1])
        yield from wait(source)
    if piece := source.take(end):
        yield CallArguments(json.dumps(piece, ensure_ascii=False)[1:-1])
    source.take(len(_QUOTE))
    yield CallArguments('"')


def _scalar(source: Source) -> Reading[None]:
    """A number, a word, or text that stands without its marks."""
    while (match := re.search(r"[,}\]]", source.rest)) is None:
        yield from wait(source)
    text = source.take(match.start()).strip()
    if text in _WORDS:
        yield CallArguments(_WORDS[text])
    else:
        yield CallArguments(text if _NUMBER.fullmatch(text) else json.dumps(text, ensure_ascii=False))
