"""Calls whose parameters stand between tags, each value as bare text."""

import json
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

from mlx_manager.mlx_server.domain.guide import Trigger
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.text.tool_formats.base import CallSplitter, HeldTool, Literal
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of, gap_of, repeated
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted
from mlx_manager.mlx_server.text.tool_formats.raw_values import held_parameters
from mlx_manager.mlx_server.text.tool_formats.source import (
    CallArguments,
    CallEnd,
    CallName,
    CutOff,
    NotACall,
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
from mlx_manager.mlx_server.text.tool_formats.values import Parameters, as_json, is_text, properties_of

_LONGEST_NAME: Final = 300
_NAME: Final = re.compile(r"[^\s<>{}\[\]\"]+")


@dataclass(frozen=True, slots=True)
class XmlCalls:
    """The declaration of such a format.

    Attributes:
        opening: opens a call, or several.
        closing: closes them.
        function: what stands before a call's name and after it; where nothing does, white space or a tag
            ends the name.
        function_end: what closes one call inside `opening` and `closing`; empty where those do.
        key: what stands before a parameter's name and after it.
        value: opens a parameter's value, where the tag of its name does not.
        value_end: closes it.
        is_padded: whether a line break stands on each side of a value.
    """

    name: str
    opening: str
    closing: str
    function: tuple[str, str]
    function_end: str
    key: tuple[str, str]
    value: str
    value_end: str
    is_padded: bool

    @property
    def marks(self) -> tuple[str, ...]:
        texts = (self.opening, self.closing, self.function_end, *self.key, self.value, self.value_end)
        return tuple(dict.fromkeys(text for text in texts if re.fullmatch(r"<.+>", text)))

    def splitter(self, tools: Sequence[ToolDefinition], *, parallel: bool, choice: int) -> CallSplitter:
        parameters = Parameters(tools)
        openings = [Opening(self.opening)]
        if self.function[0]:  # some models leave the tag around it out
            openings.append(Opening(self.function[0], is_part=True))

        def read(source: Source, opening: Opening) -> Reading[None]:
            yield from self._read(source, parameters)

        return Splitter(openings, read, parallel=parallel, choice=choice)

    def triggers(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> tuple[Trigger, ...]:
        rules = Rules(literal)
        rest = f"{self._gap(rules)} {any_of(self._call(rules, tool) for tool in tools)}"
        found = [Trigger(self.opening, rules.text(f"{rest} {self._gap(rules)} {rules.mark(self.closing)}"))]
        if self.function[0]:
            rules = Rules(literal)
            rest = any_of(self._after_function(rules, tool) for tool in tools)
            closing = f"({self._gap(rules)} {rules.mark(self.closing)})?"
            found.append(Trigger(self.function[0], rules.text(f"{rest} {closing}")))
        return tuple(found)

    def forced(self, tools: Sequence[HeldTool], *, parallel: bool, literal: Literal) -> str:
        rules = Rules(literal)
        gap = self._gap(rules)
        body = rules.add("body", any_of(self._call(rules, tool) for tool in tools))
        one = rules.add("call", f"{rules.mark(self.opening)} {gap} {body} {gap} {rules.mark(self.closing)}")
        return rules.text(f"{gap} {repeated(one, gap, parallel=parallel)}")

    def unheld(self, tool: HeldTool) -> str:
        return gap_of(lambda rules: self._checked(rules, tool))

    def _checked(self, rules: Rules, tool: HeldTool) -> None:
        for key in properties_of(tool.schema or {}):
            if self.key[1] in key or key != key.strip():
                rules.leave_out("/properties", key)
        self._call(rules, tool)

    def _gap(self, rules: Rules) -> str:
        return rules.add("gap", "/[ \\n]{0,4}/")

    def _call(self, rules: Rules, tool: HeldTool) -> str:
        return f"{rules.mark(self.function[0])} {self._after_function(rules, tool)}"

    def _after_function(self, rules: Rules, tool: HeldTool) -> str:
        """A call from its name on."""
        gap = self._gap(rules)
        members = held_parameters(rules, tool, self._parameter)
        head = f"{quoted(tool.name)} {rules.mark(self.function[1])}"
        end = f"{gap} {rules.mark(self.function_end)}" if self.function_end else ""
        return f"{head} {members} {end}"

    def _parameter(self, rules: Rules, key: str, raw: str | None, value: str) -> str:
        """One parameter.

        Args:
            key: Lark of its name.
            raw: Lark of a terminal's body, where the value is bare text; the closing tag may not be in it.
            value: Lark of the value, else.
        """
        gap, line = self._gap(rules), '"\\n"' if self.is_padded else ""
        head = f"{gap} {rules.mark(self.key[0])} {key} {rules.mark(self.key[1])}"
        head += f" {gap} {rules.mark(self.value)} {line}" if self.value else f" {line}"
        if raw is None:
            return f"{head} {value} {line} {rules.mark(self.value_end)}"
        if not rules.is_plain(self.value_end):
            return f"{head} {rules.add('TEXT', f'({raw}) {line}')} {rules.mark(self.value_end)}"
        # One terminal with the closing tag: where a text ends is told by nothing else.
        without = re.escape(self.value_end).replace("/", "\\/")
        text = f"(({raw}) & ~/(?s:.*){without}(?s:.*)/) {line} {quoted(self.value_end)}"
        return f"{head} {rules.add('TEXT', text)}"

    def _read(self, source: Source, parameters: Parameters) -> Reading[None]:
        while True:
            name = yield from self._function_name(source)
            yield CallName(name)
            yield from self._members(source, name, parameters)
            is_more = False
            if self.function[0]:
                yield from skip_space(source)
                is_more = source.rest.startswith(self.function[0])
            if not is_more:
                yield from accept(source, self.closing)
            yield CallEnd()
            if not is_more:
                return

    def _function_name(self, source: Source) -> Reading[str]:
        yield from skip_space(source)
        before, after = self.function
        yield from expect(source, before)
        if after:
            name = yield from name_until(source, after)
        else:
            while (match := _NAME.match(source.rest)) and match.end() == len(source.rest):
                yield from wait(source)
            if match is None or len(match[0]) > _LONGEST_NAME:
                raise CutOff if source.is_closed and not source.rest else NotACall
            name = source.take(match.end())
            yield from skip_space(source)
            ends = (self.key[0], self.closing)
            while any(end.startswith(source.rest) for end in ends) and source.rest not in ends:
                yield from wait(source)
            if not source.rest.startswith(ends):
                raise NotACall
        if not _NAME.fullmatch(name):
            raise NotACall
        return name

    def _members(self, source: Source, name: str, parameters: Parameters) -> Reading[None]:
        """A call's parameters as the members of an object, and what closes the call."""
        end = self.function_end or self.closing
        separator = "{"
        while True:
            yield from skip_space(source)
            tag = yield from accept(source, self.key[0], end, self.closing)
            if tag in (end, self.closing):
                yield CallArguments("{}" if separator == "{" else "}")
                return
            if not tag:  # nothing that belongs here
                if not source.rest:
                    raise CutOff
                source.take(1)
                continue
            key = (yield from until(source, self.key[1])).strip()
            if self.value:
                yield from skip_space(source)
                if not (yield from accept(source, self.value)) and self.value.startswith(source.rest):
                    raise CutOff
            yield CallArguments(f"{separator}{json.dumps(key, ensure_ascii=False)}: ")
            separator = ", "
            yield from self._value(source, parameters.types(name, key))

    def _value(self, source: Source, types: frozenset[str] | None) -> Reading[None]:
        """A value: a string as it comes, anything else once it is whole."""
        if self.is_padded:
            yield from accept(source, "\n")
        if types is not None and "string" not in types:
            yield from self._json(source, types)
            return
        if not is_text(types):
            parts: list[str] = []
            for piece in self._raw(source):
                if piece is None:
                    yield None
                else:
                    parts.append(piece)
            yield CallArguments(as_json("".join(parts), types))
            return
        yield CallArguments('"')
        for piece in self._raw(source):
            yield None if piece is None else CallArguments(json.dumps(piece, ensure_ascii=False)[1:-1])
        yield CallArguments('"')

    def _json(self, source: Source, types: frozenset[str]) -> Reading[None]:
        """A value that is no string. Strings within it may hold the closing tag."""
        while True:
            ends = [match.start() for match in re.finditer(re.escape(self.value_end), source.rest)]
            end = next((end for end in ends if _is_whole(source.rest[:end], types)), -1)
            if end >= 0 or source.is_closed:
                break
            yield from wait(source)
        if not ends:
            raise CutOff
        text = source.take(end if end >= 0 else ends[0])
        source.take(len(self.value_end))
        yield CallArguments(as_json(text.removesuffix("\n") if self.is_padded else text, types))

    def _raw(self, source: Source) -> Generator[str | None, None, None]:
        """The value's text in pieces, up to its closing tag, which is taken."""
        ends = [f"\n{self.value_end}", self.value_end] if self.is_padded else [self.value_end]
        followers = tuple(tag for tag in (self.key[0], self.function_end, self.closing) if tag)
        while True:
            found = [(position, -len(end)) for end in ends if (position := source.rest.find(end)) >= 0]
            if not found:
                held = num_undecided(source.rest, ends)
                if piece := source.take(len(source.rest) - held):
                    yield piece
                if source.is_closed:
                    raise CutOff
                yield None
                continue
            position, length = min(found)
            if piece := source.take(position):
                yield piece
            # A text may hold the tag itself: it is the end where what follows may follow.
            while not (after := source.rest[-length:].lstrip()).startswith(followers):
                if source.is_closed or not any(tag.startswith(after) for tag in followers):
                    break
                yield None
            closing = source.take(-length)
            if any(after.startswith(tag) or tag.startswith(after) for tag in followers):
                return
            yield closing


def _is_whole(text: str, types: frozenset[str]) -> bool:
    """Whether a value may end here: it is one, or is not within a string."""
    is_value = not as_json(text, types).startswith('"')
    return is_value or re.sub(r"\\.", "", text, flags=re.S).count('"') % 2 == 0
