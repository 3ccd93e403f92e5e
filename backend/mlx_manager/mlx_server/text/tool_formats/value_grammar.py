"""Grammars of values that are not written as JSON, by the same schemas."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mlx_manager.mlx_server.text.json_schema import lark_enforceable
from mlx_manager.mlx_server.text.json_schema_references import escaped
from mlx_manager.mlx_server.text.tool_formats.alternatives import (
    Alternatives,
    LeftOut,
    Schema,
    asks_nothing,
    declared,
    objects,
    types_left,
    with_definitions,
)
from mlx_manager.mlx_server.text.tool_formats.grammar import Rules, any_of
from mlx_manager.mlx_server.text.tool_formats.values import target_of, types_of

# An exponent of two digits: with three a reader would get infinity.
NUMBER: Final = "/-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?/"


@dataclass(frozen=True, slots=True)
class ValueStyle:
    """How a format writes values.

    Attributes:
        words: of true, false and null.
        json_types: types whose values are written as JSON's.
        string: Lark of any string.
        held_string: Lark of a string that fits a schema, which stands at a JSON pointer; for formats whose
            strings are not JSON's.
        quote: Lark of one certain string.
        key: Lark of one certain key of a nested object.
        any_key: Lark of any.
        comma: what stands between members.
        colon: what stands between a key and its value.
        can_write: whether a string, or a key of an object, can be written at all.
        sorts_keys: whether an object's members stand in the order of their keys, not in the schema's.
    """

    words: Mapping[str, str]
    json_types: frozenset[str]
    string: Callable[[Rules], str]
    held_string: Callable[[Rules, Schema, Schema, str], str]
    quote: Callable[[Rules, str], str]
    key: Callable[[Rules, str], str]
    any_key: Callable[[Rules], str]
    comma: str
    colon: str
    can_write: Callable[[str, bool], bool] = lambda text, is_key: True
    sorts_keys: bool = False

    def value(self, rules: Rules, schema: Any, root: Schema, at: str) -> str:
        """Lark of a value; what it does not hold is told to `rules`.

        Args:
            schema: in the grammar engine's words.
            at: JSON pointer to it.
        """
        if asks_nothing(schema) or schema is False:
            return self._any(rules)
        types = types_of(schema, root)
        if types <= self.json_types and schema.keys() != {"type"}:
            return rules.add("json", lark_enforceable(with_definitions(schema, root)))
        if types == {"string"} and schema.keys() != {"type"}:
            return self.held_string(rules, schema, root, at)
        try:
            found = Alternatives(root).of(schema)
        except LeftOut as gap:
            rules.leave_out(at, gap.keyword)
            found = [{"type": one} for one in types_left(schema, root)]
        if not found:
            rules.leave_out(at, "type")
            return self._any(rules)
        return any_of(self._alternative(rules, one, schema, root, at) for one in found)

    def _alternative(self, rules: Rules, one: Schema, schema: Any, root: Schema, at: str) -> str:
        """Lark of a value of one of a schema's alternatives."""
        if "$ref" in one:
            target = target_of(one, root)
            return rules.named("value", target, lambda: self.value(rules, target, root, f"{at}/$ref"))
        if "const" in one or "enum" in one:
            return self._choices(rules, one, root, at)
        if one != schema and types_of(one, root) <= self.json_types | {"string"}:
            return self.value(rules, one, root, at)
        if asks_nothing(one):
            return self._any(rules)
        return any_of(self._of_type(rules, name, one, root, at) for name in types_left(one, root))

    def _choices(self, rules: Rules, schema: Schema, root: Schema, at: str) -> str:
        """Lark of one of some values."""
        for keyword in schema.keys() - {"type", "const", "enum"}:
            rules.leave_out(at, keyword)
        choices = schema["enum"] if "enum" in schema else [schema["const"]]
        if "const" in schema:
            choices = [one for one in choices if json.dumps(one) == json.dumps(schema["const"])]
        types = types_of(schema, root)
        choices = [one for one in choices if types_of({"const": one}, {}) <= types]
        if not choices:
            rules.leave_out(at, "enum" if "enum" in schema else "const")
            return self._any(rules)
        return any_of(self.constant(rules, one, at) for one in choices)

    def constant(self, rules: Rules, value: Any, at: str) -> str:
        """Lark of one value."""
        match value:
            case str():
                if not self.can_write(value, False):
                    rules.leave_out(at, "enum")
                return self.quote(rules, value)
            case bool() | None:
                return json.dumps(self.words[json.dumps(value)])
            case list():
                return f'"[" {self._joined([self.constant(rules, one, at) for one in value])} "]"'
            case Mapping():
                if not all(self.can_write(key, True) for key in value):
                    rules.leave_out(at, "enum")
                pairs = (
                    self._pair(self.key(rules, key), self.constant(rules, one, at))
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

    def arguments(self, rules: Rules, root: Schema, key: Callable[[str], str], any_key: str) -> str:
        """A call's arguments, without what stands around them.

        Args:
            root: their schema, in the grammar engine's words.
            key: Lark of a certain key and what follows it, up to its value.
            any_key: the same of any.
        """
        return any_of(self._arguments(rules, one, root, key, any_key) for one in objects(rules, root))

    def _arguments(
        self, rules: Rules, schema: Schema, root: Schema, key: Callable[[str], str], any_key: str
    ) -> str:
        members = declared(rules, schema, "")
        if members:
            return self._declared(rules, members, schema, root, key, "")
        additional = schema.get("additionalProperties", True)
        if additional is False:
            return '""'
        pair = f"{any_key} {self.value(rules, additional, root, '/additionalProperties')}"
        return f"({pair} ({self.comma} {pair})*)?"

    def _declared(
        self,
        rules: Rules,
        members: Mapping[str, Any],
        schema: Schema,
        root: Schema,
        key: Callable[[str], str],
        at: str,
    ) -> str:
        required = frozenset(schema.get("required", ()))
        pairs = []
        for name, one in self.in_order(members):
            place = f"{at}/properties/{escaped(name)}"
            pairs.append((f"{key(name)} {self.value(rules, one, root, place)}", name in required))
        return self.members(rules, pairs)

    def _of_type(self, rules: Rules, one: str, schema: Schema, root: Schema, at: str) -> str:
        match one:
            case "string":
                if schema.keys() & _OF_STRINGS:
                    held = {key: schema[key] for key in schema.keys() & _OF_STRINGS}
                    return self.held_string(rules, {**held, "type": one}, root, at)
                return self.string(rules)
            case "integer" | "number":
                if schema.keys() & _OF_NUMBERS:
                    held = {key: schema[key] for key in schema.keys() & _OF_NUMBERS}
                    return rules.add("json", lark_enforceable({**held, "type": one}))
                return NUMBER if one == "number" else "/-?(0|[1-9][0-9]{0,18})/"
            case "boolean":
                return any_of(json.dumps(self.words[word]) for word in ("true", "false"))
            case "null":
                return json.dumps(self.words["null"])
            case "array":
                return self._array(rules, schema, root, at)
        return self._object(rules, schema, root, at)

    def _array(self, rules: Rules, schema: Schema, root: Schema, at: str) -> str:
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        first = schema.get("prefixItems", [])[:most]
        rest = schema.get("items", True)
        if False in first or (rest is False and least > len(first)):
            rules.leave_out(at, "prefixItems" if False in first else "items")
        written = [
            self.value(rules, one, root, f"{at}/prefixItems/{index}") for index, one in enumerate(first)
        ]
        if rest is False or (most is not None and most <= len(first)):
            return f'"[" {self._items(written, least, "")} "]"'
        item = self.value(rules, rest, root, f"{at}/items")
        if not written:
            if most is not None and most < max(least, 1):
                return '"[]"'
            written, rest_least = [item], max(least - 1, 0)
        else:
            rest_least = max(least - len(written), 0)
        if most == len(written):
            return f'"[" {self._items(written, least, "")} "]"'
        bound = "" if most is None else f"{most - len(written)}"
        more = rules.add("items", f"({self.comma} {item}){{{rest_least},{bound}}}")
        return f'"[" {self._items(written, least, more)} "]"'

    def _items(self, written: list[str], least: int, more: str) -> str:
        """Items, each behind the one before it, of which so many must be there."""
        found = more
        for index, item in reversed([*enumerate(written)]):
            comma = f"{self.comma} " if index else ""
            found = f"{comma}{item} {found}"
            found = found if index < least else f"({found})?"
        return found

    def _object(self, rules: Rules, schema: Schema, root: Schema, at: str) -> str:
        members = declared(rules, schema, at)
        if members:
            for key in members:
                if not self.can_write(key, True):
                    rules.leave_out(f"{at}/properties", key)
            inner = self._declared(
                rules, members, schema, root, lambda key: f"{self.key(rules, key)} {self.colon}", at
            )
            return f'"{{" {inner} "}}"'
        additional = schema.get("additionalProperties", True)
        if additional is False:
            return '"{}"'
        pair = self._pair(
            self.any_key(rules), self.value(rules, additional, root, f"{at}/additionalProperties")
        )
        return f'"{{" ({pair} ({self.comma} {pair})*)? "}}"'

    def _any(self, rules: Rules) -> str:
        words = any_of(json.dumps(word) for word in self.words.values())
        pair = self._pair(self.any_key(rules), "any_value")
        return rules.add(
            "any_value",
            f'{words} | {NUMBER} | {self.string(rules)} | "[" (any_value ({self.comma} any_value)*)? "]"'
            f' | "{{" ({pair} ({self.comma} {pair})*)? "}}"',
        )

    def _pair(self, key: str, value: str) -> str:
        return f"{key} {self.colon} {value}"

    def _joined(self, written: list[str]) -> str:
        return f" {self.comma} ".join(written)


_OF_STRINGS: Final = {"minLength", "maxLength", "pattern", "format"}
_OF_NUMBERS: Final = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
