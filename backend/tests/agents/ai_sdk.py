"""The AI SDK 6 by its providers for OpenAI's chat and responses APIs and for Anthropic's."""

from typing import Any, Final

from tests.agents.session import Session
from tests.protocols.dialects import chat, messages, responses

_CHAT: Final = "/v1/chat/completions"
_QUESTION: Final = "What is the weather in Oslo?"
_RULE: Final = "You are brief."
_ARGUMENTS: Final = '{"city":"Oslo"}'
_RESULT: Final = '{"city":"Oslo","degrees":18}'
_ABOUT: Final = {"name": "get_weather", "description": "Gets the weather."}
# zod writes these bounds for every integer.
_SAFE: Final = 2**53 - 1


def _schema(**properties: Any) -> dict[str, Any]:
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


_CITY: Final = _schema(city={"type": "string"})
_DEGREES: Final = {"type": "integer", "minimum": -_SAFE, "maximum": _SAFE}

_BY_CHAT: Final = {
    "model": "demo",
    "tools": [{"type": "function", "function": {**_ABOUT, "parameters": _CITY}}],
    "tool_choice": "auto",
}
_ASKED: Final = {"role": "user", "content": _QUESTION}
_CHAT_START: Final = [{"role": "system", "content": _RULE}, _ASKED]
_CHAT_CALL: Final = [
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "get_weather", "arguments": _ARGUMENTS},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": _RESULT},
]
_FORCED: Final = _BY_CHAT | {
    "messages": [_ASKED],
    "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
}
_OBJECT: Final = {
    "model": "demo",
    "messages": [{"role": "user", "content": "Oslo?"}],
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "response",
            "strict": True,
            "schema": _schema(city={"type": "string"}, degrees=_DEGREES),
        },
    },
}

_BY_RESPONSES: Final = {
    "model": "demo",
    "tools": [{"type": "function", **_ABOUT, "parameters": _CITY}],
    "tool_choice": "auto",
}
_ITEMS: Final = [
    {"role": "system", "content": _RULE},
    {"role": "user", "content": [{"type": "input_text", "text": _QUESTION}]},
]
_ITEMS_CALL: Final = [
    {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": _ARGUMENTS},
    {"type": "function_call_output", "call_id": "call_1", "output": _RESULT},
]

_BY_MESSAGES: Final = {
    "model": "demo",
    "max_tokens": 4096,
    "system": [_text(_RULE)],
    "tools": [{**_ABOUT, "input_schema": _CITY, "eager_input_streaming": True}],
}
_TURN: Final = {"role": "user", "content": [_text(_QUESTION)]}
_USED: Final = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Oslo"}}
_TURNS_CALL: Final = [
    {"role": "assistant", "content": [_USED]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": _RESULT}]},
]

AI_SDK_SESSIONS: Final = (
    Session(
        "AI SDK, chat",
        chat,
        _CHAT,
        _BY_CHAT | {"messages": _CHAT_START},
        _BY_CHAT | {"messages": [*_CHAT_START, *_CHAT_CALL]},
        offered=("get_weather",),
    ),
    Session(
        "AI SDK, a forced call", chat, _CHAT, _FORCED, _FORCED | {"stream": True}, offered=("get_weather",)
    ),
    Session("AI SDK, an object", chat, _CHAT, _OBJECT, _OBJECT | {"stream": True}),
    Session(
        "AI SDK, responses",
        responses,
        "/v1/responses",
        _BY_RESPONSES | {"input": _ITEMS},
        _BY_RESPONSES | {"input": [*_ITEMS, *_ITEMS_CALL]},
        offered=("get_weather",),
    ),
    Session(
        "AI SDK, messages",
        messages,
        "/v1/messages",
        _BY_MESSAGES | {"messages": [_TURN], "tool_choice": {"type": "auto"}},
        # Where it wants an object from a model that takes no format, a call must come, and one only.
        _BY_MESSAGES
        | {
            "messages": [_TURN, *_TURNS_CALL],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        },
        offered=("get_weather",),
        ignored=("tools.0.eager_input_streaming",),
    ),
)
