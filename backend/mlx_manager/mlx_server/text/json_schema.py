"""JSON schemas as grammars: which of them the grammar engine enforces in full, and how they are given to it.

The engine (llguidance) refuses most of what it cannot enforce, not all: it reads `x-guidance` out of the
schema itself, takes a property's name in another spelling (`"\\u0061"` for `a`) for another property,
rounds integers to doubles, takes `prefixItems` beside `additionalItems` for nothing, and keywords of other
drafts for annotations. So a schema is first put into the words that it enforces (`json_schema_rewrite`),
and what cannot be said in these is refused here, with the place.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from mlx_manager.mlx_server.text.json_schema_keywords import draft_named
from mlx_manager.mlx_server.text.json_schema_rewrite import MAX_COUNT, MAX_LENGTH, Rewriting, Unenforceable

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 64
_MAX_KEPT: Final = 512
_MAX_KEPT_CHARS: Final = 16 * 1024

WHITE_SPACE_OPTIONS: Final[Mapping[str, Any]] = {
    # Once wherever JSON permits white space: a space, or a line end and up to 8 levels of indentation.
    "whitespace_pattern": r" |\r?\n( {0,32}|\t{0,8})",
    # Without \u each text has one spelling, so a property's name cannot come again in another one.
    "json_allowed_escapes": 'nrbtf\\"',
}
"""The engine's options for every schema: compact JSON, `", "` and `": "`, and JSON that is indented, by
spaces or tabs, up to 8 levels deep. More white space than one such gap is never permitted, so no model can
write it for ever; and there is none before the value or after it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a schema cannot be enforced.

    Attributes:
        pointer: JSON pointer to the place in the schema; empty for the whole.
        reason: the end of a sentence whose subject is that place.
    """

    pointer: str
    reason: str

    def __str__(self) -> str:
        return f"{self.pointer or 'the schema'} {self.reason}"


class SchemaRefused(ValueError):
    """A schema that cannot be enforced."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def refusal(schema: Any) -> Refusal | None:
    """Why a schema cannot be enforced; None where nothing is known against it.

    The grammar engine may still refuse what this permits, when it compiles the schema: `explain` makes a
    reason of its message.
    """
    try:
        enforceable(schema)
    except SchemaRefused as error:
        return error.refusal
    return None


def enforceable(schema: Any) -> Mapping[str, Any]:
    """A schema that the same values fit, in words that the grammar engine enforces.

    Equality is exact, but for `format`, which is enforced where the engine knows it, though the drafts let
    it be an annotation. Properties come in the order of `properties`: an order is not part of what a schema
    says, so each value can be written, and one that another program wrote may be in an order that the
    grammar does not take.

    Raises:
        SchemaRefused: where the schema cannot be enforced in full.
    """
    try:
        text = json.dumps(schema)
    except (RecursionError, TypeError):  # what is no JSON is refused with its reason
        text = ""
    return _kept(text) if 0 < len(text) <= _MAX_KEPT_CHARS else _rewritten(schema)


# Agents send the same tools at each turn.
@lru_cache(_MAX_KEPT)
def _kept(schema: str) -> Mapping[str, Any]:
    return _rewritten(json.loads(schema))


def _rewritten(schema: Any) -> dict[str, Any]:
    _check_size(schema)
    draft = draft_named(schema)
    if draft is None:
        raise SchemaRefused(Refusal("/$schema", "names a draft of JSON Schema that is not known here"))
    try:
        return Rewriting(schema, draft).all()
    except Unenforceable as error:
        raise SchemaRefused(Refusal(error.pointer, error.reason)) from None


def lark_json(schema: Any) -> str:
    """The expression of a Lark grammar that takes exactly the JSON texts of values that fit.

    Raises:
        SchemaRefused: where the schema cannot be enforced in full.
    """
    return lark_enforceable(enforceable(schema))


def lark_enforceable(schema: Mapping[str, Any]) -> str:
    """The same of a schema that `enforceable` made, or a part of one."""
    return "%json " + json.dumps({**schema, "x-guidance": WHITE_SPACE_OPTIONS})


def relaxed(schema: Any) -> Any:
    """A schema without upper bounds that are too large to be enforced; everything that fits it still does."""
    if isinstance(schema, list):
        return [relaxed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: relaxed(part) for name, part in schema.items() if not _is_large_bound(name, part)}


def _is_large_bound(name: str, value: Any) -> bool:
    most = {"maxLength": MAX_LENGTH, "maxItems": MAX_COUNT, "maxProperties": MAX_COUNT}.get(name)
    return most is not None and isinstance(value, int | float) and value > most


def explain(message: str) -> str:
    """A clear reason out of the engine's message where it refuses a schema that `refusal` permitted."""
    for sign, reason in _REASONS.items():
        if sign in message:
            return reason
    return "the grammar engine cannot enforce it"


_REASONS: Final = {
    "oneOf constraints": "branches of a oneOf may fit the same value, which cannot be enforced",
    "Unsatisfiable schema": "no value fits it",
    "NoExtension": "no value fits it",
    "only supported when all keys": "numbers of properties cannot be enforced beside optional ones",
    "are not disjoint": "two of patternProperties fit the same name, which cannot be enforced",
    "circular reference": "a reference to itself has other keywords beside it, which cannot be enforced",
    "lookarounds not supported": "a pattern has ^ or $ elsewhere than at its ends",
    "too many digits": "a multipleOf has more digits than can be enforced",
    "fuel": "it is too complex",
    "too large": "it is too complex",
    "too complex": "it is too complex",
    "too many": "it is too complex",
    "Too many": "it is too complex",
    "max is": "it is too complex",
    "limit": "it is too complex",
}


def _check_size(schema: Any) -> None:
    waiting = [(schema, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise SchemaRefused(Refusal("", f"is nested more than {MAX_DEPTH} levels deep"))
        if isinstance(value, dict | list):
            waiting.extend(
                (part, depth + 1) for part in (value.values() if isinstance(value, dict) else value)
            )
    size = len(json.dumps(schema, ensure_ascii=False).encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise SchemaRefused(Refusal("", f"is larger than {MAX_BYTES:,} bytes"))
