"""The tools of a chat completion: what a model is told of them, and whether it may be asked to call them."""

from dataclasses import replace
from typing import Any, Final

from tests.conformance.calls import (
    CODE,
    LOOK_SCHEMA,
    WEATHER,
    WEATHER_SCHEMA,
    calls,
    calls_text,
    gives_code,
    leaves,
    refuses_what_cannot_be_held,
)
from tests.conformance.effects import calls_once
from tests.conformance.prompts import hides, reads
from tests.conformance.record import Ask, Effect, Field, honoured, ignored, not_applicable, unanswered

_SCHEMA: Final = {"type": "object", "properties": {"at": {"type": "string"}}}
_FUNCTION: Final = {"name": "look", "description": "Looks there.", "parameters": _SCHEMA}
_TOOL: Final = {"type": "function", "function": _FUNCTION}
_OFFERED: Final[dict[str, Any]] = {"tools": [_TOOL]}
_LINE: Final = "look(at: string): Looks there."


def _is_taken(ask: Ask, field: Field) -> None:
    """What is done in any case is asked for; a call that must be needs a tool."""
    reply = ask.asked(field)
    assert (reply.status, reply.ignored) == (200, ())
    assert ask.asked(field, "required").status == 400


_WEATHER: Final = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Get the weather", "parameters": WEATHER_SCHEMA},
}
_LOOK: Final = {"type": "function", "function": {**_FUNCTION, "parameters": LOOK_SCHEMA}}
_ENTER: Final = {"type": "custom", "custom": {"name": "enter", "description": "Enters a code."}}
_ENTER_LINE: Final = "enter(input: string): Enters a code."
_NAMED: Final = {"type": "function", "function": {"name": "look"}}
_NAMED_CUSTOM: Final = {"type": "custom", "custom": {"name": "enter"}}
_SEVERAL: Final[dict[str, Any]] = {
    "tools": [_LOOK, _WEATHER],
    "messages": [{"role": "user", "content": WEATHER}],
}


def _allowed(mode: str) -> dict[str, Any]:
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [_NAMED]}}


def _choice(path: str, effect: Effect, example: Any, within: dict[str, Any], note: str = "") -> Field:
    return honoured(path, effect, note, example=example, within=within, at="tool_choice", named="tool_choice")


# What may be called, and whether something must.
_CHOICES: Final = (
    honoured("tool_choice=auto", _is_taken, "", example="auto"),
    _choice("tool_choice=required", calls("look"), "required", {"tools": [_LOOK]}, "one call or several"),
    _choice("tool_choice.type=function", calls("look", once=True), _NAMED, _SEVERAL, "exactly one call"),
    _choice("tool_choice.function.name", calls("look", once=True), _NAMED, _SEVERAL),
    _choice(
        "tool_choice.type=custom", calls_text("enter"), _NAMED_CUSTOM, {"tools": [_ENTER]}, "exactly one call"
    ),
    _choice("tool_choice.custom.name", calls_text("enter"), _NAMED_CUSTOM, {"tools": [_ENTER]}),
    _choice(
        "tool_choice.type=allowed_tools",
        leaves("look"),
        _allowed("auto"),
        _SEVERAL,
        "the model is told of the others, too, and cannot call them",
    ),
    replace(
        _choice("tool_choice.allowed_tools.tools", leaves("look"), _allowed("auto"), _SEVERAL), is_whole=True
    ),
    _choice("tool_choice.allowed_tools.mode=auto", leaves("look"), _allowed("auto"), _SEVERAL),
    _choice(
        "tool_choice.allowed_tools.mode=required", calls("look"), _allowed("required"), {"tools": [_LOOK]}
    ),
)
_HIDDEN: Final = honoured(
    "tool_choice=none", hides(_LINE), "the model is not told of tools", example="none", within=_OFFERED
)

# Where a model is told of tools.
TOLD_TOOLS: Final = (
    honoured(
        "tools",
        reads(_LINE),
        "answered where the way in which the model writes calls is known, else refused",
        example=[_TOOL],
    ),
    honoured("tools.N.type=function", reads(_LINE), "", example=[_TOOL], at="tools"),
    honoured("tools.N.function.name", reads("look("), "", example=[_TOOL], at="tools"),
    honoured("tools.N.function.description", reads("Looks there."), "", example=[_TOOL], at="tools"),
    honoured("tools.N.function.parameters", reads("(at: string)"), "", example=[_TOOL], at="tools"),
    ignored("tools.N.name", "look", "a stray name beside `function`", within=_OFFERED),
    *(
        honoured(path, reads(_ENTER_LINE), note, example=[_ENTER], at="tools", named="tools")
        for path, note in (
            ("tools.N.type=custom", "the model is told of one parameter, `input`; calls have the text alone"),
            ("tools.N.custom.name", ""),
            ("tools.N.custom.description", ""),
        )
    ),
    not_applicable(
        "tools.N.custom.format.type=text",
        "what is taken in any case",
        example={"type": "text"},
        within={"tools": [_ENTER]},
        at="tools.0.custom.format",
    ),
    _HIDDEN,
)

_GRAMMAR: Final = {"type": "grammar", "grammar": {"syntax": "regex", "definition": CODE}}
_ENTERED: Final = {"tools": [_ENTER], "tool_choice": _NAMED_CUSTOM}


def _format(path: str, note: str = "") -> Field:
    path = f"tools.N.custom.format.{path}"
    return honoured(path, gives_code, note, example=_GRAMMAR, within=_ENTERED, at="tools.0.custom.format")


# Where something is answered.
CALLED: Final = (
    *_CHOICES,
    honoured(
        "tools.N.function.strict",
        refuses_what_cannot_be_held("parameters", "tools.0.function.parameters"),
        "a schema that cannot be enforced is refused; without it the calls are not held to it then",
        example=True,
        within={"tools": [_LOOK]},
    ),
    _format("type=grammar", "the text is held to it"),
    _format("grammar.syntax", "`lark` or `regex`"),
    _format("grammar.definition"),
    honoured(
        "parallel_tool_calls",
        calls_once,
        "false ends the answer with its first call",
        example=False,
        within={
            "tools": [_WEATHER],
            "messages": [{"role": "user", "content": WEATHER}],
            "max_tokens": 64,
        },
    ),
)

# Where nothing is.
UNCALLED: Final = tuple(map(unanswered, CALLED))
