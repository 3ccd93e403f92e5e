"""JSON as it comes: where a value ends, whatever the chunks."""

import json
import re
from typing import Any, Final

from mlx_manager.mlx_server.text.tool_formats.source import (
    CallArguments,
    CutOff,
    NotACall,
    Reading,
    Source,
    accept,
    skip_space,
    wait,
)

_IN_STRING: Final = re.compile(r'[^"\\]*')
_BETWEEN: Final = re.compile(r"[\w\s+.,:-]*")
_LONGEST_KEY: Final = 1000


class ValueScan:
    """Finds the end of one JSON value.

    Attributes:
        is_complete: whether the value has ended.
        is_broken: whether something came that no JSON has outside of strings.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self.is_complete = False
        self.is_broken = False

    def push(self, text: str) -> int:
        """How many characters of the text belong to the value."""
        at = 0
        while at < len(text) and not (self.is_complete or self.is_broken):
            at = self._string(text, at) if self._in_string else self._outside(text, at)
        return at

    def _string(self, text: str, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        match = _IN_STRING.match(text, at)
        assert match is not None
        if (end := match.end()) == len(text):
            return end
        self._escaped = text[end] == "\\"
        self._in_string = self._escaped
        self.is_complete = not self._in_string and self._depth == 0
        return end + 1

    def _outside(self, text: str, at: int) -> int:
        if self._depth == 0 and text[at] not in '"{[':
            return self._scalar(text, at)
        match = _BETWEEN.match(text, at)
        assert match is not None
        if (end := match.end()) == len(text):
            return end
        match text[end]:
            case '"':
                self._in_string = True
            case "{" | "[":
                self._depth += 1
            case "}" | "]":
                self._depth -= 1
                self.is_complete = self._depth <= 0
            case _:
                self.is_broken = True
                return end
        return end + 1

    def _scalar(self, text: str, at: int) -> int:
        end = at
        while end < len(text) and (text[end].isalnum() or text[end] in "+-."):
            end += 1
        self.is_complete = end < len(text)
        return end


def read_value(source: Source) -> Reading[str]:
    """A whole value's text. Raises NotACall where it is none."""
    scan, parts = ValueScan(), ""
    while True:
        parts += source.take(scan.push(source.rest))
        if scan.is_broken:
            raise NotACall
        if scan.is_complete or (source.is_closed and parts[:1] not in {'"', "{", "[", ""}):
            return parts
        yield from wait(source)


def read_string(source: Source) -> Reading[str]:
    """A whole string, decoded. Raises NotACall where something else comes."""
    yield from skip_space(source)
    if source.rest and source.rest[0] != '"':
        raise NotACall
    try:
        return str(json.loads((yield from read_value(source)), strict=False))
    except ValueError:
        raise NotACall from None


def read_key(source: Source) -> Reading[str]:
    """A member's key and the colon after it."""
    key = yield from read_string(source)
    if len(key) > _LONGEST_KEY:
        raise NotACall
    yield from skip_space(source)
    if not (yield from accept(source, ":")):
        raise CutOff if not source.rest else NotACall
    yield from skip_space(source)
    return key


def stream_object(source: Source) -> Reading[bool]:
    """Give out an object's text as it comes; whether it came to its end."""
    scan = ValueScan()
    while True:
        if length := scan.push(source.rest):
            yield CallArguments(source.take(length))
        if scan.is_complete or scan.is_broken:
            return scan.is_complete
        yield from wait(source)


def stream_arguments(source: Source) -> Reading[bool]:
    """Give out a call's arguments: an object, an object in a string, or null; whether they are whole."""
    yield from skip_space(source)
    if source.rest.startswith("{"):
        return (yield from stream_object(source))
    try:
        text = yield from read_value(source)
    except NotACall:
        return False
    yield CallArguments(as_arguments(text))
    return True


def as_arguments(text: str) -> str:
    """A call's arguments, of which some models make a string of JSON, or null."""
    try:
        value: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, str):
        return value
    return "{}" if value is None else text
