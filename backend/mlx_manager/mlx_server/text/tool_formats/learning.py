"""A format that nobody declared, learnt from what a template makes of calls that are known.

What stands before, between and after the known names and values are the format's marks. What is learnt counts
only where it reads the calls back, which the caller tries.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.text.tool_formats.base import ToolFormat
from mlx_manager.mlx_server.text.tool_formats.json_calls import JsonCalls
from mlx_manager.mlx_server.text.tool_formats.named_calls import NamedCalls
from mlx_manager.mlx_server.text.tool_formats.python_calls import PythonCalls
from mlx_manager.mlx_server.text.tool_formats.xml_calls import XmlCalls

_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Span:
    """Where a call, or a part of it, stands in a turn."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The marks around calls.

    Attributes:
        section: what opens all calls of a turn, and what closes them; empty where each stands by itself.
        opening: stands before each call.
        closing: stands after it.
        between: stands between two calls of a section.
    """

    section: tuple[str, str]
    opening: str
    closing: str
    between: str


def learn(turn: str, tail: str, calls: Sequence[ToolCall]) -> Iterator[ToolFormat]:
    """The formats in which these calls may be written.

    Args:
        turn: the assistant's, from where its text would begin.
        tail: what stands after its text in a turn that has some: the mark of its end.
        calls: one or two, with objects as arguments.
    """
    for learner in (_json, _named, _xml, _python):
        found = learner(turn, tail, calls)
        if found is not None:
            yield found


def _json(turn: str, tail: str, calls: Sequence[ToolCall]) -> ToolFormat | None:
    """Objects that hold name and arguments."""
    spans, keys, at = [], ("", ""), 0
    for call in calls:
        found = _object_of(turn, at, call)
        if found is None:
            return None
        span, keys = found
        spans.append(span)
        at = span.end
    frame = _frame(turn, tail, spans)
    before, after = frame.section[0] + frame.opening, frame.closing + frame.section[1]
    is_list = before.endswith("[") and after.startswith("]")
    opening = before.removesuffix("[").strip() if is_list else before
    closing = after.removeprefix("]").strip() if is_list else after
    if frame.between not in {"", ","} or (frame.section != ("", "") and not is_list):
        return None
    bare = (("[" if is_list else "{", ""),) if not opening else ()
    name_key, arguments_key = keys
    return JsonCalls("learned_json", opening, closing, is_list, name_key, arguments_key, bare=bare)


def _object_of(turn: str, at: int, call: ToolCall) -> tuple[Span, tuple[str, str]] | None:
    """The first object that holds the call, with the keys of its name and its arguments."""
    arguments = json.loads(call.arguments)
    while (at := turn.find("{", at)) >= 0:
        value, end = _decoded(turn, at)
        if isinstance(value, Mapping):
            inner = next(
                (one for one in value.values() if isinstance(one, Mapping) and call.name in one.values()),
                value,
            )
            names = [key for key, one in inner.items() if one == call.name]
            held = [key for key, one in inner.items() if one in (arguments, call.arguments)]
            if names and held:
                return Span(at, end), (names[0], held[0])
        at += 1
    return None


def _named(turn: str, tail: str, calls: Sequence[ToolCall]) -> ToolFormat | None:
    """A name, a mark, and the arguments as an object."""
    spans, marks, at = [], set(), 0
    for call in calls:
        start = turn.find(call.name, at)
        opened = start + len(call.name)
        while start >= 0 and (opened := turn.find("{", opened)) >= 0:
            value, end = _decoded(turn, opened)
            if value == json.loads(call.arguments):
                break
            opened += 1
        if start < 0 or opened < 0:
            return None
        marks.add(turn[start + len(call.name) : opened].strip())
        spans.append(Span(start, end))
        at = end
    frame = _frame(turn, tail, spans)
    if len(marks) != 1 or not (after_name := marks.pop()) or not frame.opening:
        return None
    return NamedCalls("learned_named", frame.opening, after_name, frame.closing, frame.section, frame.between)


def _python(turn: str, tail: str, calls: Sequence[ToolCall]) -> ToolFormat | None:
    """Python's calls; where each ends is told by the brackets' balance."""
    spans, at = [], 0
    for call in calls:
        start = turn.find(f"{call.name}(", at)
        end = turn.find(")", start)
        if start < 0 or end < 0:
            return None
        spans.append(Span(start, end + 1))
        at = end
    frame = _frame(turn, tail, spans)
    before, after = frame.section[0] + frame.opening, frame.closing + frame.section[1]
    is_list = before.endswith("[") and after.startswith("]")
    opening, closing = before.removesuffix("[").strip(), after.removeprefix("]").strip()
    return PythonCalls("learned_python", opening, closing if opening else "", is_list)


def _xml(turn: str, tail: str, calls: Sequence[ToolCall]) -> ToolFormat | None:
    """A name, then each parameter's name and bare value between tags."""
    spans, at = [], 0
    parts: list[list[Span]] = []
    for call in calls:
        start = turn.find(call.name, at)
        found = _parameters(turn, start + len(call.name), json.loads(call.arguments)) if start >= 0 else None
        if found is None:
            return None
        parts.append(found)
        at = found[-1].end
        spans.append(Span(start, at))
    first = parts[0]
    texts = [turn[left.end : right.start] for left, right in pairwise(first)]
    key_ends, value_ends = {*texts[::2]}, {*texts[1::2]}
    if len(key_ends) != 1 or len(value_ends) != 1:
        return None
    after_name = turn[spans[0].start + len(calls[0].name) : first[0].start]
    key_end, value_end = key_ends.pop(), value_ends.pop()
    key = _shared_end(after_name, value_end)
    key = key[key.find("<") :] if "<" in key else key
    after_name, value_end = after_name.removesuffix(key), value_end.removesuffix(key)
    is_padded = key_end.endswith("\n") and value_end.startswith("\n")
    ended = [Span(span.start, span.end + len(value_end.rstrip())) for span in spans]
    frame = _frame(turn, tail, ended)
    inner, value = _split_tag(key_end.strip())
    opening, function = (
        _split_tag(frame.opening) if not frame.section[0] else (frame.section[0], frame.opening)
    )
    function_end, closing = (
        _split_tag(frame.closing) if not frame.section[0] else (frame.closing, frame.section[1])
    )
    if not function:
        closing, function_end = frame.closing, ""
    if not (opening and key.strip() and value_end.strip()):
        return None
    return XmlCalls(
        "learned_xml",
        opening,
        closing or function_end,
        (function, after_name.strip()),
        function_end if closing else "",
        (key.strip(), inner),
        value,
        value_end.strip(),
        is_padded,
    )


def _parameters(turn: str, at: int, arguments: Mapping[str, Any]) -> list[Span] | None:
    """Names and values of parameters, in the order in which they stand."""
    found = []
    for key, value in arguments.items():
        texts = [value] if isinstance(value, str) else [json.dumps(value, ensure_ascii=False), str(value)]
        for text in texts:
            match = re.compile(f"(?<![\\w]){re.escape(key)}(?![\\w])").search(turn, at)
            start = turn.find(text, match.end()) if match else -1
            if match and start >= 0:
                found.append((Span(match.start(), match.end()), Span(start, start + len(text))))
                break
        else:
            return None
    found.sort(key=lambda pair: pair[0].start)
    return [span for pair in found for span in pair]


def _frame(turn: str, tail: str, spans: Sequence[Span]) -> Frame:
    """What stands around calls: told apart by what comes again at the second."""
    before, after = turn[: spans[0].start], turn[spans[-1].end :]
    if tail.strip() and (end := after.rfind(tail.strip())) >= 0:
        after = after[:end]
    if len(spans) == 1:
        return Frame(("", ""), before.strip(), after.strip(), "")
    middle = turn[spans[0].end : spans[1].start]
    # What two marks have in common may begin within them.
    opening = _shared_end(before.rstrip(), middle.rstrip()).lstrip(">] \n")
    rest = middle.rstrip().removesuffix(opening)
    closing = _shared_start(rest.strip(), after.strip())
    if closing.rfind("<") > closing.rfind(">"):
        closing = closing[: closing.rfind("<")]
    between = rest.strip().removeprefix(closing)
    head = before.rstrip().removesuffix(opening)
    foot = after.strip().removeprefix(closing)
    return Frame((head.strip(), foot.strip()), opening.strip(), closing.strip(), between.strip())


def _split_tag(text: str) -> tuple[str, str]:
    """The first tag of a text, and what follows it."""
    end = text.find(">") + 1
    return (text[:end].strip(), text[end:].strip()) if 0 < end < len(text) else (text.strip(), "")


def _shared_start(one: str, other: str) -> str:
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return one[:length]


def _shared_end(one: str, other: str) -> str:
    length = len(_shared_start(one[::-1], other[::-1]))
    return one[len(one) - length :]


def _decoded(text: str, at: int) -> tuple[Any, int]:
    """The JSON value at a place and where it ends; None where there is none."""
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at
