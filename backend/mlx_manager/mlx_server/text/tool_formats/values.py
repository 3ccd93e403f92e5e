"""Values that a format writes as text: what the tool's schema makes of them."""

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlx_manager.mlx_server.domain.tools import ToolDefinition

ALL_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})
_DEPTH: Final = 16


def resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    """A schema with its reference into the root followed, where it is no more than one."""
    for _ in range(_DEPTH):
        if not (isinstance(schema, Mapping) and schema.keys() == {"$ref"}):
            break
        found = target_of(schema, root)
        if found is None:
            break
        schema = found
    return schema


def target_of(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """Where a schema's reference leads within the root; None where it does not."""
    if not isinstance(reference := schema.get("$ref"), str):
        return None
    found: Any = root
    for key in filter(None, reference.removeprefix("#").split("/")):
        found = found.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def types_of(
    schema: Any, root: Mapping[str, Any], known: dict[int, frozenset[str]] | None = None
) -> frozenset[str]:
    """The types that a schema lets through; all where it does not say.

    Args:
        known: of the schemas that were met, by their identity: each is looked at once, whatever refers to it.
    """
    known = {} if known is None else known
    schema = resolved(schema, root)
    if not isinstance(schema, Mapping):
        return frozenset() if schema is False else ALL_TYPES
    if id(schema) in known:
        return known[id(schema)]
    known[id(schema)] = found = ALL_TYPES  # as far as is known while it refers to itself
    match schema.get("type"):
        case str(one):
            found = frozenset({one})
        case [*several]:
            found = frozenset(map(str, several))
    if "number" in found:
        found |= {"integer"}
    if "const" in schema:
        found &= {_type_of(schema["const"])}
    if isinstance(choices := schema.get("enum"), Sequence):
        found &= frozenset(map(_type_of, choices))
    if "$ref" in schema and len(schema) > 1 and (target := target_of(schema, root)) is not None:
        found &= types_of(target, root, known)
    for key in ("anyOf", "oneOf"):
        if isinstance(parts := schema.get(key), Sequence):
            found &= frozenset().union(*(types_of(part, root, known) for part in parts))
    for part in parts if isinstance(parts := schema.get("allOf"), Sequence) else ():
        found &= types_of(part, root, known)
    known[id(schema)] = found | {"integer"} if "number" in found else found
    return known[id(schema)]


def properties_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schemas of an object's members."""
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def is_closed(schema: Mapping[str, Any]) -> bool:
    """Whether an object may have no other members than those that its schema names."""
    return schema.get("additionalProperties", True) is False


class Parameters:
    """The parameters of the tools on offer."""

    def __init__(self, tools: Sequence[ToolDefinition]) -> None:
        self._schemas = {tool.name: tool.parameters for tool in tools}

    def types(self, tool: str, parameter: str) -> frozenset[str] | None:
        """The types that a parameter may have; None where nothing is known of it."""
        root = self._schemas.get(tool, {})
        schema = properties_of(root).get(parameter)
        return None if schema is None else types_of(schema, root)


def is_text(types: frozenset[str] | None) -> bool:
    """Whether a value can be nothing but a string."""
    return types == frozenset({"string"})


def as_json(text: str, types: frozenset[str] | None) -> str:
    """A value's text as JSON: what it is by itself, where the schema allows that, else a string.

    Some templates write Python's `True`, `None` and quotes instead of JSON's.
    """
    bare = text.strip()
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(bare)
            found = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if types is None and isinstance(value, str):
            break
        if _type_of(value) in (ALL_TYPES if types is None else types):
            return bare if parse is json.loads else found
    return json.dumps(text, ensure_ascii=False)


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list() | tuple():
            return "array"
    return "object"
