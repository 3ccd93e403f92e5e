"""Calls that are forced or held, in whatever dialect: each check fails where the server drops the field."""

import json
import re
from dataclasses import replace
from typing import Any, Final

from tests.conformance.formats import UNENFORCEABLE
from tests.conformance.record import Ask, Effect, Field

# Arguments that end: a text of a small model's could go on for ever.
PLACES: Final = ("sea", "sky")
LOOK_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"at": {"enum": list(PLACES)}},
    "required": ["at"],
    "additionalProperties": False,
}
WEATHER_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
# What the demo answers with a call of get_weather, and what it answers with text.
WEATHER: Final = "What is the weather in Paris?"
NO_CALL: Final = "What is MLX Manager?"
CODE: Final = "[0-9]{4}"
_LONGEST: Final = 64


def calls(name: str, *, once: bool = False) -> Effect:
    """The answer is calls of this tool and nothing else; without the field it is not."""

    def check(ask: Ask, field: Field) -> None:
        reply = ask.asked(field, **ask.length(_LONGEST))
        assert (reply.status, reply.ignored) == (200, ()), reply.body
        assert {called for called, _ in reply.calls} == {name}, reply.calls
        assert not reply.text
        assert len(reply.calls) == 1 or not once
        assert not reply.is_cut or not once
        _fits(reply.calls[0][1])
        plain = ask.plain(**field.within, **ask.length(_LONGEST))
        assert name not in {called for called, _ in plain.calls}

    return check


def calls_text(name: str) -> Effect:
    """The answer is one call of this tool, with whatever text; without the field it is not."""

    def check(ask: Ask, field: Field) -> None:
        reply = ask.asked(field, **ask.length(_LONGEST))
        assert (reply.status, reply.ignored) == (200, ()), reply.body
        assert [called for called, _ in reply.calls] == [name]
        assert not reply.text
        assert not ask.plain(**field.within, **ask.length(_LONGEST)).calls

    return check


def leaves(name: str) -> Effect:
    """Of the tools that the model is told of it may call this one alone, where it calls any."""

    def check(ask: Ask, field: Field) -> None:
        reply = ask.asked(field, **ask.length(_LONGEST))
        assert (reply.status, reply.ignored) == (200, ()), reply.body
        plain = ask.plain(**field.within, **ask.length(_LONGEST))
        assert reply.num_read == plain.num_read
        assert {called for called, _ in reply.calls} == {name}, reply.calls
        assert name not in {called for called, _ in plain.calls}

    return check


def refuses_what_cannot_be_held(schema_name: str, named: str) -> Effect:
    """With it a schema that cannot be enforced is refused; without it the tool's calls are not held, by name.

    Args:
        schema_name: of the tool's field that has its schema.
        named: the schema's path.
    """

    def check(ask: Ask, field: Field) -> None:
        assert (ask.asked(field).status, ask.asked(field).ignored) == (200, ())
        loose = json.loads(json.dumps(field.within))
        tool = loose["tools"][0]
        tool.get("function", tool)[schema_name] = UNENFORCEABLE
        strict = ask.asked(replace(field, within=loose))
        assert (strict.status, strict.body["error"]["param"]) == (400, named)
        free = ask.plain(**loose)
        assert (free.status, free.ignored) == (200, (named,))

    return check


def gives_code(ask: Ask, field: Field) -> None:
    """The text that the tool is given is four digits, and is anything without the format."""
    reply = ask.asked(field, **ask.length(_LONGEST))
    assert (reply.status, reply.ignored) == (200, ()), reply.body
    ((name, text),) = reply.calls
    assert (name, bool(re.fullmatch(CODE, text)), reply.is_cut) == ("enter", True, False)
    plain = ask.plain(**field.within, **ask.length(_LONGEST))
    assert not any(re.fullmatch(CODE, text) for _, text in plain.calls)


def _fits(arguments: str) -> None:
    assert json.loads(arguments)["at"] in PLACES
