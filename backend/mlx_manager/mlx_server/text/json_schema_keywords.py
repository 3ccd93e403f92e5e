"""Which keywords the drafts of JSON Schema have, and what each takes for a schema."""

from enum import IntEnum
from typing import Any, Final


class Draft(IntEnum):
    """A draft that a `$schema` may name; in their order."""

    DRAFT_4 = 4
    DRAFT_6 = 6
    DRAFT_7 = 7
    DRAFT_2019_09 = 2019
    DRAFT_2020_12 = 2020


_DRAFTS: Final = {
    "http://json-schema.org/draft-04/schema": Draft.DRAFT_4,
    "http://json-schema.org/draft-06/schema": Draft.DRAFT_6,
    "http://json-schema.org/draft-07/schema": Draft.DRAFT_7,
    "https://json-schema.org/draft/2019-09/schema": Draft.DRAFT_2019_09,
    "https://json-schema.org/draft/2020-12/schema": Draft.DRAFT_2020_12,
}

TYPES: Final = frozenset({"null", "boolean", "number", "integer", "string", "array", "object"})

# Assertions and applicators of any draft that no automaton here holds to, but for the values that make them
# idle.
UNENFORCED: Final = frozenset(
    {
        "$dynamicRef", "$recursiveRef", "uniqueItems", "contains", "minContains", "maxContains", "not",
        "if", "then", "else", "dependencies", "dependentRequired", "dependentSchemas", "propertyNames",
        "unevaluatedItems", "unevaluatedProperties", "extends", "disallow", "divisibleBy",
    }
)  # fmt: skip

# Keywords that hold one schema, a list of schemas, schemas by name.
ONE: Final = frozenset(
    {
        "additionalItems", "additionalProperties", "contains", "else", "if", "items", "not",
        "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties", "contentSchema",
    }
)  # fmt: skip
LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
BY_NAME: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)


def draft_named(schema: Any) -> Draft | None:
    """The draft of a root schema: 2020-12 where it names none; None where it names one that is not known."""
    name = schema.get("$schema") if isinstance(schema, dict) else None
    if name is None:
        return Draft.DRAFT_2020_12
    return _DRAFTS.get(name.removesuffix("#")) if isinstance(name, str) else None
