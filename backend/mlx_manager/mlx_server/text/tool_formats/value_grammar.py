"""Grammars of values that are not written as JSON, by the same schemas."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of
from mlx_manager.mlx_server.text.tool_formats.values import (
    ALL_TYPES,
    is_closed,
    properties_of,
    resolved,
    types_of,
)

_DEPTH: Final = 12


@dataclass(frozen=True, slots=True)
class ValueStyle:
    """How a format writes values.

    Attributes:
        words: of true, false and null.
        string: Lark of any string.
        quote: Lark of one certain string.
        key: Lark of one certain key of a nested object.
        any_key: Lark of any.
        comma: what stands between members.
        colon: what stands between a key and its value.
        sorts_keys: whether an object's members stand in the order of their keys, not in the schema's.
    """

    words: Mapping[str, str]
    string: Callable[[Rules], str]
    quote: Callable[[Rules, str], str]
    key: Callable[[Rules, str], str]
    any_key: Callable[[Rules], str]
    comma: str
    colon: str
    sorts_keys: bool = False

    def value(self, rules: Rules, schema: Any, root: Mapping[str, Any], depth: int = _DEPTH) -> str:
        """Lark of a value. Types, enumerations, members and items hold; bounds and patterns do not."""
        schema = resolved(schema, root)
        if not isinstance(schema, Mapping) or depth == 0:
            return self._any(rules)
        if isinstance(choices := [schema["const"]] if "const" in schema else schema.get("enum"), list):
            return any_of(self.constant(rules, one) for one in choices)
        for key in ("anyOf", "oneOf"):
            if isinstance(parts := schema.get(key), list) and parts:
                return any_of(self.value(rules, part, root, depth - 1) for part in parts)
        types = types_of(schema, root)
        if types == ALL_TYPES:
            return self._any(rules)
        return any_of(self._of_type(rules, one, schema, root, depth) for one in sorted(types))

    def constant(self, rules: Rules, value: Any) -> str:
        """Lark of one value."""
        match value:
            case str():
                return self.quote(rules, value)
            case bool() | None:
                return json.dumps(self.words[json.dumps(value)])
            case list():
                return f'"[" {self._joined([self.constant(rules, one) for one in value])} "]"'
            case Mapping():
                pairs = (
                    self._pair(self.key(rules, key), self.constant(rules, one))
                    for key, one in self.in_order(value)
                )
                return f'"{{" {self._joined(list(pairs))} "}}"'
        return json.dumps(json.dumps(value))

    def in_order(self, members: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """The members of an object as they are written one after the other."""
        # As Jinja's `dictsort` has it.
        return (
            sorted(members.items(), key=lambda pair: pair[0].lower())
            if self.sorts_keys
            else [*members.items()]
        )

    def members(self, rules: Rules, pairs: list[tuple[str, bool]]) -> str:
        """Members in their order, commas between them.

        Args:
            pairs: Lark of each, and whether it must be there.
        """
        # After any member comes a comma: two chains, with and without one before.
        first, later = '""', '""'
        for body, needed in reversed(pairs):
            after = f"{self.comma} {body} {later}"
            first = f"{body} {later}" if needed else f"({body} {later} | {first})"
            # By name: written out, it would double with each.
            later = rules.add("members", after if needed else f"{after} | {later}")
        return first

    def _of_type(
        self, rules: Rules, one: str, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int
    ) -> str:
        match one:
            case "string":
                return self.string(rules)
            case "integer":
                return "/-?(0|[1-9][0-9]{0,18})/"
            case "number":
                return "/-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?/"
            case "boolean":
                return any_of(json.dumps(self.words[word]) for word in ("true", "false"))
            case "null":
                return json.dumps(self.words["null"])
            case "array":
                item = self.value(rules, schema.get("items", {}), root, depth - 1)
                return f'"[" ({item} ({self.comma} {item})*)? "]"'
        if not (members := properties_of(schema)) and is_closed(schema):
            return '"{}"'
        if not members:
            inner = self.value(rules, schema.get("additionalProperties", {}), root, depth - 1)
            pair = self._pair(self.any_key(rules), inner)
            return f'"{{" ({pair} ({self.comma} {pair})*)? "}}"'
        required = frozenset(schema.get("required", ()))
        pairs = [
            (self._pair(self.key(rules, key), self.value(rules, one, root, depth - 1)), key in required)
            for key, one in self.in_order(members)
        ]
        return f'"{{" {self.members(rules, pairs)} "}}"'

    def _any(self, rules: Rules) -> str:
        words = any_of(json.dumps(word) for word in self.words.values())
        number = "/-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?/"
        pair = self._pair(self.any_key(rules), "any_value")
        return rules.add(
            "any_value",
            f'{words} | {number} | {self.string(rules)} | "[" (any_value ({self.comma} any_value)*)? "]"'
            f' | "{{" ({pair} ({self.comma} {pair})*)? "}}"',
        )

    def _pair(self, key: str, value: str) -> str:
        return f"{key} {self.colon} {value}"

    def _joined(self, written: list[str]) -> str:
        return f" {self.comma} ".join(written)
