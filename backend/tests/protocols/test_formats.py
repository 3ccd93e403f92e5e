"""Formats of an answer: every way to ask for one, in every dialect, and all that is refused."""

from dataclasses import replace
from typing import Any

import pytest

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.domain.formats import (
    AnswerFormat,
    ChoiceFormat,
    JsonFormat,
    LarkFormat,
    RegexFormat,
)
from tests.protocols.dialects import DIALECTS, Parse, chat, completion, messages, refusal, responses

SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
OBJECT = {"type": "object"}
LARK = 'start: "a" | "b"'
GBNF = 'root ::= "a" | "b"'
NESTED = {"name": "n", "schema": SCHEMA, "strict": True}

EXTRAS: list[tuple[dict[str, Any], AnswerFormat]] = [
    ({"guided_json": SCHEMA}, JsonFormat(SCHEMA, "guided_json")),
    ({"guided_json": '{"type": "object"}'}, JsonFormat(OBJECT, "guided_json")),
    ({"guided_json": False}, JsonFormat(False, "guided_json")),
    ({"guided_regex": "a+"}, RegexFormat("a+", "guided_regex")),
    ({"guided_choice": ["a", "b"]}, ChoiceFormat(("a", "b"), "guided_choice")),
    ({"guided_grammar": LARK}, LarkFormat(LARK, "guided_grammar")),
    ({"structured_outputs": {"json": SCHEMA}}, JsonFormat(SCHEMA, "structured_outputs.json")),
    ({"structured_outputs": {"json": "true"}}, JsonFormat(True, "structured_outputs.json")),
    ({"structured_outputs": {"regex": "a+"}}, RegexFormat("a+", "structured_outputs.regex")),
    ({"structured_outputs": {"choice": ["a"]}}, ChoiceFormat(("a",), "structured_outputs.choice")),
    ({"structured_outputs": {"grammar": LARK}}, LarkFormat(LARK, "structured_outputs.grammar")),
    ({"structured_outputs": {"json_object": True}}, JsonFormat(OBJECT, "structured_outputs.json_object")),
    ({"grammar": LARK}, LarkFormat(LARK, "grammar")),
    ({"json_schema": SCHEMA}, JsonFormat(SCHEMA, "json_schema")),
]
NONE: list[dict[str, Any]] = [
    {},
    {"guided_json": None, "guided_regex": None, "structured_outputs": None},
    {"structured_outputs": {}},
    {"structured_outputs": {"json_object": False, "regex": None, "whitespace_pattern": None}},
]
# What stands at a field of formats, and what it comes to: the path within the field, and the rest.
BODIES: list[tuple[dict[str, Any], AnswerFormat | None]] = [
    ({"type": "text"}, None),
    ({"type": "json_object"}, JsonFormat(OBJECT, "")),
    ({"type": "json_object", "schema": SCHEMA}, JsonFormat(SCHEMA, ".schema")),
    ({"type": "regex", "pattern": "a+"}, RegexFormat("a+", ".pattern")),
    ({"type": "choice", "choices": ["a", "b"]}, ChoiceFormat(("a", "b"), ".choices")),
    ({"type": "grammar", "grammar": LARK}, LarkFormat(LARK, ".grammar")),
    ({"type": "lark", "grammar": LARK}, LarkFormat(LARK, ".grammar")),
]
FLAT = (
    {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": False},
    JsonFormat(SCHEMA, ".schema"),
)
DEEP = ({"type": "json_schema", "json_schema": NESTED}, JsonFormat(SCHEMA, ".json_schema.schema"))
BARE = ({"type": "json_schema", "json_schema": {"name": "n"}}, JsonFormat(True, ".json_schema.schema"))


def at(path: str, body: Any) -> dict[str, Any]:
    """The body's field at a path of one or two names."""
    name, _, inner = path.partition(".")
    return {name: {inner: body} if inner else body}


PLACES: list[tuple[Parse, str, Any]] = [
    (chat, "response_format", [*BODIES, DEEP, BARE]),
    (completion, "response_format", [*BODIES, DEEP, BARE]),
    (responses, "text.format", [*BODIES, FLAT]),
    (messages, "output_config.format", [*BODIES, FLAT]),
    (messages, "output_format", [*BODIES, FLAT]),
]
STATED = [(parse, path, body, wanted) for parse, path, bodies in PLACES for body, wanted in bodies]


@pytest.mark.parametrize(("parse", "path", "body", "wanted"), STATED)
def test_a_dialects_own_field(parse: Parse, path: str, body: Any, wanted: AnswerFormat | None) -> None:
    parsed = parse(**at(path, body))
    placed = wanted and replace(wanted, path=path + wanted.path)
    assert (parsed.request.answer_format, parsed.ignored) == (placed, [])


@pytest.mark.parametrize("parse", DIALECTS)
@pytest.mark.parametrize(("fields", "wanted"), EXTRAS)
def test_names_of_other_servers(parse: Parse, fields: dict[str, Any], wanted: AnswerFormat) -> None:
    parsed = parse(**fields)
    assert (parsed.request.answer_format, parsed.ignored) == (wanted, [])


@pytest.mark.parametrize("parse", DIALECTS)
@pytest.mark.parametrize("fields", NONE)
def test_nothing_is_asked_for(parse: Parse, fields: dict[str, Any]) -> None:
    assert parse(**fields).request.answer_format is None


@pytest.mark.parametrize("parse", DIALECTS)
@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"guided_json": 3}, "guided_json"),
        ({"guided_json": [SCHEMA]}, "guided_json"),
        ({"guided_json": "{"}, "guided_json"),
        ({"guided_json": "3"}, "guided_json"),
        ({"json_schema": '{"type": "object"}'}, "json_schema"),
        ({"json_schema": 0}, "json_schema"),
        ({"guided_regex": ""}, "guided_regex"),
        ({"guided_regex": 1}, "guided_regex"),
        ({"guided_choice": []}, "guided_choice"),
        ({"guided_choice": "a"}, "guided_choice"),
        ({"guided_choice": ["a", 1]}, "guided_choice.1"),
        ({"guided_choice": ["a"] * 4097}, "guided_choice"),
        ({"guided_grammar": ""}, "guided_grammar"),
        ({"guided_grammar": GBNF}, "guided_grammar"),
        ({"grammar": GBNF}, "grammar"),
        ({"grammar": f"# a comment\n  {GBNF}"}, "grammar"),
        ({"structured_outputs": "json"}, "structured_outputs"),
        ({"structured_outputs": {"json": 1}}, "structured_outputs.json"),
        ({"structured_outputs": {"grammar": GBNF}}, "structured_outputs.grammar"),
        ({"structured_outputs": {"regex": "a", "choice": ["a"]}}, "structured_outputs.choice"),
        ({"guided_regex": "a", "grammar": LARK}, "grammar"),
    ],
)
def test_refused(parse: Parse, fields: dict[str, Any], param: str) -> None:
    assert refusal(parse, **fields) == (ErrorCode.INVALID_REQUEST, param)


@pytest.mark.parametrize("parse", DIALECTS)
@pytest.mark.parametrize(
    "name",
    ["structural_tag", "whitespace_pattern", "disable_any_whitespace", "disable_additional_properties"],
)
def test_what_of_structured_outputs_cannot_be_held(parse: Parse, name: str) -> None:
    stated = {"structured_outputs": {"json": SCHEMA, name: True}}
    assert refusal(parse, **stated) == (ErrorCode.UNSUPPORTED_FIELD, f"structured_outputs.{name}")


@pytest.mark.parametrize(
    ("body", "within"),
    [
        ("json", ""),
        ({}, ""),
        ({"type": None}, ""),
        ({"type": ["text"]}, ""),
        ({"type": "xml"}, ""),
        ({"type": "json_object", "schema": "x"}, ".schema"),
        ({"type": "regex"}, ".pattern"),
        ({"type": "choice", "choices": []}, ".choices"),
        ({"type": "grammar"}, ".grammar"),
        ({"type": "lark", "grammar": GBNF}, ".grammar"),
    ],
)
@pytest.mark.parametrize(("parse", "path"), [(parse, path) for parse, path, _ in PLACES])
def test_a_field_of_another_shape(parse: Parse, path: str, body: Any, within: str) -> None:
    assert refusal(parse, **at(path, body)) == (ErrorCode.INVALID_REQUEST, path + within)


@pytest.mark.parametrize("schema", [3, "object", [SCHEMA]])
@pytest.mark.parametrize(("parse", "path"), [(parse, path) for parse, path, _ in PLACES])
def test_no_schema(parse: Parse, path: str, schema: Any) -> None:
    is_deep = path == "response_format"
    body = {"type": "json_schema", "json_schema": {"schema": schema}, "schema": schema}
    place = f"{path}.json_schema.schema" if is_deep else f"{path}.schema"
    assert refusal(parse, **at(path, body)) == (ErrorCode.INVALID_REQUEST, place)


@pytest.mark.parametrize(
    ("parse", "path", "body", "place"),
    [
        (chat, "response_format", {"type": "json_schema"}, "response_format.json_schema"),
        (responses, "text.format", {"type": "json_schema", "name": "n"}, "text.format.schema"),
        (messages, "output_config.format", {"type": "json_schema"}, "output_config.format.schema"),
        (messages, "output_format", {"type": "json_schema", "schema": None}, "output_format.schema"),
    ],
)
def test_a_schema_is_needed(parse: Parse, path: str, body: Any, place: str) -> None:
    assert refusal(parse, **at(path, body)) == (ErrorCode.INVALID_REQUEST, place)


@pytest.mark.parametrize(
    ("parse", "path", "body", "ignored"),
    [
        (
            chat,
            "response_format",
            {"type": "json_schema", "json_schema": {**NESTED, "description": "d"}},
            "response_format.json_schema.description",
        ),
        (responses, "text.format", {**FLAT[0], "description": "d"}, "text.format.description"),
        (messages, "output_config.format", {**FLAT[0], "title": "d"}, "output_config.format.title"),
        (messages, "output_format", {**FLAT[0], "title": "d"}, "output_format.title"),
    ],
)
def test_what_the_model_is_not_told_is_named(parse: Parse, path: str, body: Any, ignored: str) -> None:
    assert parse(**at(path, body)).ignored == [ignored]


@pytest.mark.parametrize(("parse", "path"), [(parse, path) for parse, path, _ in PLACES])
def test_one_format_at_most(parse: Parse, path: str) -> None:
    stated = at(path, {"type": "json_object"})
    assert refusal(parse, **stated, guided_regex="a+") == (ErrorCode.INVALID_REQUEST, "guided_regex")
    assert parse(**at(path, {"type": "text"}), guided_regex="a+").request.answer_format is not None


def test_one_format_under_both_of_its_names() -> None:
    one = {"type": "json_schema", "schema": SCHEMA}
    both = messages(output_config={"format": one, "effort": "low"}, output_format=one)
    assert both.request.answer_format == JsonFormat(SCHEMA, "output_config.format.schema")
    other = {"type": "json_schema", "schema": True}
    assert refusal(messages, output_config={"format": one}, output_format=other) == (
        ErrorCode.INVALID_REQUEST,
        "output_format.schema",
    )


CHAT_TOOL = {"type": "function", "function": {"name": "f"}}
FORCED: list[tuple[Parse, dict[str, Any], dict[str, Any]]] = [
    (chat, {"tools": [CHAT_TOOL], "tool_choice": "required"}, {"tool_choice": "auto"}),
    (
        responses,
        {"tools": [{"type": "function", "name": "f"}], "tool_choice": {"type": "function", "name": "f"}},
        {"tool_choice": "auto"},
    ),
    (
        messages,
        {"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "any"}},
        {"tool_choice": {"type": "auto"}},
    ),
]


@pytest.mark.parametrize(("parse", "forced", "free"), FORCED)
def test_a_format_leaves_no_room_for_a_call_that_must_be(
    parse: Parse, forced: dict[str, Any], free: dict[str, Any]
) -> None:
    wanted = {"guided_json": SCHEMA}
    assert refusal(parse, **forced, **wanted) == (ErrorCode.INVALID_REQUEST, "tool_choice")
    both = parse(**{**forced, **free}, **wanted)
    assert both.request.answer_format == JsonFormat(SCHEMA, "guided_json")
    assert [tool.name for tool in both.prompt.tools] == ["f"]


BEGUN = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "It"}]


def test_no_format_holds_what_the_client_began() -> None:
    goes_on = {"messages": BEGUN, "continue_final_message": True, "add_generation_prompt": False}
    assert refusal(chat, **goes_on, guided_regex="a") == (ErrorCode.INVALID_REQUEST, "guided_regex")
    assert refusal(messages, messages=BEGUN, guided_regex="a") == (ErrorCode.INVALID_REQUEST, "guided_regex")
