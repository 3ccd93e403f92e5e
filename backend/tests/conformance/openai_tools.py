"""The tools of a chat completion: what a model is told of them, and whether it may be asked to call them."""

from typing import Any, Final

from tests.conformance.effects import calls_once
from tests.conformance.prompts import hides, reads
from tests.conformance.record import Ask, Field, honoured, ignored, not_applicable, refused

_SCHEMA: Final = {"type": "object", "properties": {"at": {"type": "string"}}}
_FUNCTION: Final = {"name": "look", "description": "Looks there.", "parameters": _SCHEMA}
_TOOL: Final = {"type": "function", "function": _FUNCTION}
_OFFERED: Final[dict[str, Any]] = {"tools": [_TOOL]}
_LINE: Final = "look(at: string): Looks there."


def _is_taken(ask: Ask, field: Field) -> None:
    """What is done in any case is asked for; another choice would have been refused."""
    reply = ask.asked(field)
    assert (reply.status, reply.ignored) == (200, ())
    assert ask.asked(field, "required").status == 400


_CHOICES: Final = (
    honoured("tool_choice=auto", _is_taken, "", example="auto"),
    honoured(
        "tool_choice=none", hides(_LINE), "the model is not told of tools", example="none", within=_OFFERED
    ),
    refused("tool_choice=required", "required"),
    *(
        refused(f"tool_choice.type={kind}", {"type": kind, **choice}, at="tool_choice", named="tool_choice")
        for kind, choice in (
            ("function", {"function": {"name": "look"}}),
            ("custom", {"custom": {"name": "look"}}),
            ("allowed_tools", {"allowed_tools": {"mode": "auto", "tools": []}}),
        )
    ),
)

# Where a model is told of tools.
TOLD_TOOLS: Final = (
    honoured(
        "tools",
        reads(_LINE),
        "answered where the template writes calls as JSON in tags, else refused",
        example=[_TOOL],
    ),
    honoured("tools.N.type=function", reads(_LINE), "", example=[_TOOL], at="tools"),
    honoured("tools.N.function.name", reads("look("), "", example=[_TOOL], at="tools"),
    honoured("tools.N.function.description", reads("Looks there."), "", example=[_TOOL], at="tools"),
    honoured("tools.N.function.parameters", reads("(at: string)"), "", example=[_TOOL], at="tools"),
    ignored("tools.N.function.strict", True, "the model is trusted to fit the schema", within=_OFFERED),
    ignored("tools.N.name", "look", "a stray name beside `function`", within=_OFFERED),
    refused(
        "tools.N.type=custom",
        {"type": "custom", "custom": {"name": "look"}},
        within=_OFFERED,
        at="tools.0",
        named="tools.0.type",
    ),
    *_CHOICES,
)

# Where nothing is answered.
UNCALLED: Final = (not_applicable("parallel_tool_calls", "of the answer", example=False),)

_WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALLED: Final = (
    honoured(
        "parallel_tool_calls",
        calls_once,
        "false ends the answer with its first call",
        example=False,
        within={
            "tools": [_WEATHER],
            "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
            "max_tokens": 64,
        },
    ),
)
