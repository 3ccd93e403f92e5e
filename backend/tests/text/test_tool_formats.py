"""What is particular to one format or another, and what models write that no template does."""

import json
from typing import Any

import pytest
from test_tool_round_trip import EVERY_KIND, FORMATS, SINGLE, needs
from tool_turns import Call, calls_of, read_calls, real_template, split, text_of, tool_for, turn_of

from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.text.tool_formats.base import ToolFormat
from mlx_manager.mlx_server.text.tool_formats.registry import (
    COMMAND_R7B,
    DEEPSEEK_R1,
    DEEPSEEK_V31,
    GEMMA,
    GLM,
    GRANITE,
    JSON_IN_TAGS,
    KIMI_K2,
    LFM2,
    LLAMA3_JSON,
    MISTRAL,
    MISTRAL_LIST,
    OLMO3,
    PYTHONIC,
    QWEN3_CODER,
)

SECTION, SECTION_END = DEEPSEEK_V31.section
BEGIN, SEPARATOR, END = DEEPSEEK_V31.call, DEEPSEEK_V31.after_name, DEEPSEEK_V31.closing
F = ToolDefinition("f", "Does it.", {"type": "object", "properties": {"x": {"type": "integer"}}})
ONE: list[Call] = [("f", {"x": 1})]

WRITTEN: list[tuple[ToolFormat, str, list[Call], str]] = [
    (JSON_IN_TAGS, '<tool_call>[{"name": "f", "arguments": {"x": 1}}]</tool_call>', ONE, ""),
    (JSON_IN_TAGS, '<tool_call>{"name": "f", "parameters": {"x": 1}}</tool_call>', ONE, ""),
    (JSON_IN_TAGS, '<tool_call>{"name": "f", "arguments": {"x": 1}}', ONE, ""),
    (JSON_IN_TAGS, '<tool_call>{"name": "f", "arguments": null}</tool_call> End.', [("f", {})], "End."),
    (JSON_IN_TAGS, 'A\n\n<tool_call>{"name": "f", "arguments": {"x": 1}}</tool_call>\n\nB', ONE, "AB"),
    (QWEN3_CODER, "Ok.\n<function=f>\n<parameter=x>\n1\n</parameter>\n</function>", ONE, "Ok."),
    (QWEN3_CODER, "<tool_call><function=f><parameter=x>1</parameter></function></tool_call>", ONE, ""),
    (QWEN3_CODER, "<tool_call>\n<function=f>\n</function>\n</tool_call>", [("f", {})], ""),
    (QWEN3_CODER, "use <tool_call> <b>", [], "use <tool_call> <b>"),
    (GLM, "<tool_call>f<arg_key>x</arg_key><arg_value>1</arg_value></tool_call>", ONE, ""),
    (GLM, "<tool_call>f</tool_call>", [("f", {})], ""),
    (GLM, "<tool_call>{}</tool_call>", [], "<tool_call>{}</tool_call>"),
    (
        KIMI_K2,
        "I will.<|tool_calls_section_begin|><|tool_call_begin|>functions.f:3<|tool_call_argument_begin|>"
        '{"x": 1}<|tool_call_end|><|tool_call_begin|>f<|tool_call_argument_begin|>{}<|tool_call_end|>'
        "<|tool_calls_section_end|>",
        [*ONE, ("f", {})],
        "I will.",
    ),
    (MISTRAL, '[TOOL_CALLS]f[ARGS]{"x": 1}[TOOL_CALLS]f[CALL_ID]abcDEF123[ARGS]{"x": 1}', ONE * 2, ""),
    (MISTRAL, "[TOOL_CALLS] are marks", [], "[TOOL_CALLS] are marks"),
    (MISTRAL_LIST, '[TOOL_CALLS] [{"name": "f", "arguments": {"x": 1}}]', ONE, ""),
    (MISTRAL_LIST, '[TOOL_CALLS][{"arguments": {"x": 1}, "name": "f", "id": "abcdefghi"}]', ONE, ""),
    (GRANITE, '<|tool_call|>[{"name": "f", "arguments": {"x": 1}}, {"name": "f"}]', [*ONE, ("f", {})], ""),
    (
        COMMAND_R7B,
        '<|START_ACTION|>[\n {"tool_call_id": "0", "tool_name": "f", "parameters": {"x": 1}}]<|END_ACTION|>',
        ONE,
        "",
    ),
    (DEEPSEEK_V31, f'{SECTION}{BEGIN}f{SEPARATOR}{{"x": 1}}{END}{SECTION_END}', ONE, ""),
    (
        DEEPSEEK_R1,
        f'{SECTION}{BEGIN}function{SEPARATOR}f\n```json\n{{"x": 1}}\n```{END}\n'
        f"{BEGIN}function{SEPARATOR}f\n```json\n{{}}\n```{END}{SECTION_END}",
        [*ONE, ("f", {})],
        "",
    ),
    (
        LLAMA3_JSON,
        '{"name": "f", "parameters": {"x": 1}}; {"name": "f", "parameters": {}}',
        [*ONE, ("f", {})],
        "",
    ),
    (LLAMA3_JSON, '<|python_tag|>{"name": "f", "parameters": {"x": 1}}', ONE, ""),
    (LLAMA3_JSON, '{"name": "g", "parameters": {}}', [], '{"name": "g", "parameters": {}}'),
    (LLAMA3_JSON, 'Ok: {"name": "f", "parameters": {}}', [], 'Ok: {"name": "f", "parameters": {}}'),
    (
        LFM2,
        '<|tool_call_start|>[f(x=1), g(s="a, (b) \\"]", l=[1, {"k": None}], t=true, n=-1.5)]'
        "<|tool_call_end|>Done.",
        [*ONE, ("g", {"s": 'a, (b) "]', "l": [1, {"k": None}], "t": True, "n": -1.5})],
        "Done.",
    ),
    (PYTHONIC, "[f(x=1), f()]", [*ONE, ("f", {})], ""),
    (PYTHONIC, "[f(x=1), g()]", [*ONE, ("g", {})], ""),
    (PYTHONIC, "[g(), f()]", [], "[g(), f()]"),
    (PYTHONIC, "[1, 2]", [], "[1, 2]"),
    (OLMO3, "<function_calls>\nf(x=1)\nf()\n</function_calls>", [*ONE, ("f", {})], ""),
    (GEMMA, "<|tool_call>call:f{x:1}<tool_call|>", ONE, ""),
    (
        GEMMA,
        '<|tool_call>call:f{a:{b:[<|"|>c,}<|"|>,null,-2.5e3]},s:word}<tool_call|>',
        [("f", {"a": {"b": ["c,}", None, -2500.0]}, "s": "word"})],
        "",
    ),
]


@pytest.mark.parametrize(("tool_format", "text", "calls", "rest"), WRITTEN)
def test_what_models_write(tool_format: ToolFormat, text: str, calls: list[Call], rest: str) -> None:
    for cuts in ([], list(range(len(text))), [7, 31, 60]):
        parts = split(tool_format, text, [F], cuts)
        assert read_calls(parts) == calls
        assert text_of(parts) == rest


@pytest.mark.parametrize("name", [name for name in FORMATS if FORMATS[name] not in SINGLE])
def test_one_call_and_no_more(name: str) -> None:
    needs(name)
    detection = real_template(name)._detection
    assert detection is not None
    calls: list[Call] = [("f_one", {"x": "1"}), ("f_two", {"y": 2})]
    turn = turn_of(real_template(name), calls)
    tools = [tool_for(*call) for call in calls]
    for cuts in ([], list(range(len(turn)))):
        assert read_calls(split(detection.tool_format, turn, tools, cuts, parallel=False)) == calls[:1]


def test_a_text_parameter_comes_as_it_is_written() -> None:
    tool = ToolDefinition("write", "Writes.", {"type": "object", "properties": {"text": {"type": "string"}}})
    splitter = QWEN3_CODER.splitter([tool], parallel=True, choice=0)
    assert splitter.push("<tool_call>\n<function=wri") == []
    (started,) = splitter.push("te>\n<para")
    assert isinstance(started, ToolCallStarted)
    assert started.name == "write"
    assert splitter.push("meter=text>") == [ToolCallDelta(0, '{"text": ')]
    assert splitter.push("\nOne\n") == [ToolCallDelta(0, '"'), ToolCallDelta(0, "One")]
    assert splitter.push('"two"') == [ToolCallDelta(0, '\\n\\"two\\"')]
    assert splitter.push("\n</para") == []
    assert splitter.push("ble>") == [ToolCallDelta(0, "\\n</parable>")]
    assert splitter.push("\n</parameter>\n</function>") == [ToolCallDelta(0, '"'), ToolCallDelta(0, "}")]
    assert splitter.push("\n</tool_call>") == []


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "12", "12"),
        ({"type": "integer"}, "12", 12),
        ({"type": "integer"}, "twelve", "twelve"),
        ({"type": ["string", "null"]}, "null", None),
        ({"type": ["string", "null"]}, "12", "12"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "12", 12),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, "[1", "[1"),
        ({"$ref": "#/$defs/word"}, "12", "12"),
        ({"enum": ["1", "2"]}, "1", "1"),
        ({"enum": [1, 2]}, "1", 1),
        ({"type": "boolean"}, "True", True),
        ({"type": "object"}, "{'a': None, 'b': [True]}", {"a": None, "b": [True]}),
        ({"type": "number"}, "3", 3),
        ({}, "12", 12),
        (None, "12", 12),
        (None, "plain text", "plain text"),
        (None, '"quoted"', '"quoted"'),
        (None, '{"a": 1}', {"a": 1}),
    ],
)
def test_the_schema_tells_text_from_other_values(
    schema: dict[str, Any] | None, text: str, value: Any
) -> None:
    properties = {} if schema is None else {"x": schema}
    root = {"type": "object", "properties": properties, "$defs": {"word": {"type": "string"}}}
    tools = [ToolDefinition("f", "", root)]
    written = f"<tool_call>\n<function=f>\n<parameter=x>\n{text}\n</parameter>\n</function>\n</tool_call>"
    assert read_calls(split(QWEN3_CODER, written, tools)) == [("f", {"x": value})]
    written = f"<tool_call>f\n<arg_key>x</arg_key>\n<arg_value>{text}</arg_value>\n</tool_call>"
    assert read_calls(split(GLM, written, tools)) == [("f", {"x": value})]


def test_a_text_may_hold_its_own_closing_tag() -> None:
    text = "a</parameter>b\n</parameter>\nc </function> d"
    calls: list[Call] = [("f", {"x": text, "y": "</parameter>"})]
    body = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in calls[0][1].items())
    written = f"<tool_call>\n<function=f>\n{body}</function>\n</tool_call>"
    for cuts in ([], list(range(len(written)))):
        assert read_calls(split(QWEN3_CODER, written, [tool_for(*calls[0])], cuts)) == calls


def test_values_in_values_without_end_are_no_fault() -> None:
    parts = split(GEMMA, "<|tool_call>call:f{x:" + "[" * 5000, [F])
    assert [name for name, _ in calls_of(parts)] == ["f"]
    parts = split(JSON_IN_TAGS, '<tool_call>{"name": "f", "arguments": {"x": ' + "[" * 50_000, [F])
    assert [name for name, _ in calls_of(parts)] == ["f"]


def test_arguments_are_valid_json_wherever_a_call_is_complete() -> None:
    tools = [tool_for(*call) for call in EVERY_KIND]
    written = "\n".join(
        f"<tool_call>{json.dumps({'name': name, 'arguments': arguments}, indent=4)}</tool_call>"
        for name, arguments in EVERY_KIND
    )
    assert read_calls(split(JSON_IN_TAGS, written, tools, list(range(len(written))))) == EVERY_KIND
