"""Clients of OpenAI's chat API: opencode 1.18, aider 0.86, the AI SDK 6, Codex 0.77."""

from typing import Any, Final

from tests.agents.session import Session
from tests.protocols.dialects import chat

_PATH: Final = "/v1/chat/completions"
_DRAFT_7: Final = "http://json-schema.org/draft-07/schema#"
_DRAFT_2020: Final = "https://json-schema.org/draft/2020-12/schema"
# zod writes these bounds for every integer.
_SAFE: Final = 2**53 - 1


def _message(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def _called(name: str, arguments: str, content: Any) -> dict[str, Any]:
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return _message("assistant", content, tool_calls=[call])


def _result(content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": "call_1", "content": content}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _tool(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    function = {"name": name, "description": f"Does {name}.", "parameters": schema}
    return {"type": "function", "function": function}


_TEXT: Final = {"type": "string"}
_AGENT_SYSTEM: Final = _message("system", "You are a command line agent.\nBe brief.")
_ASKED: Final = _message("user", '"Show me the file."')

_OPENCODE_TOOLS: Final = [
    _tool(
        "bash",
        {"$schema": _DRAFT_2020}
        | _object(
            ["command"],
            command=_TEXT,
            timeout={"minimum": -_SAFE, "exclusiveMinimum": 0, "type": "integer", "maximum": _SAFE},
        ),
    ),
    _tool(
        "todowrite",
        {"$schema": _DRAFT_2020}
        | _object(["todos"], todos={"type": "array", "items": _object(["content"], content=_TEXT)}),
    ),
    _tool(
        "webfetch",
        {"$schema": _DRAFT_2020}
        | _object(["url"], url=_TEXT, format={"type": "string", "enum": ["text", "html"], "default": "text"}),
    ),
]
_OPENCODE: Final = {
    "model": "demo",
    "max_tokens": 8192,
    "messages": [_AGENT_SYSTEM, _ASKED],
    "tools": _OPENCODE_TOOLS,
    "tool_choice": "auto",
    "stream": True,
    "stream_options": {"include_usage": True},
}
# It has a title made of the conversation first, beside it: users' messages in a row and no tools.
_TITLE: Final = {
    "model": "demo",
    "max_tokens": 8192,
    "messages": [
        _message("system", "You name conversations."),
        _message("user", "Name this conversation:\n"),
        _ASKED,
    ],
    "stream": True,
    "stream_options": {"include_usage": True},
}

_AIDER_START: Final = [
    _message("system", "You change source files."),
    _message("user", "Greet people in another way"),
    _message("assistant", "Ok:\n\ngreet.py\n```\nprint('Hey')\n```\n"),
    _message("user", "I now work on other files."),
    _message("assistant", "Ok."),
]
_AIDER: Final = {"model": "demo", "temperature": 0, "stream": True}

_WEATHER: Final = _tool(
    "get_weather",
    {"$schema": _DRAFT_7} | _object(["city"], city=_TEXT) | {"additionalProperties": False},
)
_BRIEF: Final = _message("system", "You are brief.")
_WEATHER_ASKED: Final = _message("user", "What is the weather in Oslo?")
_AI_SDK: Final = {"model": "demo", "tools": [_WEATHER], "tool_choice": "auto"}
_FORCED: Final = {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}
_OBJECT: Final = {
    "model": "demo",
    "messages": [_message("user", "Oslo?")],
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "response",
            "strict": True,
            "schema": {"$schema": _DRAFT_7, "additionalProperties": False}
            | _object(
                ["city", "degrees"],
                city=_TEXT,
                degrees={"type": "integer", "minimum": -_SAFE, "maximum": _SAFE},
            ),
        },
    },
}

# Each tool's name stands beside its function once more.
_CODEX_TOOLS: Final = [
    _tool(name, _object(required, **properties) | {"additionalProperties": False}) | {"name": name}
    for name, required, properties in (
        ("shell_command", ["command"], {"command": _TEXT, "timeout_ms": {"type": "number"}}),
        ("update_plan", ["plan"], {"plan": {"type": "array", "items": _object(["step"], step=_TEXT)}}),
    )
]
_CODEX_START: Final = [
    _message("system", "You are a coding agent."),
    _message("user", "<environment>/tmp</environment>"),
    _message("user", "Run the tests."),
]

CHAT_SESSIONS: Final = (
    Session(
        "opencode",
        chat,
        _PATH,
        _OPENCODE,
        _OPENCODE
        | {
            "messages": [
                *_OPENCODE["messages"],
                _called("bash", '{"command":"cat a"}', ""),
                _result("the file\n"),
                _message("assistant", "There it is."),
                _message("user", '"And what is in it?"'),
            ]
        },
        offered=("bash", "todowrite", "webfetch"),
        headers={"x-session-affinity": "ses_1", "x-session-id": "ses_1"},
    ),
    Session("opencode's title", chat, _PATH, _TITLE, _TITLE),
    Session(
        "aider",
        chat,
        _PATH,
        _AIDER | {"messages": [*_AIDER_START, _message("user", "Make hello.py.")]},
        # What it applied and committed of an answer follows the answer in messages of their own.
        _AIDER
        | {
            "messages": [
                *_AIDER_START,
                _message("user", "Make hello.py."),
                _message("assistant", "\nhello.py\n```\nprint()\n```\n"),
                _message("assistant", "Applied to hello.py  \n"),
                _message("user", "Make it once more."),
            ]
        },
    ),
    Session(
        "AI SDK",
        chat,
        _PATH,
        _AI_SDK | {"messages": [_BRIEF, _WEATHER_ASKED]},
        _AI_SDK
        | {
            "messages": [
                _BRIEF,
                _WEATHER_ASKED,
                _called("get_weather", '{"city":"Oslo"}', None),
                _result('{"city":"Oslo","degrees":18}'),
            ]
        },
        offered=("get_weather",),
    ),
    Session(
        "AI SDK, forced",
        chat,
        _PATH,
        _AI_SDK | _FORCED | {"messages": [_WEATHER_ASKED]},
        _AI_SDK | _FORCED | {"messages": [_WEATHER_ASKED], "stream": True},
        offered=("get_weather",),
    ),
    Session("AI SDK, object", chat, _PATH, _OBJECT, _OBJECT | {"stream": True}),
    Session(
        "Codex 0.77, chat",
        chat,
        _PATH,
        {"model": "demo", "messages": _CODEX_START, "tools": _CODEX_TOOLS, "stream": True},
        {
            "model": "demo",
            "messages": [
                *_CODEX_START,
                _called("shell_command", '{"command": "make test"}', None),
                _result("Exit code: 0\nOutput:\nok\n"),
            ],
            "tools": _CODEX_TOOLS,
            "stream": True,
        },
        offered=("shell_command", "update_plan"),
        ignored=("tools.0.name", "tools.1.name"),
    ),
)
