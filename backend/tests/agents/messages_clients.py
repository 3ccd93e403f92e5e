"""Clients of Anthropic's messages API: Claude Code 2.1.197 and 2.1.332, the AI SDK 6.

What Claude Code's turns have in common is in `tests.claude_code`; here is what its newer tools and turns add.
"""

from typing import Any, Final

from tests.agents.session import Session
from tests.claude_code import HEADERS, PATH
from tests.protocols.dialects import messages

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final = {"type": "string"}


def _text(value: str, *, marked: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": value, **({"cache_control": {"type": "ephemeral"}} if marked else {})}


def _tool(name: str, required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": f"Does {name}.",
        "input_schema": {
            "$schema": _DRAFT,
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        },
    }


_BASH: Final = _tool(
    "Bash", ["command"], command=_TEXT, timeout={"type": "number"}, background={"type": "boolean"}
)
_TASK: Final = _tool(
    "TaskUpdate",
    ["id"],
    id=_TEXT,
    status={"anyOf": [{"type": "string", "enum": ["open", "done"]}, {"type": "string", "const": "deleted"}]},
    metadata={"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {}},
)
_WORKFLOW: Final = _tool(
    "Workflow",
    [],
    script={"type": "string", "maxLength": 524_288},
    args={},
    resume={"type": "string", "pattern": "^wf_[a-z0-9-]{6,}$"},
)
_PLACEHOLDER: Final = {
    "name": "Placeholder",
    "description": "Never call this.",
    "input_schema": {"type": "object", "properties": {}},
    "defer_loading": True,
}


def _claude_code(build: str, *turns: Any, tools: list[Any], **fields: Any) -> dict[str, Any]:
    return {
        "model": "demo",
        "system": [
            _text(f"x-anthropic-billing-header: cc_version=2.1.{build}; cc_entrypoint=sdk-cli;"),
            _text("You are an agent.", marked=True),
            _text("\nYou work with files.", marked=True),
        ],
        "messages": list(turns),
        "tools": tools,
        "metadata": {"user_id": '{"device_id":"d","session_id":"s"}'},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "stream": True,
        **fields,
    }


_ASKED: Final = {
    "role": "user",
    "content": [_text("<system-reminder>\nNone.\n</system-reminder>"), _text("Go.")],
}
_CALLED: Final = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "call_1", "name": "Bash", "input": {"command": "ls"}}],
}
_RESULT: Final = {"type": "tool_result", "tool_use_id": "call_1", "content": "a.py", "is_error": False}
_LATER: Final = (
    _CALLED,
    {"role": "user", "content": [_RESULT]},
    {"role": "assistant", "content": [_text("It is a.py.")]},
    {"role": "user", "content": [_text("And now?", marked=True)]},
)
_OLD: Final[dict[str, Any]] = {
    "tools": [_BASH, _TASK],
    "max_tokens": 64_000,
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "high"},
}
_NEW: Final[dict[str, Any]] = {
    "tools": [_BASH, _WORKFLOW, _PLACEHOLDER],
    "max_tokens": 128_000,
    "thinking": {"type": "adaptive", "display": "omitted"},
    "output_config": {"effort": "medium"},
}
# The environment comes as a system message with an effort of its own: a list first, then a text.
_ENVIRONMENT: Final = "# Environment\nA folder."
_PER_TURN: Final = {"output_config": {"effort": "medium"}}

_WEATHER_ASKED: Final = {"role": "user", "content": [_text("What is the weather in Oslo?")]}
_WEATHER: Final = _tool("get_weather", ["city"], city=_TEXT) | {"eager_input_streaming": True}
_AI_SDK: Final = {
    "model": "demo",
    "max_tokens": 4096,
    "system": [_text("You are brief.")],
    "tools": [_WEATHER],
}

MESSAGES_SESSIONS: Final = (
    Session(
        "Claude Code 2.1.197",
        messages,
        PATH,
        _claude_code("197", _ASKED, **_OLD),
        _claude_code("197", _ASKED, *_LATER, **_OLD),
        offered=("Bash", "TaskUpdate"),
        ignored=("system.0", "metadata", "context_management", "output_config.effort"),
        headers=HEADERS,
    ),
    Session(
        "Claude Code 2.1.332",
        messages,
        PATH,
        _claude_code(
            "332",
            _ASKED,
            {"role": "system", "content": [_text(_ENVIRONMENT, marked=True)], **_PER_TURN},
            **_NEW,
        ),
        _claude_code(
            "332", _ASKED, {"role": "system", "content": _ENVIRONMENT, **_PER_TURN}, *_LATER, **_NEW
        ),
        offered=("Bash", "Workflow", "Placeholder"),
        ignored=(
            "system.0",
            "thinking.display",
            "metadata",
            "context_management",
            "messages.1.output_config",
            "tools.2.defer_loading",
            "output_config.effort",
        ),
        unheld=("Workflow",),
        headers=HEADERS,
    ),
    Session(
        "AI SDK, messages",
        messages,
        "/v1/messages",
        _AI_SDK | {"messages": [_WEATHER_ASKED], "tool_choice": {"type": "auto"}},
        _AI_SDK
        | {
            "messages": [
                _WEATHER_ASKED,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "tool_use", "id": "c", "name": "get_weather", "input": {"city": "Oslo"}}
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "c", "content": '{"degrees":18}'}],
                },
            ],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        },
        offered=("get_weather",),
        ignored=("tools.0.eager_input_streaming",),
    ),
)
