"""Calls as a name between marks, then the arguments as a JSON object."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlx_manager.mlx_server.domain.guide import Trigger
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.text.tool_formats import grammar
from mlx_manager.mlx_server.text.tool_formats.base import CallSplitter, HeldTool, Literal
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules
from mlx_manager.mlx_server.text.tool_formats.json_text import stream_arguments
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted
from mlx_manager.mlx_server.text.tool_formats.source import (
    CallArguments,
    CallEnd,
    CallName,
    NotACall,
    Reading,
    Source,
    accept,
    expect,
    name_until,
    skip_space,
)
from mlx_manager.mlx_server.text.tool_formats.splitter import Opening, Splitter

# A tag, in a text that may hold others, too.
_MARK: Final = re.compile(r"<[^<>\s]+>|\[[A-Z_]+\]")


@dataclass(frozen=True, slots=True)
class NamedCalls:
    """The declaration of such a format.

    Attributes:
        call: opens each call, before its name.
        after_name: stands between the name and the arguments.
        closing: stands after the arguments.
        section: what opens and closes all calls of a turn; empty where each stands by itself.
        between: stands between two calls of a section, besides white space.
        prefix: of each name, which is not the tool's.
        suffix: what may follow each name, a mark and a regular expression: its number, or its id.
    """

    name: str
    call: str
    after_name: str
    closing: str = ""
    section: tuple[str, str] = ("", "")
    between: str = ""
    prefix: str = ""
    suffix: tuple[str, str] = ("", "")

    @property
    def marks(self) -> tuple[str, ...]:
        texts = (*self.section, self.call, self.after_name, self.closing, self.suffix[0])
        found = [mark for text in texts for mark in _MARK.findall(text)]
        return tuple(dict.fromkeys([*found, self.section[0] or self.call]))

    def splitter(self, tools: Sequence[ToolDefinition], *, parallel: bool, choice: int) -> CallSplitter:
        opening = Opening(self.section[0] or self.call)
        return Splitter([opening], self._read, parallel=parallel, choice=choice)

    def triggers(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> tuple[Trigger, ...]:
        rules = Rules(literal)
        if not self.section[0]:
            return (Trigger(self.call, rules.text(self._any_call(rules, tools))),)
        return (Trigger(self.section[0], rules.text(self._section(rules, tools, parallel=parallel))),)

    def forced(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> str:
        rules = Rules(literal)
        if self.section[0]:
            section = self._section(rules, tools, parallel=parallel)
            return rules.text(f"{rules.space} {rules.mark(self.section[0])} {section}")
        one = rules.add("call", f"{rules.mark(self.call)} {self._any_call(rules, tools)}")
        return rules.text(f"{rules.space} {grammar.repeated(one, rules.space, parallel=parallel)}")

    def unheld(self, tool: HeldTool) -> str:
        return grammar.gap_of(lambda rules: grammar.json_arguments(rules, tool))

    def _section(self, rules: Rules, tools: Sequence[HeldTool], *, parallel: bool) -> str:
        """What follows a section's opening."""
        space = rules.space
        one = rules.add("call", f"{rules.mark(self.call)} {self._any_call(rules, tools)}")
        between = f"{space} {rules.mark(self.between)} {space}" if self.between else space
        calls = grammar.repeated(one, between, parallel=parallel)
        return f"{space} {calls} {space} {rules.mark(self.section[1])}"

    def _any_call(self, rules: Rules, tools: Sequence[HeldTool]) -> str:
        return grammar.any_of(self._call(rules, tool) for tool in tools)

    def _call(self, rules: Rules, tool: HeldTool) -> str:
        """What follows a call's opening."""
        mark, pattern = self.suffix
        suffix = grammar.optional(f"{rules.mark(mark)} /{pattern}/") if mark else ""
        held = grammar.json_arguments(rules, tool)
        name = f"{quoted(self.prefix)} {quoted(tool.name)} {suffix} {rules.mark(self.after_name)}"
        return f"{name} {rules.space} {held} {rules.space} {rules.mark(self.closing)}"

    def _read(self, source: Source, opening: Opening) -> Reading[None]:
        if self.section[0]:
            yield from skip_space(source)
            yield from expect(source, self.call)
        while True:
            name = self._name_in((yield from name_until(source, self.after_name)))
            yield CallName(name)
            yield from skip_space(source)
            if self.closing and source.rest.startswith(self.closing.strip()):
                yield CallArguments("{}")
            else:
                yield from stream_arguments(source)
            yield from skip_space(source)
            yield from accept(source, self.closing.strip())
            yield CallEnd()
            if not self.section[0]:
                return
            yield from skip_space(source)
            if self.between:
                yield from accept(source, self.between)
                yield from skip_space(source)
            if not (yield from accept(source, self.call)):
                yield from accept(source, self.section[1])
                return

    def _name_in(self, text: str) -> str:
        """The tool's name, without what stands around it. Raises NotACall."""
        mark, pattern = self.suffix
        suffix = f"(?:{re.escape(mark)}{pattern})?" if mark else ""
        match = re.fullmatch(f"(?:{re.escape(self.prefix)})?([^\\s<>]+?){suffix}", text)
        if match is None:
            raise NotACall
        return match[1]
