"""Calls are told from text whatever the chunks, name first, and nothing of a call is given out as text."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.pool.sources import DEMO_PATH
from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from mlx_manager.mlx_server.text.tool_formats.base import CallEvent
from mlx_manager.mlx_server.text.tool_formats.registry import JSON_IN_TAGS

HERMES = JSON_IN_TAGS
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
CALLS = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=10), st.dictionaries(st.text(max_size=6), JSON_VALUES, max_size=3)
    ),
    min_size=1,
    max_size=3,
)


def split(text: str, cuts: list[int], *, parallel: bool = True) -> list[str | CallEvent]:
    """All that a text comes to, cut into chunks."""
    bounds = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    splitter = HERMES.splitter([], parallel=parallel, choice=0)
    parts: list[str | CallEvent] = []
    for start, end in pairwise(bounds):
        parts += splitter.push(text[start:end])
        if splitter.is_over:
            break
    return parts + splitter.finish()


def calls_of(parts: list[str | CallEvent]) -> list[tuple[str, str]]:
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


def text_of(parts: list[str | CallEvent]) -> str:
    return "".join(part for part in parts if isinstance(part, str))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    before=st.sampled_from(["", "Let me see. ", "a < b\n\n", "<tool", "<tool_call", "x<tool_calls>"]),
    calls=CALLS,
    cuts=st.lists(st.integers(0, 400), max_size=20),
    ascii_only=st.booleans(),
)
def test_any_call_in_any_chunks(
    before: str, calls: list[tuple[str, dict[str, object]]], cuts: list[int], ascii_only: bool
) -> None:
    bodies = [
        json.dumps({"name": name, "arguments": arguments}, ensure_ascii=ascii_only)
        for name, arguments in calls
    ]
    text = before + "\n".join(f"<tool_call>\n{body}\n</tool_call>" for body in bodies)
    parts = split(text, cuts)
    assert [(name, json.loads(arguments)) for name, arguments in calls_of(parts)] == calls
    assert text_of(parts) == before.rstrip()


@settings(derandomize=True, max_examples=200, deadline=None)
@given(text=st.text(alphabet="ab <>/_tolc\n", max_size=40), cuts=st.lists(st.integers(0, 40), max_size=8))
def test_text_without_calls_is_untouched(text: str, cuts: list[int]) -> None:
    if HERMES.opening not in text:
        assert split(text, cuts) == [] if not text else text_of(split(text, cuts)) == text


def test_the_name_comes_first_and_the_arguments_as_they_are_written() -> None:
    splitter = HERMES.splitter([], parallel=True, choice=0)
    assert splitter.push('Wait. <tool_call>{"name": "get_wea') == ["Wait."]
    assert splitter.push('ther", "arguments": ') == []
    started, first = splitter.push("{")
    assert isinstance(started, ToolCallStarted)
    assert (started.name, first) == ("get_weather", ToolCallDelta(0, "{"))
    pieces = [piece for text in ('"city": "Par', 'is"}', "}</tool_call>") for piece in splitter.push(text)]
    assert pieces == [ToolCallDelta(0, '"city": "Par'), ToolCallDelta(0, 'is"}')]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('{"arguments": {"x": 1}, "name": "f"}', [("f", '{"x": 1}')]),
        ('{"name": "f"}', [("f", "{}")]),
        ('{"name": "f", "arguments": "{\\"x\\": 1}"}', [("f", '{"x": 1}')]),
        ('{"name": "f", "arguments": {"x": "</tool_call>"}}', [("f", '{"x": "</tool_call>"}')]),
        ('{"name": "f", "arguments": {"x": 1', [("f", '{"x": 1')]),
    ],
)
def test_other_spellings(body: str, wanted: list[tuple[str, str]]) -> None:
    for cuts in ([], list(range(200))):
        assert calls_of(split(f"<tool_call>{body}</tool_call>", cuts)) == wanted


@pytest.mark.parametrize("body", ["", "no json", "[1]", '{"name": 3}', "{}", "null"])
def test_what_is_no_call_is_text_after_all(body: str) -> None:
    text = f"<tool_call>{body}</tool_call>"
    for cuts in ([], list(range(200))):
        parts = split(text, cuts)
        assert (calls_of(parts), text_of(parts)) == ([], text)


def test_a_call_that_is_cut_off_stays_as_far_as_it_came() -> None:
    text = 'Wait.\n<tool_call>{"name": "f", "arguments": {"x": "long'
    parts = split(text, list(range(200)))
    assert (calls_of(parts), text_of(parts)) == ([("f", '{"x": "long')], "Wait.")
    assert split('<tool_call>{"name": "f', []) == []


def test_one_call_and_no_more() -> None:
    one = '<tool_call>{"name": "f", "arguments": {}}</tool_call>'
    for cuts in ([], list(range(200))):
        assert calls_of(split(one + "\n" + one, cuts, parallel=False)) == [("f", "{}")]


TOOL = ToolDefinition("f", "Does it.", {"type": "object", "properties": {"x": {"type": "string"}}})


def test_the_demos_template_is_read() -> None:
    prompt = Tokenizer.load(DEMO_PATH).encode(ChatPrompt((ChatMessage("user", "Hi"),), tools=(TOOL,)))
    assert prompt.tool_format == HERMES
    assert Tokenizer.load(DEMO_PATH).encode(ChatPrompt((ChatMessage("user", "Hi"),))).tool_format is None
