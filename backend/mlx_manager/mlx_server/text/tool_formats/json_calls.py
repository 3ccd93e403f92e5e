"""Calls as JSON objects that hold the name and the arguments."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from mlx_manager.mlx_server.domain.guide import Trigger
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.text.tool_formats import grammar
from mlx_manager.mlx_server.text.tool_formats.base import CallSplitter, HeldTool, Literal
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules
from mlx_manager.mlx_server.text.tool_formats.json_text import (
    as_arguments,
    read_key,
    read_string,
    read_value,
    stream_arguments,
)
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
)
from mlx_manager.mlx_server.text.tool_formats.splitter import Opening, Splitter

_NAMES: Final = ("name", "tool_name", "function")
_ARGUMENTS: Final = ("arguments", "parameters", "args", "input")
_BRACKETS: Final = ("{", "[")
# Besides these a call's object may have what is of no use here.
_OTHERS: Final = ("id", "tool_call_id", "call_id", "type")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a call's object besides name and arguments: its key, and what its text must match."""

    key: str
    pattern: str


@dataclass(frozen=True, slots=True)
class JsonCalls:
    """The declaration of such a format.

    Read is more than is declared: a list or a single object, the members in any order, and any of the keys
    that models are known to use. A grammar holds the model to what is declared.

    Attributes:
        opening: stands before each call, or the list; empty where calls stand bare at the answer's start.
        closing: stands after it.
        is_list: whether the template writes all calls of a turn as one list.
        head: a member that comes before the name.
        tail: a member that comes after the arguments.
        bare: further texts that open a call at the answer's start, with what closes each.
    """

    name: str
    opening: str
    closing: str = ""
    is_list: bool = False
    name_key: str = "name"
    arguments_key: str = "arguments"
    head: Member | None = None
    tail: Member | None = None
    bare: tuple[tuple[str, str], ...] = ()

    @property
    def marks(self) -> tuple[str, ...]:
        bare = (text for text, _ in self.bare if text not in _BRACKETS)
        return tuple(mark for mark in (self.opening, self.closing, *bare) if mark)

    def splitter(self, tools: Sequence[ToolDefinition], *, parallel: bool, choice: int) -> CallSplitter:
        openings = [Opening(self.opening)] if self.opening else []
        openings += [Opening(text, at_start=True, is_part=text in _BRACKETS) for text, _ in self.bare]
        closings = {self.opening: self.closing, **dict(self.bare)}
        keys = _Keys(self.name_key, self.arguments_key)
        names = frozenset(tool.name for tool in tools)

        def read(source: Source, opening: Opening) -> Reading[None]:
            yield from _read_calls(source, closings[opening.text], keys, names if opening.at_start else None)

        return Splitter(openings, read, parallel=parallel, choice=choice)

    def triggers(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> tuple[Trigger, ...]:
        found: list[Trigger] = []
        if self.opening:
            grammar_after = self._after_opening(tools, parallel=parallel, literal=literal)
            found.append(Trigger(self.opening, grammar_after))
        if self.bare:
            found += [
                self._bare_trigger(tool, tools, gap, parallel=parallel, literal=literal)
                for tool in tools
                for gap in (" ", "")
            ]
        return tuple(found)

    def forced(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> str:
        rules = Rules(literal)
        if self.is_list:
            calls = f"{rules.mark(self.opening)} {self._list(rules, tools, parallel=parallel)}"
        else:
            one = f"{rules.mark(self.opening)} {self._body(rules, tools)}"
            calls = grammar.repeated(
                rules.add("call", one), rules.space, parallel=parallel and bool(self.opening)
            )
        return rules.text(f"{rules.space} {calls}")

    def unheld(self, tool: HeldTool) -> str:
        return grammar.gap_of(lambda rules: grammar.json_arguments(rules, tool))

    def _after_opening(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> str:
        rules = Rules(literal)
        if self.is_list:
            return rules.text(self._list(rules, tools, parallel=parallel))
        return rules.text(self._body(rules, tools))

    def _bare_trigger(
        self, tool: HeldTool, tools: Sequence[HeldTool], gap: str, *, parallel: bool, literal: Literal
    ) -> Trigger:
        """A bare object is known for a call by its name, as the template writes it or without spaces."""
        rules = Rules(literal)
        text = f'{{"{self.name_key}":{gap}{json.dumps(tool.name, ensure_ascii=False)}'
        rest = self._arguments(rules, tool)
        if self.is_list:
            text, space = f"[{text}", rules.space
            more = f'({space} "," {space} {self._any_call(rules, tools)})*' if parallel else ""
            rest = f'{rest} {more} {space} "]"'
        return Trigger(text, rules.text(rest), at_start=True)

    def _list(self, rules: Rules, tools: Sequence[HeldTool], *, parallel: bool) -> str:
        space = rules.space
        one = rules.add("call", self._any_call(rules, tools))
        calls = grammar.repeated(one, f'{space} "," {space}', parallel=parallel)
        return f'{space} "[" {space} {calls} {space} "]" {space} {rules.mark(self.closing)}'

    def _body(self, rules: Rules, tools: Sequence[HeldTool]) -> str:
        return f"{rules.space} {self._any_call(rules, tools)} {rules.space} {rules.mark(self.closing)}"

    def _any_call(self, rules: Rules, tools: Sequence[HeldTool]) -> str:
        return grammar.any_of(self._call(rules, tool) for tool in tools)

    def _call(self, rules: Rules, tool: HeldTool) -> str:
        """One call's object."""
        space = rules.space
        head = grammar.optional(f'{_member(self.head, space)} "," {space}') if self.head else ""
        name = f'{quoted(json.dumps(self.name_key))} {space} ":" {space}'
        name += f" {quoted(json.dumps(tool.name, ensure_ascii=False))}"
        return f'"{{" {space} {head} {name} {self._arguments(rules, tool)}'

    def _arguments(self, rules: Rules, tool: HeldTool) -> str:
        """What follows a call's name, up to the end of its object."""
        space = rules.space
        tail = grammar.optional(f'{space} "," {space} {_member(self.tail, space)}') if self.tail else ""
        key = f'{space} "," {space} {quoted(json.dumps(self.arguments_key))} {space} ":" {space}'
        held = grammar.json_arguments(rules, tool)
        return f'{key} {held} {tail} {space} "}}"'


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys under which a call's parts stand."""

    name: str
    arguments: str

    def is_name(self, key: str) -> bool:
        return key == self.name or key in _NAMES

    def is_arguments(self, key: str) -> bool:
        return key == self.arguments or key in _ARGUMENTS


def _member(member: Member | None, space: str) -> str:
    assert member is not None
    return f'{quoted(json.dumps(member.key))} {space} ":" {space} "\\"" /{member.pattern}/ "\\""'


def _read_calls(source: Source, closing: str, keys: _Keys, names: Collection[str] | None) -> Reading[None]:
    """One call, or a list of them, and what closes it."""
    yield from skip_space(source)
    is_list, wanted = bool((yield from accept(source, "["))), names
    while True:
        yield from skip_space(source)
        yield from _read_call(source, keys, wanted)
        if not is_list:
            break
        yield CallEnd()
        wanted = None  # it is a list of calls, whatever they call
        yield from skip_space(source)
        if not (yield from accept(source, ",")):
            yield from accept(source, "]")
            break
    if closing:
        yield from skip_space(source)
        yield from accept(source, closing)
    if not is_list:
        yield CallEnd()
    if names is not None:
        # Llama 3 puts this between two calls.
        yield from skip_space(source, also=";")


def _read_call(source: Source, keys: _Keys, names: Collection[str] | None) -> Reading[None]:
    """One object."""
    if not (yield from accept(source, "{")):
        raise CutOff if source.is_closed and not source.rest else NotACall
    name: str | None = None
    arguments: str | None = None
    told = False
    while True:
        yield from skip_space(source)
        if (yield from accept(source, "}")):
            break
        key = yield from read_key(source)
        if keys.is_name(key) and name is None:
            if source.rest.startswith("{"):  # {"type": "function", "function": {...}}
                yield from _read_call(source, keys, names)
                name, told = "", True
            else:
                name = yield from read_string(source)
                if names is not None and name not in names:
                    raise NotACall
                if arguments is not None:
                    yield CallName(name)
                    yield CallArguments(arguments)
                    told = True
        elif keys.is_arguments(key) and not told:
            if name is None:
                arguments = as_arguments((yield from read_value(source)))
            else:
                yield CallName(name)
                told = True
                if not (yield from stream_arguments(source)):
                    return
        elif names is None or key in _OTHERS:
            yield from read_value(source)
        else:
            raise NotACall
        yield from skip_space(source, also=",")
    if name is None:
        raise NotACall
    if not told:
        yield CallName(name)
        yield CallArguments("{}")
