"""Schemas as alternatives without applicators, for grammars that are written keyword by keyword."""

import json
from collections.abc import Mapping
from typing import Any, Final

from mlx_manager.mlx_server.text.tool_formats.grammar import Rules
from mlx_manager.mlx_server.text.tool_formats.values import ALL_TYPES, properties_of, target_of, types_of

Schema = Mapping[str, Any]

_APPLICATORS: Final = ("$ref", "allOf", "anyOf", "oneOf")
_DEPTH: Final = 8
# Of one schema; and steps that are taken for them.
_MOST: Final = 64
_FUEL: Final = 2_000
# What the first of these says of a value depends on the others beside it.
_NEIGHBOURS: Final = {"additionalProperties": ("properties", "patternProperties"), "items": ("prefixItems",)}


class LeftOut(Exception):
    """A keyword that cannot be said in alternatives."""

    def __init__(self, keyword: str) -> None:
        super().__init__(keyword)
        self.keyword = keyword


class Alternatives:
    """Says, in the grammar engine's words, of which schemas a value fits at least one where
    it fits a given one. Each has no applicators, or is no more than a reference.
    """

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._fuel = _FUEL

    def of(self, schema: Any) -> list[Schema]:
        """The alternatives of a schema.

        Raises:
            LeftOut: names the keyword that stands in the way.
        """
        if isinstance(schema, bool):
            return [{}] if schema else []
        if schema.keys() == {"$ref"}:
            return [schema]
        self._spend("$ref")
        found: list[Schema] = [{key: value for key, value in schema.items() if key not in _APPLICATORS}]
        for keyword, group in self._groups(schema):
            try:
                found = [both for one in found for other in group for both in self._both(one, other)]
            except LeftOut:
                raise LeftOut(keyword) from None
            if len(found) > _MOST:
                raise LeftOut(keyword)
        return found

    def _spend(self, keyword: str) -> None:
        self._fuel -= 1
        if self._fuel < 0:
            raise LeftOut(keyword)

    def _groups(self, schema: Schema) -> list[tuple[str, list[Schema]]]:
        """Alternatives, of each group of which one must fit, by the keyword that asks for it."""
        if "oneOf" in schema:
            raise LeftOut("oneOf")
        groups: list[tuple[str, list[Schema]]] = []
        if "$ref" in schema:
            groups.append(("$ref", [{"$ref": schema["$ref"]}]))
        groups += [("allOf", self.of(part)) for part in schema.get("allOf", ())]
        if "anyOf" in schema:
            groups.append(("anyOf", [one for part in schema["anyOf"] for one in self.of(part)]))
        return groups

    def _both(self, one: Schema, other: Schema) -> list[Schema]:
        """Alternatives for what fits both."""
        self._spend("$ref")
        if "$ref" in one:
            one, other = other, one
        if "$ref" in other:
            if not one or one == other:
                return [other]
            if one.keys() == {"type"} and types_of(other, self._root) <= types_of(one, self._root):
                return [other]
            targets = self.of(target_of(other, self._root))
            return [both for target in targets for both in self._both(one, target)]
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
        within = Alternatives(root)
        found = within.of(root)
        for _ in range(_DEPTH):
            found = [
                part
                for one in found
                for part in (within.of(target_of(one, root)) if "$ref" in one else [one])
            ]
        for one in found:
            for keyword in one.keys() & {"$ref", "const", "enum"}:
                raise LeftOut(keyword)
    except LeftOut as gap:
        rules.leave_out("", gap.keyword)
        return [{"properties": properties_of(root), "required": root.get("required", ())}]
    if not found:
        rules.leave_out("", "type")
    return [one for one in found if "object" in types_of(one, root)] or [{}]


def with_definitions(schema: Schema, root: Schema) -> Schema:
    """A part of a schema by itself."""
    return {**schema, "$defs": root.get("$defs", {})} if '"$ref"' in json.dumps(schema) else schema
