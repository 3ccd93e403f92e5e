"""Schemas as alternatives without applicators, for grammars that are written keyword by keyword."""

import json
from collections.abc import Mapping
from typing import Any, Final

from mlx_manager.mlx_server.text.tool_formats.grammar import Rules
from mlx_manager.mlx_server.text.tool_formats.values import ALL_TYPES, properties_of, target_of, types_of

Schema = Mapping[str, Any]

_APPLICATORS: Final = ("$ref", "allOf", "anyOf", "oneOf")
_DEPTH: Final = 8
_MOST: Final = 64
# What the first of these says of a value depends on the others beside it.
_NEIGHBOURS: Final = {"additionalProperties": ("properties", "patternProperties"), "items": ("prefixItems",)}


class LeftOut(Exception):
    """A keyword that cannot be said in alternatives."""

    def __init__(self, keyword: str) -> None:
        super().__init__(keyword)
        self.keyword = keyword


def alternatives(schema: Any, root: Schema, depth: int = _DEPTH) -> list[Schema]:
    """Schemas of which a value fits at least one where it fits this one.

    Each has no applicators, or is no more than a reference.

    Args:
        schema: in the grammar engine's words.

    Raises:
        LeftOut: names the keyword that stands in the way.
    """
    if isinstance(schema, bool):
        return [{}] if schema else []
    if schema.keys() == {"$ref"}:
        return [schema]
    if "oneOf" in schema or depth == 0:
        raise LeftOut("oneOf" if "oneOf" in schema else "$ref")
    found: list[Schema] = [{key: value for key, value in schema.items() if key not in _APPLICATORS}]
    for keyword, group in _groups(schema, root, depth - 1):
        try:
            found = [both for one in found for other in group for both in _both(one, other, root, depth)]
        except LeftOut:
            raise LeftOut(keyword) from None
        if len(found) > _MOST:
            raise LeftOut(keyword)
    return found


def _groups(schema: Schema, root: Schema, depth: int) -> list[tuple[str, list[Schema]]]:
    """Alternatives, of each group of which one must fit, by the keyword that asks for it."""
    groups: list[tuple[str, list[Schema]]] = []
    if "$ref" in schema:
        groups.append(("$ref", [{"$ref": schema["$ref"]}]))
    groups += [("allOf", alternatives(part, root, depth)) for part in schema.get("allOf", ())]
    if "anyOf" in schema:
        parts = (alternatives(part, root, depth) for part in schema["anyOf"])
        groups.append(("anyOf", [one for part in parts for one in part]))
    return groups


def _both(one: Schema, other: Schema, root: Schema, depth: int) -> list[Schema]:
    """Alternatives for what fits both."""
    if "$ref" in one:
        one, other = other, one
    if "$ref" in other:
        if not one or one == other:
            return [other]
        if one.keys() == {"type"} and types_of(other, root) <= types_of(one, root):
            return [other]
        if depth == 0:
            raise LeftOut("$ref")
        targets = alternatives(target_of(other, root), root, depth - 1)
        return [both for target in targets for both in _both(one, target, root, depth - 1)]
    found = merged(one, other)
    return [found] if found.get("type") != [] else []


def merged(one: Schema, other: Schema) -> Schema:
    """One schema for what fits both.

    Raises:
        LeftOut: their keywords cannot stand side by side.
    """
    out = {**one, **other}
    for key in one.keys() & other.keys():
        if key == "required":
            out[key] = list(dict.fromkeys([*one[key], *other[key]]))
        elif key == "type":
            types = types_of({"type": one[key]}, {}) & types_of({"type": other[key]}, {})
            out[key] = sorted(types - {"integer"} if "number" in types else types)
        elif json.dumps(one[key]) != json.dumps(other[key]):
            raise LeftOut(key)
    for keyword, neighbours in _NEIGHBOURS.items():
        for mine, others in ((one, other), (other, one)):
            if keyword in mine and any(key in others and key not in mine for key in neighbours):
                raise LeftOut(keyword)
    return out


def types_left(schema: Any, root: Schema) -> list[str]:
    """The types that a schema lets through, a number's as one."""
    types = types_of(schema, root)
    return sorted(types - {"integer"} if "number" in types else types)


def asks_nothing(schema: Any) -> bool:
    """Whether every value fits, as far as its own keywords say."""
    if isinstance(schema, bool):
        return schema
    return schema.keys() <= {"type", "$defs"} and types_of(schema, schema) == ALL_TYPES


def declared(rules: Rules, schema: Schema, at: str) -> dict[str, Any]:
    """The members that an object can be written with: its properties, and what else it requires.

    What is asked of objects besides is left out.
    """
    additional = schema.get("additionalProperties", True)
    required = frozenset(schema.get("required", ()))
    members = {key: one for key, one in properties_of(schema).items() if one is not False}
    for key in schema.get("required", ()):
        if key not in members:
            members[key] = additional
            if additional is False or key in properties_of(schema):
                rules.leave_out(at, "required")
    if "patternProperties" in schema:
        rules.leave_out(at, "patternProperties")
    if schema.get("minProperties", 0) > len(required):
        rules.leave_out(at, "minProperties")
    if "maxProperties" in schema and (not members or len(members) > schema["maxProperties"]):
        rules.leave_out(at, "maxProperties")
    return members


def objects(rules: Rules, root: Schema) -> list[Schema]:
    """Alternatives of a call's arguments, each an object's schema without applicators or references."""
    try:
        found = alternatives(root, root)
        for _ in range(_DEPTH):
            found = [part for one in found for part in _followed(one, root)]
        for one in found:
            for keyword in one.keys() & {"$ref", "const", "enum"}:
                raise LeftOut(keyword)
    except LeftOut as gap:
        rules.leave_out("", gap.keyword)
        return [{"properties": properties_of(root), "required": root.get("required", ())}]
    if not found:
        rules.leave_out("", "type")
    return [one for one in found if "object" in types_of(one, root)] or [{}]


def _followed(one: Schema, root: Schema) -> list[Schema]:
    return alternatives(target_of(one, root), root) if "$ref" in one else [one]


def with_definitions(schema: Schema, root: Schema) -> Schema:
    """A part of a schema by itself."""
    return {**schema, "$defs": root.get("$defs", {})} if '"$ref"' in json.dumps(schema) else schema
