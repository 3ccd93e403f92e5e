"""`oneOf` whose branches exclude each other is `anyOf`, which a grammar can hold."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

from mlx_manager.mlx_server.text.json_schema_keywords import TYPES
from mlx_manager.mlx_server.text.json_schema_values import equal

_DEPTH: Final = 8
# Comparisons for one schema; past them nothing more counts as proven.
_FUEL: Final = 20_000
# Of the type "number" the part that is no integer, so that types are sets that do not overlap.
_FRACTIONS: Final = "fraction"
_ALL: Final = (TYPES - {"number"}) | {_FRACTIONS}


class Unions:
    """Decides whether branches are disjoint.

    Only proofs count: no value has two JSON types, nor two values of an enumeration; and where one branch
    requires a property for which both have schemas that exclude each other, no object fits both. Whatever
    is not proven so stays `oneOf`.

    Args:
        definitions: what `#/$defs/NAME` means.
    """

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self.fuel = _FUEL

    def are_disjoint(self, branches: list[Any], types: frozenset[str] = _ALL) -> bool:
        """Whether no value of `types` fits two of the branches."""
        return all(self._disjoint(left, right, types, _DEPTH) for left, right in combinations(branches, 2))

    def types_of(self, schema: Any) -> frozenset[str]:
        """At least the types that its own keywords leave, with `number` as `integer` and `fraction`."""
        if schema is False:
            return frozenset()
        types = _ALL
        if isinstance(schema, dict):
            if "type" in schema:
                named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
                types &= frozenset().union(*map(_parts, named))
            values = _values(schema)
            if values is not None:
                types &= frozenset(map(_type_of, values))
        return types

    def _disjoint(self, left: Any, right: Any, types: frozenset[str], depth: int) -> bool:
        self.fuel -= 1
        if self.fuel < 0:
            return False
        common = types & self.types_of(left) & self.types_of(right)
        if not common:
            return True
        if depth == 0 or not isinstance(left, dict) or not isinstance(right, dict):
            return False
        one, other = _values(left), _values(right)
        if one is not None and other is not None and not any(equal(a, b) for a in one for b in other):
            return True
        if common == {"object"} and self._objects_disjoint(left, right, depth - 1):
            return True
        return self._part_disjoint(left, right, common, depth - 1) or self._part_disjoint(
            right, left, common, depth - 1
        )

    def _part_disjoint(self, whole: Any, other: Any, types: frozenset[str], depth: int) -> bool:
        """Whether something that `whole` demands beside its own keywords excludes `other`."""
        parts = list(whole.get("allOf", ()))
        if "$ref" in whole:
            parts.append(self.definitions[whole["$ref"].removeprefix("#/$defs/")])
        if any(self._disjoint(part, other, types, depth) for part in parts):
            return True
        return any(
            all(self._disjoint(option, other, types, depth) for option in whole[keyword])
            for keyword in ("anyOf", "oneOf")
            if keyword in whole
        )

    def _objects_disjoint(self, left: Any, right: Any, depth: int) -> bool:
        for name in {*left.get("required", ()), *right.get("required", ())}:
            one, other = _property(left, name), _property(right, name)
            if self._disjoint(one, other, _ALL, depth):
                return True
        return False


def settle_unions(schema: Any, unions: Unions) -> None:
    """Make `anyOf` of every `oneOf` in a rewritten schema whose branches exclude each other."""
    if not isinstance(schema, dict):
        return
    for keyword in ("items", "additionalProperties"):
        settle_unions(schema.get(keyword), unions)
    for keyword in ("properties", "patternProperties"):
        for part in schema.get(keyword, {}).values():
            settle_unions(part, unions)
    for keyword in ("prefixItems", "allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            settle_unions(part, unions)
    if "oneOf" in schema and unions.are_disjoint(schema["oneOf"], unions.types_of(schema)):
        branches = {"anyOf": schema.pop("oneOf")}
        if "anyOf" in schema:
            schema.setdefault("allOf", []).append(branches)
        else:
            schema.update(branches)


def _property(schema: Any, name: str) -> Any:
    """What an object schema's own keywords surely demand of a property."""
    properties = schema.get("properties", {})
    if name in properties:
        return properties[name]
    if "patternProperties" in schema:
        return True
    return schema.get("additionalProperties", True)


def _values(schema: Any) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _parts(name: str) -> frozenset[str]:
    return frozenset({"integer", _FRACTIONS}) if name == "number" else frozenset({name})


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if value == value // 1 else _FRACTIONS
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
