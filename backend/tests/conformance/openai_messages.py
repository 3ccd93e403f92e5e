"""The messages of a chat completion."""

from typing import Any, Final

from tests.conformance.prompts import reads, tells
from tests.conformance.record import Ask, Effect, Field, honoured, ignored, ours, refused

_USER: Final = {"role": "user", "content": "Hi"}
_CALL: Final = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "look", "arguments": '{"at": "sea"}'},
}
_CALLS: Final = {"role": "assistant", "content": "", "tool_calls": [_CALL]}
_RESULT: Final = {"role": "tool", "tool_call_id": "call_1", "content": "blue"}
_ENTER: Final = {"id": "call_1", "type": "custom", "custom": {"name": "look", "input": "sea"}}
_ENTERED: Final[list[dict[str, Any]]] = [_USER, {**_CALLS, "tool_calls": [_ENTER]}, _RESULT]
_PART: Final = {"type": "text", "text": "Name a colour."}
_IN_PARTS: Final = {"messages": [{"role": "user", "content": [_PART]}]}
_CALLED: Final = {"messages": [_CALLS, _RESULT]}
_ASSISTANT: Final = {"messages": [{"role": "assistant", "content": "Hello"}, _USER]}


def _talk(path: str, effect: Effect, *messages: dict[str, Any], note: str = "") -> Field:
    return honoured(path, effect, note, example=list(messages), at="messages")


def _part(kind: str, **content: Any) -> Field:
    path = f"messages.N.content.N.type={kind}"
    example = {"type": kind, **content}
    return refused(path, example, within=_IN_PARTS, at="messages.0.content.0", named="messages.0.content")


def _message(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def _must_pair(ask: Ask, field: Field) -> None:
    """A tool's message answers a call that was made; no other is taken."""
    assert ask.asked(field).status == 200
    assert ask.asked(field, "call_2").status == 400


MESSAGES = (
    _talk("messages", reads("user\nWhere?"), _message("user", "Where?")),
    _talk("messages.N.role=system", reads("system\nBe brief"), _message("system", "Be brief"), _USER),
    _talk(
        "messages.N.role=developer",
        reads("system\nBe brief"),
        _message("developer", "Be brief"),
        _USER,
        note="written as system, the name that templates know",
    ),
    _talk("messages.N.role=user", reads("user\nWhere?"), _message("user", "Where?")),
    _talk("messages.N.role=assistant", reads("assistant\nHello"), _message("assistant", "Hello"), _USER),
    _talk("messages.N.role=tool", reads("tool\n", "blue"), _USER, _CALLS, _RESULT),
    refused(
        "messages.N.role=function",
        [_USER, {"role": "function", "name": "look", "content": "blue"}],
        "older than `tool`",
        at="messages",
        named="messages.1.role",
    ),
    _talk("messages.N.content=string", reads("user\nWhere?"), _message("user", "Where?")),
    _talk("messages.N.content=list", reads("user\nName a colour."), _message("user", [_PART])),
    _talk(
        "messages.N.content=null",
        reads("assistant\n<tool_call>"),
        _USER,
        _CALLS | {"content": None},
        _RESULT,
        note="of an assistant's message only",
    ),
    _talk(
        "messages.N.content.N.type=text",
        reads("tool\n", "blue sky"),
        _USER,
        _CALLS,
        _RESULT | {"content": [{"type": "text", "text": "blue"}, {"type": "text", "text": " sky"}]},
        note="in messages of every role",
    ),
    _talk("messages.N.content.N.text", reads("user\nName a colour."), _message("user", [_PART])),
    _part("image_url", image_url={"url": "data:image/png;base64,AAAA"}),
    _part("input_audio", input_audio={"data": "AAAA", "format": "wav"}),
    _part("file", file={"file_id": "file-1"}),
    _part("refusal", refusal="No."),
    ignored("messages.N.content.N.prompt_cache_breakpoint", {"mode": "explicit"}, within=_IN_PARTS),
    _talk("messages.N.tool_calls", reads("assistant\n", '{"name": "look"'), _USER, _CALLS, _RESULT),
    _talk("messages.N.tool_calls.N.type=function", reads('{"name": "look"'), _USER, _CALLS, _RESULT),
    _talk("messages.N.tool_calls.N.function.name", reads('{"name": "look"'), _USER, _CALLS, _RESULT),
    _talk("messages.N.tool_calls.N.function.arguments", reads('{"at": "sea"}'), _USER, _CALLS, _RESULT),
    *(
        _talk(f"messages.N.tool_calls.N.{path}", reads('"name": "look"', '"input": "sea"'), *_ENTERED)
        for path in ("type=custom", "custom.name", "custom.input")
    ),
    honoured("messages.N.tool_calls.N.id", _must_pair, "", example="call_1", within=_CALLED),
    honoured(
        "messages.N.tool_call_id",
        _must_pair,
        "names a call that was made before",
        example="call_1",
        within=_CALLED,
        at="messages.1.tool_call_id",
    ),
    honoured(
        "messages.N.name", tells("'name': 'Ada'"), "told to the chat template; few show it", example="Ada"
    ),
    ours(
        "messages.N.reasoning_content",
        tells("'reasoning_content': 'A greeting.'"),
        "ignored where the chat template does not show it",
        example="A greeting.",
        within=_ASSISTANT,
    ),
    ignored("messages.N.refusal", "No.", within=_ASSISTANT),
    ignored("messages.N.audio", {"id": "audio_1"}, within=_ASSISTANT),
    ignored("messages.N.function_call", {"name": "look", "arguments": "{}"}, within=_ASSISTANT),
)
