"""Grammars of parameters that stand as bare text, each by its own schema."""

import json
from collections.abc import Callable
from typing import Any, Final

from mlx_manager.mlx_server.domain.formats import LarkFormat
from mlx_manager.mlx_server.domain.tools import TextInput, ToolDefinition
from mlx_manager.mlx_server.text.json_schema import lark_enforceable
from mlx_manager.mlx_server.text.json_schema_references import escaped
from mlx_manager.mlx_server.text.tool_formats.alternatives import (
    Schema,
    asks_nothing,
    declared,
    objects,
    with_definitions,
)
from mlx_manager.mlx_server.text.tool_formats.base import HeldTool
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of, held_schema, optional
from mlx_manager.mlx_server.text.tool_formats.lark_text import quoted
from mlx_manager.mlx_server.text.tool_formats.text_grammar import ANY_TEXT, text_of_input, text_terminal
from mlx_manager.mlx_server.text.tool_formats.values import Parameters, as_json, is_text, target_of, types_of

_ANY_KEY: Final = "/[A-Za-z_][A-Za-z0-9_.-]{0,63}/"
# How a text begins that may be read as a string between quotes, where a value may be something else, too.
_QUOTED: Final = "/[\\s\\x1c-\\x1f]*([A-Za-z]{0,2}[\"']|[(\\\\#])(?s:.*)/"
_OF_TYPE: Final = {
    "boolean": frozenset[str](),
    "null": frozenset[str](),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems"}),
    "object": frozenset(
        {
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "minProperties",
            "maxProperties",
        }
    ),
}

# Writes one parameter: its name's Lark, the Lark of its bare text or None, the Lark of its value else.
WriteParameter = Callable[[Rules, str, str | None, str], str]


def held_parameters(rules: Rules, tool: HeldTool, write: WriteParameter) -> str:
    """A call's parameters in the schema's order: each once at most, and those that it requires always.

    A parameter that the schema does not name cannot be written, even where the schema would allow it: nothing
    would say what it may be. Without a schema any may.
    """
    if tool.text_input is not None:
        return _text_input(rules, tool.text_input, write)
    schema = held_schema(tool)
    reader = Parameters([ToolDefinition(tool.name, parameters=tool.schema or {})])
    return any_of(
        _held_object(rules, tool.name, one, schema, reader, write) or '""' for one in objects(rules, schema)
    )


def _held_object(
    rules: Rules, name: str, schema: Schema, root: Schema, reader: Parameters, write: WriteParameter
) -> str:
    members = declared(rules, schema, "")
    if not members:
        additional = schema.get("additionalProperties", True)
        if additional is False:
            return ""
        if not asks_nothing(additional):
            rules.leave_out("", "additionalProperties")
        return f"({write(rules, rules.add('KEY', _ANY_KEY), ANY_TEXT, '')})*"
    required = frozenset(schema.get("required", ()))
    written = []
    for key, member in members.items():
        place = f"/properties/{escaped(key)}"
        read = reader.types(name, key)
        types = types_of(member, root)
        if "string" in types and is_text(read) != is_text(types):
            # It is read by what is known of the schema as it was sent, before references were followed.
            rules.leave_out(place, "type")
        raw, value = _held_value(rules, member, root, place)
        parameter = write(rules, quoted(key), raw, value)
        written.append(parameter if key in required else optional(parameter))
    return " ".join(written)


def _text_input(rules: Rules, text_input: TextInput, write: WriteParameter) -> str:
    match text_input.grammar:
        case LarkFormat(grammar=lark):
            return write(rules, quoted("input"), None, f"%lark {{\n{lark}\n}}")
    return write(rules, quoted("input"), text_of_input(text_input), "")


def _held_value(rules: Rules, schema: Any, root: Schema, at: str) -> tuple[str | None, str]:
    """Lark of a value that is bare text, or else of one that is JSON."""
    types = types_of(schema, root)
    if "string" not in types:
        if isinstance(schema, bool):
            return ANY_TEXT, ""
        return None, rules.add("json", lark_enforceable(with_definitions(schema, root)))
    if is_text(types):
        return text_terminal(rules, schema, root, at), ""
    if asks_nothing(schema):
        return ANY_TEXT, ""
    if not schema.keys() <= {"const", "enum", "type"} or schema.keys() == {"type"}:
        return _mixed(rules, schema, root, types, at), ""
    choices = [one for one in _choices(schema) if types_of({"const": one}, {}) <= types]
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in choices]
    kept = [text for text, one in zip(texts, choices, strict=True) if _reads_as(text, one, types)]
    if len(kept) < len(choices):
        rules.leave_out(at, "const" if "const" in schema else "enum")
    return any_of(quoted(one) or '""' for one in kept or texts), ""


def _choices(schema: Schema) -> list[Any]:
    choices: list[Any] = schema["enum"] if "enum" in schema else [schema["const"]]
    if "const" not in schema:
        return choices
    return [one for one in choices if json.dumps(one) == json.dumps(schema["const"])]


def _reads_as(text: str, value: Any, types: frozenset[str]) -> bool:
    return json.dumps(json.loads(as_json(text, types))) == json.dumps(value)


def _mixed(rules: Rules, schema: Schema, root: Schema, types: frozenset[str], at: str) -> str:
    """A text that is a string or something else, which is told by what it reads as.

    What fits the strings may read as any of the other types, so nothing can be asked of these.
    """
    for one in sorted(types - {"string", "number"}):
        if keyword := _asked(schema, root, one, {}):
            rules.leave_out(at, keyword)
            return ANY_TEXT
    text = text_terminal(rules, schema, root, at)
    if text == ANY_TEXT:
        return text
    words = {"null": ["null"], "boolean": ["true", "false"]}
    others = [quoted(word) for one in sorted(types) for word in words.get(one, ())]
    if "integer" in types:
        others.append("/-?(0|[1-9][0-9]{0,18})/")
    return any_of([f"({text} & ~{_QUOTED})", *others])


def _asked(schema: Any, root: Schema, one: str, known: dict[int, str]) -> str:
    """A keyword that asks something of the values of a type; empty where all of them fit.

    Args:
        known: of the schemas that were met, by their identity.
    """
    if isinstance(schema, bool):
        return "" if schema else "type"
    if id(schema) not in known:
        known[id(schema)] = _asked_by(schema, root, one, known)
    return known[id(schema)]


def _asked_by(schema: Schema, root: Schema, one: str, known: dict[int, str]) -> str:
    if one not in types_of(schema, root):
        return "type"
    if "const" in schema and one != "null":
        return "const"
    if "enum" in schema and not (one == "null" or (one == "boolean" and _has_both(schema["enum"]))):
        return "enum"
    own = sorted(schema.keys() & (_OF_TYPE[one] | {"oneOf"}))
    if own:
        return own[0]
    parts = [("$ref", target_of(schema, root))] if "$ref" in schema else []
    parts += [("allOf", part) for part in schema.get("allOf", ())]
    for keyword, part in parts:
        if _asked(part, root, one, known):
            return keyword
    if "anyOf" in schema and all(_asked(part, root, one, known) for part in schema["anyOf"]):
        return "anyOf"
    return ""


def _has_both(choices: list[Any]) -> bool:
    return any(one is True for one in choices) and any(one is False for one in choices)
