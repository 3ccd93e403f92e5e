"""Which schemas are enforced, which are refused and where; what is rewritten means the same."""

import json
import random
from typing import Any

import pytest
from json_schema_suite import DIALECTS, Case, Held, Verdict, draw
from jsonschema import Draft7Validator, Draft202012Validator

from mlx_manager.mlx_server.text.json_schema import (
    MAX_BYTES,
    MAX_DEPTH,
    Refusal,
    SchemaRefused,
    enforceable,
    explain,
    lark_json,
    refusal,
    relaxed,
)
from mlx_manager.mlx_server.text.json_schema_patterns import PatternError, rust_pattern

DRAFT_7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
NEW = DIALECTS[0].validator

# What clients send that must be held, each with values that fit and values that do not.
HELD: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    (
        {
            **DRAFT_7,
            "type": "object",
            "properties": {"a": {"type": "string", "minLength": 1}},
            "required": ["a"],
            "additionalProperties": False,
        },
        [{"a": "x"}],
        [{}, {"a": ""}, {"a": "x", "b": 1}],
    ),
    (
        {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {"type": "integer"}},
        [{}, {"x": 1}],
        [{"x": "y"}],
    ),
    (
        {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]+$"},
            "additionalProperties": {"type": "integer"},
        },
        [{}, {"ab": 1}],
        [{"A": 1}, {"ab": "x"}],
    ),
    (
        {
            "type": "object",
            "propertyNames": {"enum": ["a", "b"]},
            "additionalProperties": {"type": "integer"},
        },
        [{}, {"a": 1}, {"a": 1, "b": 2}],
        [{"c": 1}, {"a": "x"}],
    ),
    (
        {"type": "object", "propertyNames": {"minLength": 2, "maxLength": 3}},
        [{}, {"ab": 1}, {"é\U0001f600": 1}],
        [{"a": 1}, {"abcd": 1}],
    ),
    (
        {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
        [1, 9007199254740991],
        [0, -1, "1"],
    ),
    ({"type": ["integer", "null"]}, [None, 3], ["3", 1.5]),
    ({"type": "string", "format": "uri"}, ["https://a.example/b?c#d"], ["a b"]),
    (
        {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2},
        [[], ["a", "b"]],
        [["c"], ["a", "a", "a"]],
    ),
    ({"oneOf": [{"const": 1}, {"const": 2}, {"type": "string"}]}, [1, 2, "x"], [3, None]),
    (
        {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"kind": {"const": 1}, "a": {"type": "string"}},
                    "required": ["kind", "a"],
                },
                {"type": "object", "properties": {"kind": {"const": 2}}, "required": ["kind"]},
            ]
        },
        [{"kind": 1, "a": "x"}, {"kind": 2}],
        [{"kind": 1}, {"kind": 3}],
    ),
    (
        {"type": "object", "properties": {"a": {"not": {}}, "b": {"type": "null"}}},
        [{}, {"b": None}],
        [{"a": 1}],
    ),
    ({"type": "object", "properties": {"a": {}}, "unevaluatedProperties": False}, [{"a": 1}], [{"b": 1}]),
    ({"prefixItems": [{"const": 1}], "unevaluatedItems": {"type": "string"}}, [[1, "x"]], [[1, 2], [2]]),
    ({**DRAFT_7, "items": [{"const": 1}], "additionalItems": False}, [[], [1]], [[1, 2], [2]]),
    (
        {
            **DRAFT_7,
            "properties": {"a": {"$ref": "#/definitions/n", "maximum": 0}},
            "definitions": {"n": {"minimum": 1}},
            "type": "object",
        },
        [{"a": 5}],
        [{"a": 0}],
    ),
    (
        {
            "$id": "http://a.example/b",
            "$defs": {"x": {"$id": "c", "$anchor": "here", "type": "integer"}},
            "$ref": "c#here",
        },
        [1],
        ["x"],
    ),
    (
        {"$id": "T0", "type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "T0"}}}},
        [{}, {"kids": [{"kids": []}]}],
        [{"kids": [1]}],
    ),
    ({"minLength": 2.0, "type": "string"}, ["ab"], ["a"]),
    ({"const": 1.0}, [1], [2]),
    ({"type": "string", "pattern": "^.$"}, ["a"], ["\r", "\u2028", "ab"]),
    ({"type": "string", "format": "date"}, ["2024-02-29"], ["2023-02-29", "2100-02-29"]),
    (
        {
            "x-order": 1,
            "nullable": True,
            "discriminator": {"propertyName": "a"},
            "type": "string",
            "format": "password",
        },
        ["x"],
        [None],
    ),
    ({"uniqueItems": True, "type": "array", "maxItems": 1}, [[1]], [[1, 1]]),
    ({"multipleOf": 0.25, "enum": [0.5, 0.3]}, [0.5], [0.3]),
]

REFUSED = [
    ({"type": "array", "uniqueItems": True}, "/uniqueItems"),
    ({"type": "object", "properties": {"a/b": {"contains": {}}}}, "/properties/a~1b/contains"),
    ({"$ref": "http://elsewhere.example/x"}, "/$ref"),
    ({"$ref": "#/$defs/none"}, "/$ref"),
    ({"$defs": {"a": {"not": {"type": "null"}}}, "$ref": "#/$defs/a"}, "/$defs/a/not"),
    ({"$dynamicRef": "#a"}, "/$dynamicRef"),
    ({"$schema": "http://json-schema.org/draft-03/schema#"}, "/$schema"),
    ({"$schema": "https://elsewhere.example/dialect"}, "/$schema"),
    ({**DRAFT_7, "dependentRequired": {"a": ["b"]}}, "/dependentRequired"),
    ({**DRAFT_7, "prefixItems": [{}]}, "/prefixItems"),
    ({"prefixItems": [{"type": "string"}], "additionalItems": False}, "/additionalItems"),
    ({"divisibleBy": 2}, "/divisibleBy"),
    ({"const": 9007199254740993}, "/const"),
    ({"type": "integer", "minimum": 10**19}, "/minimum"),
    ({"type": "string", "pattern": "(?=a)"}, "/pattern"),
    ({"type": "string", "pattern": r"\bword"}, "/pattern"),
    ({"type": "string", "pattern": "(a{1000}){1000}"}, "/pattern"),
    ({"type": "string", "format": "regex"}, "/format"),
    ({"type": "string", "minLength": 10**9}, "/minLength"),
    ({"type": "array", "minItems": 10**9}, "/minItems"),
    ({"allOf": [{"multipleOf": 97}, {"multipleOf": 101}, {"multipleOf": 103}]}, "/allOf/2/multipleOf"),
    ({"type": "object", "minProperties": 3}, "/minProperties"),
    ({"type": "whatever"}, "/type"),
    ({"properties": []}, "/properties"),
    ({"const": "a\u0000"}, "/const"),
    ({"$ref": "#"}, ""),
    ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, ""),
    (False, ""),
    (7, ""),
]


@pytest.mark.parametrize(("schema", "fitting", "others"), HELD, ids=lambda value: json.dumps(value)[:60])
def test_what_clients_send_is_held(schema, fitting, others):
    kind = Draft7Validator if "$schema" in schema else NEW
    held = Held(schema)
    assert held.refusal == ""
    for value in fitting:
        assert held.takes(json.dumps(value, ensure_ascii=False)), value
        assert kind(schema).is_valid(value)
    for value in others:
        assert not held.takes(json.dumps(value, ensure_ascii=False)), value


# Patterns are in another language then, which the validator cannot read.
UNPATTERNED = [case for case in HELD if "attern" not in json.dumps(enforceable(case[0]))]


@pytest.mark.parametrize(
    ("schema", "fitting", "others"), UNPATTERNED, ids=lambda value: json.dumps(value)[:60]
)
def test_a_rewritten_schema_means_the_same_to_a_validator(schema, fitting, others):
    rewritten = enforceable(schema)
    kind = Draft7Validator if "$schema" in schema else NEW
    for value in (*fitting, *others, *_values(random.Random(json.dumps(schema)))):
        assert Draft202012Validator(rewritten).is_valid(value) == kind(schema).is_valid(value), value


def _values(chance: random.Random) -> list[Any]:
    plain = [None, True, 0, 1, 2, 2.5, -1, "", "a", "ab", 0.5, [], {}]

    def value(depth: int) -> Any:
        kind = chance.randrange(4) if depth < 3 else 0
        if kind == 1:
            return [value(depth + 1) for _ in range(chance.randrange(3))]
        if kind == 2:
            return {name: value(depth + 1) for name in chance.sample(["a", "b", "kind", "kids"], 2)}
        return chance.choice(plain)

    return [value(0) for _ in range(200)]


@pytest.mark.parametrize(("schema", "pointer"), REFUSED, ids=lambda value: json.dumps(value)[:60])
def test_what_cannot_be_enforced_is_refused_with_its_place(schema, pointer):
    found = refusal(schema)
    assert found is not None
    assert found.pointer == pointer
    assert str(found).startswith(pointer or "the schema")
    with pytest.raises(SchemaRefused) as raised:
        lark_json(schema)
    assert raised.value.refusal == found


def test_a_schema_that_is_too_large_or_too_deep_is_refused():
    assert refusal({"description": "x" * MAX_BYTES}) == Refusal("", f"is larger than {MAX_BYTES:,} bytes")
    schema: Any = {}
    for _ in range(100_000):
        schema = {"items": schema}
    assert refusal(schema) == Refusal("", f"is nested more than {MAX_DEPTH} levels deep")


def test_options_of_the_engine_in_a_schema_do_not_count():
    assert refusal({"x-guidance": {"lenient": True}, "type": "array", "uniqueItems": True}) is not None
    assert not Held({"x-guidance": {"lenient": True, "whitespace_flexible": True}, "type": "array"}).takes(
        "[  ]"
    )


@pytest.mark.parametrize("text", ['{"\\u0061": "x"}', '{"a": 1, "a": "x"}', '{"b": 1, "a": "x"}'])
def test_a_propertys_name_cannot_come_in_another_spelling_or_twice(text):
    assert not Held({"type": "object", "properties": {"a": {"type": "integer"}}}).takes(text)


NESTED = {"a": [1, {"b": [[{"c": [{}, [], {"d": "x"}]}]]}], "e": {}}


@pytest.mark.parametrize("schema", [{"type": "object"}, True, {}], ids=json.dumps)
def test_white_space_is_bounded_where_json_has_it(schema):
    held = Held(schema)
    for options in ({}, {"separators": (",", ":")}, {"indent": 2}, {"indent": 4}, {"indent": "\t"}):
        assert held.takes(json.dumps(NESTED, **options))
    for text in (
        '{  "a": 1}',
        '{\n\n"a": 1}',
        ' {"a": 1}',
        '{"a": 1} ',
        '{"a" :  1}',
        "{\n" + " " * 33 + "}",
    ):
        assert not held.takes(text), text


@pytest.mark.parametrize(
    ("pattern", "taken", "refused"),
    [
        (r"^\d+$", ["12"], ["\u0663", ""]),
        (r"^\w$", ["_"], ["é"]),
        (r"^\s$", ["\ufeff", "\u3000", "\n"], ["\u0085", "x"]),
        (r"^[[&&a]$", ["[", "&", "a"], ["&&", "b"]),
        (r"^[a\-z]$", ["-", "a"], ["b"]),
        (r"^[^\D5]$", ["4"], ["5", "x"]),
        (r"^(?<year>\d{4})-\u0041$", ["2024-A"], ["2024-B"]),
        (r"^\ud83d\ude00$", ["\U0001f600"], ["x"]),
        (r"a{", ["xa{"], ["xa"]),
        (r"^a|b$", ["ax", "xb"], ["xa"]),
        (r"^[\w.+-]+@\S{1,3}?$", ["a.b@c"], ["a b@c"]),
    ],
)
def test_patterns_are_ecmas(pattern, taken, refused):
    held = Held({"type": "string", "pattern": pattern})
    assert held.refusal == ""
    assert [held.takes(json.dumps(text, ensure_ascii=False)) for text in taken] == [True] * len(taken)
    assert [held.takes(json.dumps(text, ensure_ascii=False)) for text in refused] == [False] * len(refused)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a",
        "a)",
        "*a",
        "a**",
        "[a",
        "[]",
        "[b-a]",
        r"(a)\1",
        r"\k<a>",
        "(?!a)",
        "(?<=a)",
        "(?i)a",
        "\\",
        r"\Aa",
        r"\p{Greek}",
        "a{,3}",
        "a{3,1}",
        "a{5000}",
        r"^\x00$",
        r"[\x00-\x07]",
        r"\ud800",
    ],
)
def test_what_no_automaton_matches_is_refused(pattern):
    with pytest.raises(PatternError):
        rust_pattern(pattern)


def test_what_is_drawn_from_the_masks_fits():
    for schema, fitting, _ in HELD:
        kind = DIALECTS["$schema" in schema].validator
        verdict = Verdict(Case(DIALECTS[0], "", "", schema, ()))
        draw(Held(schema), kind, json.dumps(schema), 5, verdict)
        assert verdict.invalid == [], schema
        assert verdict.generated or not fitting


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"type": "integer"}, {"minimum": 2}]},
        {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "minProperties": 1, "maxProperties": 2},
        {"patternProperties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "type": "object"},
        {"type": "string", "pattern": "a^b"},
        {"allOf": [{"const": 2.5}, {"multipleOf": 0.25}]},
        {"type": "string", "minLength": 3, "maxLength": 2},
    ],
    ids=json.dumps,
)
def test_the_engines_own_refusals_are_explained(schema):
    held = Held(schema)
    assert held.refusal.startswith("engine: ")
    assert held.refusal != f"engine: {explain('')}"


def test_bounds_that_are_too_large_can_be_left_out():
    schema = {
        "type": "object",
        "properties": {"script": {"type": "string", "maxLength": 524288}, "maxLength": {"const": 10**6}},
        "items": [{"maxItems": 9}, {"maxItems": 10**9}],
    }
    assert refusal(schema).pointer == "/properties/script/maxLength"
    assert relaxed(schema) == {
        "type": "object",
        "properties": {"script": {"type": "string"}, "maxLength": {"const": 10**6}},
        "items": [{"maxItems": 9}, {}],
    }
    assert refusal(relaxed(schema)) is None
