"""Grammars of values that are not written as JSON, by the same schemas."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of
from mlx_manager.mlx_server.text.tool_formats.values import ALL_TYPES, properties_of, resolved, types_of

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
    """

    words: Mapping[str, str]
    string: Callable[[Rules], str]
    quote: Callable[[Rules, str], str]
    key: Callable[[Rules, str], str]
    any_key: Callable[[Rules], str]
    comma: str
    colon: str

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
                    self._pair(self.key(rules, key), self.constant(rules, one)) for key, one in value.items()
                )
                return f'"{{" {self._joined(list(pairs))} "}}"'
        return json.dumps(json.dumps(value))

    def members(self, pairs: list[tuple[str, bool]]) -> str:
        """Members in their order, commas between them.

        Args:
            pairs: Lark of each, and whether it must be there.
        """
        # After any member comes a comma: two chains, with and without one before.
        first, later = '""', '""'
        for body, needed in reversed(pairs):
            after = f"{self.comma} {body} {later}"
            first = f"{body} {later}" if needed else f"({body} {later} | {first})"
            later = after if needed else f"({after} | {later})"
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
        if not (members := properties_of(schema)):
            inner = self.value(rules, schema.get("additionalProperties", {}), root, depth - 1)
            pair = self._pair(self.any_key(rules), inner)
            return f'"{{" ({pair} ({self.comma} {pair})*)? "}}"'
        required = frozenset(schema.get("required", ()))
        pairs = [
            (self._pair(self.key(rules, key), self.value(rules, one, root, depth - 1)), key in required)
            for key, one in members.items()
        ]
        return f'"{{" {self.members(pairs)} "}}"'

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
