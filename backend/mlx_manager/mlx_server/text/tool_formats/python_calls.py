"""Calls written as Python's: `[look_up(word="zebra", times=2)]`."""

import ast
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlx_manager.mlx_server.domain.guide import Trigger
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.text.json_schema import lark_enforceable
from mlx_manager.mlx_server.text.tool_formats import grammar
from mlx_manager.mlx_server.text.tool_formats.base import CallSplitter, HeldTool, Literal
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of, held_schema, text_argument
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted
from mlx_manager.mlx_server.text.tool_formats.source import (
    CallArguments,
    CallEnd,
    CallName,
    CutOff,
    NotACall,
    Reading,
    Source,
    accept,
    skip_space,
    wait,
)
from mlx_manager.mlx_server.text.tool_formats.splitter import Opening, Splitter
from mlx_manager.mlx_server.text.tool_formats.value_grammar import ValueStyle
from mlx_manager.mlx_server.text.tool_formats.values import properties_of

_NAME: Final = re.compile(r"[\w.-]+")
# Python's strings, and what else stands between two of its brackets and commas.
_TOKEN: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^'\"\[\](){},]+|[\[\](){},]", re.S)
_JSON_WORDS: Final = {"true": True, "false": False, "null": None}
# What ends a key, in front of its equals sign.
_NO_KEY: Final = re.compile(r"[=\[\](){},'\"]|^\s|\s$")


def _string(rules: Rules) -> str:
    return rules.add("STRING", '/"([^"\\\\\\n\\r\\x00]|\\\\["\\\\\'nrt])*"/')


def _quoted(rules: Rules, text: str) -> str:
    return quoted(json.dumps(text, ensure_ascii=False))


STYLE: Final = ValueStyle(
    words={"true": "True", "false": "False", "null": "None"},
    # A string of JSON with these escapes is one of Python's.
    json_types=frozenset({"string", "integer", "number"}),
    string=_string,
    held_string=lambda rules, schema, root, at: rules.add("json", lark_enforceable(schema)),
    quote=_quoted,
    key=_quoted,
    any_key=_string,
    comma='"," / ?/',
    colon='":" / ?/',
)


@dataclass(frozen=True, slots=True)
class PythonCalls:
    """The declaration of such a format.

    Attributes:
        opening: stands before the calls; empty where they stand bare at the answer's start.
        closing: stands after them.
        is_list: whether brackets stand around them.
    """

    name: str
    opening: str
    closing: str = ""
    is_list: bool = True

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(mark for mark in (self.opening, self.closing) if mark)

    def splitter(self, tools: Sequence[ToolDefinition], *, parallel: bool, choice: int) -> CallSplitter:
        names = frozenset(tool.name for tool in tools)
        if self.opening:
            openings = [Opening(self.opening)]
        else:
            starts = ["["] if self.is_list else [f"{name}(" for name in sorted(names)]
            openings = [Opening(start, at_start=True, is_part=True) for start in starts]

        def read(source: Source, opening: Opening) -> Reading[None]:
            yield from _read_calls(source, self.closing, names if opening.at_start else None)

        return Splitter(openings, read, parallel=parallel, choice=choice)

    def triggers(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> tuple[Trigger, ...]:
        if self.opening:
            rules = Rules(literal)
            return (Trigger(self.opening, rules.text(self._calls(rules, tools, parallel=parallel))),)
        found = []
        for tool in tools:
            rules = Rules(literal)
            rest = self._after_name(rules, tool)
            if self.is_list:
                more = f'("," / ?/ {any_of(self._call(rules, one) for one in tools)})*' if parallel else ""
                rest = f'{rest} {more} "]"'
            found.append(
                Trigger(f"{'[' if self.is_list else ''}{tool.name}(", rules.text(rest), at_start=True)
            )
        return tuple(found)

    def forced(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> str:
        rules = Rules(literal)
        calls = self._calls(rules, tools, parallel=parallel)
        return rules.text(f"{rules.space} {rules.mark(self.opening)} {calls}")

    def _calls(self, rules: Rules, tools: Sequence[HeldTool], *, parallel: bool) -> str:
        one = rules.add("call", any_of(self._call(rules, tool) for tool in tools))
        separator = '"," / ?/' if self.is_list else '"\\n"'
        calls = grammar.repeated(one, separator, parallel=parallel)
        calls = f'"[" {calls} "]"' if self.is_list else calls
        return f"{rules.space} {calls} {rules.space} {rules.mark(self.closing)}" if self.opening else calls

    def _call(self, rules: Rules, tool: HeldTool) -> str:
        return f'{quoted(tool.name)} "(" {self._after_name(rules, tool)}'

    def unheld(self, tool: HeldTool) -> str:
        return grammar.gap_of(lambda rules: self._after_name(rules, tool))

    def _after_name(self, rules: Rules, tool: HeldTool) -> str:
        """A call from the bracket after its name on."""
        if (text := text_argument(rules, tool)) is not None:
            return f'"input=" {text} ")"'
        schema = held_schema(tool)
        for key in (*properties_of(schema), *schema.get("required", ())):
            if _NO_KEY.search(key):
                rules.leave_out("/properties", key)
        any_key = f'{rules.add("KEY", "/[A-Za-z_][A-Za-z0-9_]{0,63}/")} "="'
        members = STYLE.arguments(rules, schema, lambda key: quoted(f"{key}="), any_key)
        return f'{members} ")"'


def _read_calls(source: Source, closing: str, names: Collection[str] | None) -> Reading[None]:
    yield from skip_space(source)
    is_list = bool((yield from accept(source, "[")))
    while True:
        yield from _read_call(source, names)
        yield CallEnd()
        names = None  # it is a list of calls, whatever they call
        yield from skip_space(source, also=",;" if is_list or closing else "")
        if is_list and (yield from accept(source, "]")):
            yield from skip_space(source)
            is_list = False
        if not closing and not is_list:
            return
        if closing and (yield from accept(source, closing)):
            return
        if not _NAME.match(source.rest):
            return


def _read_call(source: Source, names: Collection[str] | None) -> Reading[None]:
    yield from skip_space(source)
    while (match := _NAME.match(source.rest)) is not None and match.end() == len(source.rest):
        yield from wait(source)
    if match is None:
        raise CutOff if source.is_closed and not source.rest else NotACall
    name = source.take(match.end())
    if not (yield from accept(source, "(")) or (names is not None and name not in names):
        raise NotACall
    yield CallName(name)
    separator = "{"
    while True:
        yield from skip_space(source, also=",")
        if (yield from accept(source, ")")):
            yield CallArguments("{}" if separator == "{" else "}")
            return
        text = yield from _read_argument(source)
        key, _, value = text.partition("=")
        written = f"{json.dumps(key.strip(), ensure_ascii=False)}: {_as_json(value)}"
        yield CallArguments(f"{separator}{written}")
        separator = ", "


def _read_argument(source: Source) -> Reading[str]:
    """One argument's text, up to the comma or bracket after it."""
    depth, text = 0, ""
    while True:
        while (match := _TOKEN.match(source.rest)) is None or match.end() == len(source.rest):
            if match is not None and source.rest in {",", ")"} and depth == 0:
                break
            yield from wait(source)
        token = match[0]
        if depth == 0 and token in {",", ")"}:
            return text
        depth += (token in {"[", "(", "{"}) - (token in {"]", ")", "}"})
        text += source.take(len(token))


def _as_json(text: str) -> str:
    """A Python value as JSON; a text that is none stays one."""
    try:
        value: Any = _literal(ast.parse(text.strip(), mode="eval").body)
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return json.dumps(text.strip(), ensure_ascii=False)


def _literal(node: ast.expr) -> Any:
    """A value, in which `true`, `false` and `null` are known, too."""
    match node:
        case ast.Name(id=word) if word in _JSON_WORDS:
            return _JSON_WORDS[word]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_literal(one) for one in elements]
        case ast.Dict(keys=keys, values=values):
            return {
                str(_literal(key)): _literal(value)
                for key, value in zip(keys, values, strict=True)
                if key is not None
            }
    return ast.literal_eval(node)
