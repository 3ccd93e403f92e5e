"""The tools of a chat completion: what a model is told of them, and whether it may be asked to call them."""

from typing import Any, Final

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

# Where calls cannot be told from text yet: no tool can be offered.
REFUSED_TOOLS: Final = (
    refused("tools", [_TOOL], "the model's calls are not told from its text yet"),
    *_CHOICES,
    not_applicable("parallel_tool_calls", "nothing is called yet", example=False),
)

# Where a model is told of tools.
TOLD_TOOLS: Final = (
    honoured("tools", reads(_LINE), "told to the chat template", example=[_TOOL]),
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
    not_applicable("parallel_tool_calls", "nothing is called yet", example=False),
)
