"""What a format's grammar lets through fits the schema, or the format says what it leaves out."""

import random
from typing import Any

import jsonschema
import llguidance
import pytest
from test_tool_grammars import ALL_FORMATS, accepts, matcher, walk
from tool_turns import read_calls, split

from mlx_manager.mlx_server.domain.formats import LarkFormat, RegexFormat
from mlx_manager.mlx_server.domain.tools import TextInput, ToolDefinition
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool, ToolFormat
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted

KINDS = {
    one.name: one
    for one in ALL_FORMATS
    if one.name in {"json_in_tags", "harmony", "qwen3_coder_xml", "glm", "pythonic", "lfm2", "gemma"}
}
WRITTEN = {"pythonic", "lfm2", "gemma"}
XML = {"qwen3_coder_xml", "glm"}
STRING, NULL, PERSON = {"type": "string"}, {"type": "null"}, {"$ref": "#/$defs/person"}
DEFINITIONS = {
    "person": {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 3}, "of": {"anyOf": [PERSON, NULL]}},
        "required": ["name"],
        "additionalProperties": False,
    },
    "day": {"type": "string", "format": "date"},
}
# By the keyword that each asks for.
MEMBERS: dict[str, Any] = {
    "type": {"type": ["boolean", "null"]},
    "type_mixed": {"type": ["string", "integer"]},
    "minimum": {"type": "integer", "minimum": 3, "maximum": 17},
    "exclusiveMaximum": {"type": "number", "exclusiveMaximum": 0.5, "minimum": -2},
    "multipleOf": {"type": "integer", "multipleOf": 7},
    "minimum_mixed": {"type": ["integer", "boolean"], "minimum": 3},
    "minLength": {"type": "string", "minLength": 2, "maxLength": 4},
    "maxLength_nullable": {"anyOf": [{"type": "string", "maxLength": 3}, NULL]},
    "maxLength_mixed": {"type": ["string", "null", "boolean"], "minLength": 2, "maxLength": 3},
    "pattern": {"type": "string", "pattern": "^[a-c]+/[0-9]$"},
    "pattern_within": {"type": "string", "pattern": "a"},
    "pattern_either": {"type": "string", "pattern": "^a|7$", "maxLength": 5},
    "format": {"type": "string", "format": "uuid"},
    "format_date": {"$ref": "#/$defs/day"},
    "const": {"const": 'a "b"\n{c}'},
    "enum": {"enum": ["a", "", 'b"\\', "null"]},
    "enum_mixed": {"enum": ["a", 5, None, True, 1.5]},
    "enum_objects": {"enum": [{"b": [1, "x"], "a": None}, {"c": {}}]},
    "enum_ambiguous": {"enum": ["5", 6]},
    "items": {"type": "array", "items": {"type": "integer", "minimum": 5}},
    "minItems": {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3},
    "maxItems": {"type": "array", "items": STRING, "maxItems": 1},
    "prefixItems": {
        "type": "array",
        "prefixItems": [STRING, NULL],
        "items": {"type": "boolean"},
        "minItems": 1,
    },
    "prefixItems_closed": {"type": "array", "prefixItems": [NULL, NULL], "items": False},
    "items_mixed": {"type": ["string", "array"], "items": {"type": "integer"}},
    "properties": {
        "type": "object",
        "properties": {"b": {"type": "integer", "maximum": 7}, "A": {"enum": ["x", None]}},
        "required": ["b"],
    },
    "required": {"type": "object", "required": ["k"], "additionalProperties": {"type": "integer"}},
    "additionalProperties": {"type": "object", "additionalProperties": {"type": "boolean"}},
    "patternProperties": {
        "type": "object",
        "patternProperties": {"^a$": {"type": "integer"}},
        "additionalProperties": False,
    },
    "minProperties": {"type": "object", "minProperties": 1},
    "maxProperties": {"type": "object", "maxProperties": 1},
    "anyOf": {"anyOf": [{"type": "integer", "minimum": 5}, {"type": "array", "items": NULL}]},
    "anyOf_required": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "additionalProperties": False,
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "anyOf_string": {"anyOf": [STRING, {"type": "integer", "minimum": 5}]},
    "allOf": {"allOf": [{"type": "string", "minLength": 2}, {"type": "string", "pattern": "^a"}]},
    "$ref": PERSON,
    "ref_nullable": {"anyOf": [PERSON, NULL]},
    "any": {},
}
# Which of them each kind of format leaves out, and the end of the place that it names.
LEFT_OUT: dict[str, dict[str, str]] = {
    "gemma": {"format": "/x/format", "format_date": "/x/$ref leads to format, which"},
    "qwen3_coder_xml": {
        "format": "/x/format",
        "format_date": "/x/$ref leads to format, which",
        "enum_ambiguous": "/x/enum",
        "items_mixed": "/x/items",
        "anyOf_string": "/x/anyOf",
    },
    **{
        name: {
            "patternProperties": "/x/patternProperties",
            "minProperties": "/x/minProperties",
            "maxProperties": "/x/maxProperties",
        }
        for name in ("pythonic", "lfm2")
    },
}
LEFT_OUT["gemma"] |= LEFT_OUT["lfm2"]
LEFT_OUT["glm"] = LEFT_OUT["qwen3_coder_xml"]


def holding(member: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"x": member},
        "required": ["x"],
        "additionalProperties": False,
        "$defs": DEFINITIONS,
    }


def check_walks(tool_format: ToolFormat, schema: dict[str, Any], wanted: int, seed: int = 5) -> None:
    """What random walks write is read as arguments that fit."""
    forced = tool_format.forced([HeldTool("f", schema)], parallel=False, literal=quoted)
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    tools, rng, seen = [ToolDefinition("f", "", schema)], random.Random(seed), 0
    # Harmony's marks are tokens in every vocabulary, so that no text can spell them.
    marks = [] if tool_format.name == "harmony" else [*tool_format.marks]
    for _ in range(40):
        text = walk(forced, [*marks, "null", "5", "-", "/", '"', "12"], rng)
        if not text:
            continue
        ((name, arguments),) = read_calls(split(tool_format, text, tools, [5, 20]))
        errors = [error.message for error in validator.iter_errors(arguments)]
        assert (name, errors) == ("f", []), (text, forced)
        seen += 1
        if seen == wanted:
            return
    pytest.fail(f"no walk ends: {forced}")


@pytest.mark.sample(60)
@pytest.mark.parametrize("case", MEMBERS)
@pytest.mark.parametrize("name", KINDS)
def test_a_keyword_is_held_to_or_named(name: str, case: str) -> None:
    tool_format, schema = KINDS[name], holding(MEMBERS[case])
    gap = tool_format.unheld(HeldTool("f", schema))
    expected = LEFT_OUT.get(name, {}).get(case)
    if expected is not None:
        assert gap.split(" cannot")[0].endswith(expected), gap
        matcher(tool_format.forced([HeldTool("f", schema)], parallel=False, literal=quoted))
        return
    assert gap == ""
    check_walks(tool_format, schema, wanted=4)


ROOTS: dict[str, Any] = {
    "anyOf": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": STRING},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "$ref": {"type": "object", "$ref": "#/$defs/person", "$defs": DEFINITIONS},
    "required": {"type": "object", "required": ["k"], "additionalProperties": {"type": "integer"}},
    "closed": {"type": "object", "additionalProperties": False},
    "draft 4": {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": {"n": {"type": "integer", "minimum": 3, "exclusiveMinimum": True}},
        "required": ["n"],
    },
}


@pytest.mark.parametrize("case", ROOTS)
@pytest.mark.parametrize("name", KINDS)
def test_arguments_as_a_whole_are_held_to_or_named(name: str, case: str) -> None:
    schema = ROOTS[case]
    gap = KINDS[name].unheld(HeldTool("f", schema))
    if gap:
        # A parameter's text is read by the schema as it was sent, which does not name it at its root.
        assert (name in XML, case, gap.split()[0]) == (True, "$ref", "/properties/name/type")
        return
    check_walks(KINDS[name], schema, wanted=3)


@pytest.mark.parametrize("name", sorted(WRITTEN | XML))
@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "object", "patternProperties": {"^a": STRING}}, "/patternProperties"),
        ({"type": "object", "minProperties": 1}, "/minProperties"),
        (holding(STRING) | {"maxProperties": 0}, "/maxProperties"),
        ({"type": "object", "properties": {"a=b>:c ": STRING}}, "/properties/a=b>:c "),
    ],
)
def test_what_is_left_out_of_arguments_as_a_whole(name: str, schema: Any, place: str) -> None:
    gap = KINDS[name].unheld(HeldTool("f", schema))
    assert gap.startswith(f"{place} cannot be enforced"), gap


@pytest.mark.parametrize("name", KINDS)
def test_a_schema_that_none_can_hold_is_said_to_be_so(name: str) -> None:
    schema = holding({"type": "array", "uniqueItems": True})
    assert KINDS[name].unheld(HeldTool("f", schema)).startswith("/properties/x/uniqueItems ")
    assert KINDS[name].unheld(HeldTool("f", None)) == ""


LARK = TextInput(LarkFormat('start: "a" WORD "/"\nWORD: /[b-d\\n"]+/', ""))
REGEX = TextInput(RegexFormat(r"a[b-d\n\"]+\/", ""))
ODD = TextInput(LarkFormat("start: A & B\nA: /[a-z]+/\nB: /(?i:x)y/", ""))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("text_input", [LARK, REGEX], ids=["lark", "regex"])
def test_a_text_is_of_its_grammar(name: str, text_input: TextInput) -> None:
    if name == "gemma" and text_input is LARK:
        assert "the grammar" in KINDS[name].unheld(HeldTool("f", None, text_input))
        return
    assert KINDS[name].unheld(HeldTool("f", None, text_input)) == ""
    tools = [ToolDefinition("f", "", {"type": "object", "properties": {"input": STRING}})]
    forced = KINDS[name].forced([HeldTool("f", None, text_input)], parallel=False, literal=quoted)
    rng, seen = random.Random(3), 0
    for _ in range(20):
        if not (text := walk(forced, ["ab", "/", "/", "\\n"], rng)):
            continue
        ((_, arguments),) = read_calls(split(KINDS[name], text, tools, [9]))
        assert accepts(LARK.grammar.grammar, arguments["input"]), text  # type: ignore[union-attr]
        seen += 1
    assert seen > 3


@pytest.mark.parametrize("name", KINDS)
def test_a_grammar_that_cannot_be_rewritten_is_named(name: str) -> None:
    assert ("the grammar" in KINDS[name].unheld(HeldTool("f", None, ODD))) == (name not in XML)
    assert KINDS[name].unheld(HeldTool("f", None, TextInput())) == ""


@pytest.mark.parametrize("name", KINDS)
def test_references_that_branch_stay_small(name: str) -> None:
    """Schemas that refer to each other many times over are written once each."""
    many = {
        str(n): {"anyOf": [{"$ref": f"#/$defs/{n + 1}"}, {"$ref": f"#/$defs/{n + 1}"}]} for n in range(30)
    }
    tree: Any = {"type": "object", "properties": {key: {"$ref": "#/$defs/tree"} for key in "abcdef"}}
    schema = {
        "type": "object",
        "properties": {"x": {"$ref": "#/$defs/tree"}, "y": {"$ref": "#/$defs/0"}, "z": {"type": "string"}},
        "$defs": {"tree": tree, **many, "30": {"type": "string", "maxLength": 3}},
    }
    tool = HeldTool("f", schema)
    assert KINDS[name].unheld(tool) == ""
    forced = KINDS[name].forced([tool], parallel=False, literal=quoted)
    assert len(forced) < 40_000
    assert isinstance(matcher(forced), llguidance.LLMatcher)
