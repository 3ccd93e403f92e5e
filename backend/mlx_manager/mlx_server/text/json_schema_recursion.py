"""What references that lead back to themselves leave: schemas that no finite value fits, and circles."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_DEFINITIONS: Final = "#/$defs/"


def circle(root: Any, definitions: Mapping[str, Any]) -> bool:
    """Whether a value has to fit a schema in order to fit that same schema, without an end."""
    done: set[str] = set()
    open_names: set[str] = set()

    def visit(schema: Any) -> bool:
        for name in _in_place(schema):
            if name in open_names:
                return True
            if name not in done:
                open_names.add(name)
                if visit(definitions[name]):
                    return True
                open_names.remove(name)
                done.add(name)
        return False

    return any(map(visit, (root, *definitions.values())))


def without_the_endless(root: Any, definitions: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The same schemas, with `false` for each that only values without an end would fit.

    A schema is finite if what it demands is: the schemas that it combines, those of the properties that it
    requires and of the items that must be there, and one at least of each `anyOf` and `oneOf`. Which
    definitions are is the least set for which that holds, so they are added until none comes anew.
    """
    finite: set[str] = set()
    while grown := {
        name for name in definitions if name not in finite and _is_finite(definitions[name], finite)
    }:
        finite |= grown
    if len(finite) == len(definitions):
        return root, dict(definitions)
    return _pruned(root, finite), {name: _pruned(definitions[name], finite) for name in finite}


def _is_finite(schema: Any, finite: set[str]) -> bool:
    if not isinstance(schema, dict):
        return True
    name = _name(schema)
    if name is not None and name not in finite:
        return False
    if not all(_is_finite(part, finite) for part in _demanded(schema)):
        return False
    return all(
        any(_is_finite(option, finite) for option in schema[keyword])
        for keyword in ("anyOf", "oneOf")
        if keyword in schema
    )


def _demanded(schema: Mapping[str, Any]) -> Iterator[Any]:
    """What each value that fits must contain or fit, whatever its type."""
    yield from schema.get("allOf", ())
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        yield from (properties[name] for name in schema.get("required", ()) if name in properties)
    if schema.get("type") == "array":
        least = schema.get("minItems", 0)
        first = schema.get("prefixItems", [])
        yield from first[:least]
        if least > len(first):
            yield schema.get("items", True)


def _pruned(schema: Any, finite: set[str]) -> Any:
    if isinstance(schema, list):
        return [_pruned(part, finite) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if not _is_finite(schema, finite):
        return False
    out = dict(schema)
    for keyword in ("items", "additionalProperties", "prefixItems", "allOf", "anyOf", "oneOf"):
        if keyword in out:
            out[keyword] = _pruned(out[keyword], finite)
    for keyword in ("properties", "patternProperties"):
        if keyword in out:
            out[keyword] = {name: _pruned(part, finite) for name, part in out[keyword].items()}
    return out


def _in_place(schema: Any) -> Iterator[str]:
    """The definitions that a value has to be held against, itself and not its parts."""
    if not isinstance(schema, dict):
        return
    name = _name(schema)
    if name is not None:
        yield name
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from _in_place(part)


def _name(schema: Mapping[str, Any]) -> str | None:
    reference = schema.get("$ref")
    return reference.removeprefix(_DEFINITIONS) if isinstance(reference, str) else None
