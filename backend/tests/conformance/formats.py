"""Formats of an answer: each check fails where the answer is not held to its format."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from tests.conformance.record import Ask, Effect, Field, honoured, ignored, not_applicable, ours, refused

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"colour": {"enum": ["crimson", "azure"]}},
    "required": ["colour"],
    "additionalProperties": False,
}
# A reference to elsewhere: nobody fetches it, so that nothing can be held to it.
UNENFORCEABLE: Final = {"type": "object", "properties": {"at": {"$ref": "https://example.com/at.json"}}}
LARK: Final = 'start: "crimson" | "azure"'
_GBNF: Final = 'root ::= "crimson" | "azure"'
_PATTERN: Final = "[0-9]{4}"
_CHOICES: Final = ["crimson", "azure"]
_LONGEST: Final = 64


def answers(is_right: Callable[[str], bool]) -> Effect:
    """The whole answer is of the format, and is none without it."""

    def check(ask: Ask, field: Field) -> None:
        reply = ask.asked(field, **ask.length(_LONGEST))
        assert (reply.status, reply.ignored) == (200, ()), reply.body
        assert (is_right(reply.text), reply.is_cut) == (True, False), reply.text
        plain = ask.plain(**field.within, **ask.length(_LONGEST))
        assert not is_right(plain.text)

    return check


def _is_colour(text: str) -> bool:
    """An object of the schema."""
    try:
        return json.loads(text) in ({"colour": "crimson"}, {"colour": "azure"})
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    return re.fullmatch(_PATTERN, text) is not None


def _is_choice(text: str) -> bool:
    return text in _CHOICES


def _is_object(ask: Ask, field: Field) -> None:
    """It opens an object, and is one where it comes to its end."""
    reply = ask.asked(field, **ask.length(_LONGEST))
    assert (reply.status, reply.ignored) == (200, ()), reply.body
    assert reply.text.lstrip().startswith("{")
    assert reply.is_cut or isinstance(json.loads(reply.text), dict)
    assert not ask.plain(**ask.length(_LONGEST)).text.lstrip().startswith("{")


def _checks_the_schema(wrap: Callable[[Any], Any], named: str) -> Effect:
    """What can be enforced is held; what cannot be is refused, under this name."""

    def check(ask: Ask, field: Field) -> None:
        answers(_is_colour)(ask, field)
        for schema in (UNENFORCEABLE, "no schema"):
            reply = ask.asked(field, wrap(schema))
            assert (reply.status, reply.body["error"]["param"]) == (400, named), schema

    return check


def format_lines(path: str, wrap: Callable[[Any], dict[str, Any]], inside: str) -> tuple[Field, ...]:
    """Lines of a dialect's own field of a format, but for the type text.

    Args:
        wrap: the field's value that asks for JSON by a schema.
        inside: where the schema stands in that value.
    """

    def line(name: str, effect: Effect, note: str = "", /, *, is_ours: bool = True, **example: Any) -> Field:
        return honoured(f"{path}{name}", effect, note, example=example, at=path, named=path, is_ours=is_ours)

    in_object = _checks_the_schema(lambda schema: {"type": "json_object", "schema": schema}, f"{path}.schema")
    by_schema = _checks_the_schema(wrap, f"{path}.{inside}")
    parent = inside.rpartition(".")[0]
    around = f"{path}.{parent}" if parent else path
    lines = [
        line(".type=json_object", _is_object, is_ours=False, type="json_object"),
        line(".type=json_schema", by_schema, "held to it, strict or not", is_ours=False, **wrap(SCHEMA)),
        line(f".{inside}", by_schema, is_ours=False, **wrap(SCHEMA)),
        line(".type=regex", answers(_is_number), type="regex", pattern=_PATTERN),
        line(
            ".pattern",
            answers(_is_number),
            "in the syntax of Rust's regex crate",
            type="regex",
            pattern=_PATTERN,
        ),
        line(".type=choice", answers(_is_choice), type="choice", choices=_CHOICES),
        line(".choices", answers(_is_choice), "up to 4,096 texts", type="choice", choices=_CHOICES),
        line(".type=grammar", answers(_is_choice), "Lark, its rule `start`", type="grammar", grammar=LARK),
        line(".type=lark", answers(_is_choice), "another name of grammar", type="lark", grammar=LARK),
        line(".grammar", answers(_is_choice), "GBNF is refused", type="grammar", grammar=LARK),
        not_applicable(f"{around}.strict", "held in any case", example=True, within=_at(path, wrap(SCHEMA))),
        not_applicable(f"{around}.name", "a label", example="colour", within=_at(path, wrap(SCHEMA))),
        ignored(
            f"{around}.description", "A colour.", "the model is not told", within=_at(path, wrap(SCHEMA))
        ),
    ]
    if inside != "schema":
        note = "beside the type json_object, as some servers' clients send it"
        lines.append(line(".schema", in_object, note, type="json_object", schema=SCHEMA))
    return tuple(lines)


def _at(path: str, body: Any) -> dict[str, Any]:
    """The body's field at a path of one or two names."""
    name, _, inner = path.partition(".")
    return {name: {inner: body} if inner else body}


def _schema_of(path: str, note: str = "") -> Field:
    return ours(path, _checks_the_schema(lambda schema: schema, path), note, example=SCHEMA)


# Names of other servers, in every dialect.
EXTRAS: Final = (
    _schema_of("guided_json", "vLLM's; also as JSON in a string"),
    ours("guided_regex", answers(_is_number), "vLLM's", example=_PATTERN),
    ours("guided_choice", answers(_is_choice), "vLLM's", example=_CHOICES),
    ours("guided_grammar", answers(_is_choice), "vLLM's; Lark", example=LARK),
    _schema_of("structured_outputs.json", "vLLM's; one of these"),
    ours("structured_outputs.regex", answers(_is_number), "", example=_PATTERN),
    ours("structured_outputs.choice", answers(_is_choice), "", example=_CHOICES),
    ours("structured_outputs.grammar", answers(_is_choice), "", example=LARK),
    ours("structured_outputs.json_object", _is_object, "", example=True),
    _schema_of("json_schema", "llama.cpp's"),
    ours("grammar", answers(_is_choice), "llama.cpp's name; Lark", example=LARK),
)
EXTRAS_REFUSED: Final = (
    refused("grammar=GBNF", _GBNF, "write it in Lark", at="grammar"),
    refused("guided_whitespace_pattern", " "),
    *(
        refused(f"structured_outputs.{name}", True, within={"structured_outputs": {"json": SCHEMA}})
        for name in (
            "structural_tag",
            "whitespace_pattern",
            "disable_any_whitespace",
            "disable_additional_properties",
        )
    ),
)
