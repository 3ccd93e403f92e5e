"""The messages of Anthropic's dialect, and the blocks in them."""

from typing import Any, Final

from tests.conformance.chats import reads_as
from tests.conformance.record import Ask, Effect, Field, honoured, ignored, not_applicable, refused

_USER: Final = {"role": "user", "content": "Hi"}
_TEXT: Final = {"type": "text", "text": "Name a colour."}
_IN_BLOCKS: Final = {"messages": [{"role": "user", "content": [_TEXT]}]}
_ASSISTANT: Final = {"messages": [{"role": "assistant", "content": [_TEXT]}, _USER]}
_USE: Final = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sea"}}
_RESULT: Final = {
    "type": "tool_result",
    "tool_use_id": "toolu_1",
    "content": [{"type": "text", "text": "blue"}],
}
_USES: Final[dict[str, Any]] = {"role": "assistant", "content": [_USE]}
_CALLED: Final = {"messages": [_USES, {"role": "user", "content": [_RESULT]}]}
_CHAT_CALL: Final = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": "toolu_1", "type": "function", "function": {"name": "look", "arguments": '{"at":"sea"}'}}
    ],
}


def _chat_result(text: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": "toolu_1", "content": text}


def _talk(path: str, effect: Effect, *messages: dict[str, Any], note: str = "") -> Field:
    return honoured(path, effect, note, example=list(messages), at="messages")


def _called(path: str, result: dict[str, Any], text: str, note: str = "") -> Field:
    """A result of a tool and the text that the model reads of it."""
    user = {"role": "user", "content": [{**_RESULT, **result}]}
    return _talk(path, reads_as(_CHAT_CALL, _chat_result(text)), _USES, user, note=note)


def _must_pair(ask: Ask, field: Field) -> None:
    """A result belongs to a call that was made; no other is taken."""
    assert ask.asked(field).status == 200
    assert ask.asked(field, "toolu_2").status == 400


def _says(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": text}


MESSAGES: Final = (
    _talk("messages", reads_as(_says("Where is it?")), _says("Where is it?")),
    _talk("messages.N.role=user", reads_as(_says("Where is it?")), _says("Where is it?")),
    _talk(
        "messages.N.role=assistant",
        reads_as(_says("Hello there", "assistant"), _USER),
        _says("Hello there", "assistant"),
        _USER,
        note="the last message may be an assistant's: the answer goes on with it",
    ),
    _talk(
        "messages.N.role=system",
        reads_as(_USER, _says("Be brief", "system")),
        _USER,
        _says("Be brief", "system"),
        note="anywhere; as a user's where the chat template has no place for it",
    ),
    _talk("messages.N.content=string", reads_as(_says("Where is it?")), _says("Where is it?")),
    _talk("messages.N.content=list", reads_as(_says("Name a colour.")), {"role": "user", "content": [_TEXT]}),
    _talk(
        "messages.N.content.N.type=text",
        reads_as(_says("Name a colour.")),
        {"role": "user", "content": [_TEXT]},
    ),
    _talk(
        "messages.N.content.N.text", reads_as(_says("Name a colour.")), {"role": "user", "content": [_TEXT]}
    ),
    _called("messages.N.content.N.type=tool_use", {}, "blue"),
    _called("messages.N.content.N.name", {}, "blue"),
    _called("messages.N.content.N.input", {}, "blue"),
    honoured(
        "messages.N.content.N.id",
        _must_pair,
        "",
        example="toolu_1",
        within=_CALLED,
        at="messages.0.content.0.id",
    ),
    _called("messages.N.content.N.type=tool_result", {}, "blue"),
    honoured(
        "messages.N.content.N.tool_use_id",
        _must_pair,
        "names a call that was made before",
        example="toolu_1",
        within=_CALLED,
        at="messages.1.content.0.tool_use_id",
    ),
    _called(
        "messages.N.content.N.content", {"content": "sky blue"}, "sky blue", "a string or a list of blocks"
    ),
    _called("messages.N.content.N.content.N.type=text", {}, "blue"),
    _called("messages.N.content.N.content.N.text", {}, "blue"),
    _called(
        "messages.N.content.N.content.N.type=tool_reference",
        {"content": [{"type": "tool_reference", "tool_name": "look_up"}]},
        "look_up",
    ),
    _called(
        "messages.N.content.N.content.N.tool_name",
        {"content": [{"type": "tool_reference", "tool_name": "look_up"}]},
        "look_up",
    ),
    _called("messages.N.content.N.is_error", {"is_error": True}, "Error: blue"),
    refused(
        "messages.N.content.N.type=image",
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        "no model here reads anything but text",
        within=_IN_BLOCKS,
        at="messages.0.content.0",
        named="messages.0.content.0",
        others=("document", "search_result", "container_upload"),
    ),
    refused(
        "messages.N.content.N.type=compaction",
        {"type": "compaction"},
        "of the vendor's own servers",
        within=_IN_BLOCKS,
        at="messages.0.content.0",
        named="messages.0.content.0",
        others=("tool_addition", "tool_removal", "mcp_tool_listing", "fallback"),
    ),
    refused(
        "messages.N.content.N.content.N.type=image",
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        within=_CALLED,
        at="messages.1.content.0.content.0",
        named="messages.1.content.0.content.0",
        others=("document", "search_result", "browser_state"),
    ),
    ignored(
        "messages.N.content.N.type=redacted_thinking",
        {"type": "redacted_thinking", "data": "c2VjcmV0"},
        "what the vendor's own servers did or hid",
        within=_ASSISTANT,
        at="messages.0.content.1",
        named="messages.0.content.1",
        others=(
            "server_tool_use",
            "web_search_tool_result",
            "web_fetch_tool_result",
            "code_execution_tool_result",
            "bash_code_execution_tool_result",
            "text_editor_code_execution_tool_result",
            "tool_search_tool_result",
            "mcp_tool_use",
            "mcp_tool_result",
            "advisor_tool_result",
        ),
    ),
    not_applicable(
        "messages.N.content.N.cache_control",
        "what was read is kept with and without marks",
        example={"type": "ephemeral"},
        within=_IN_BLOCKS,
        is_whole=True,
    ),
    not_applicable(
        "messages.N.content.N.content.N.cache_control",
        "the same",
        example={"type": "ephemeral"},
        within=_CALLED,
        at="messages.1.content.0.content.0.cache_control",
    ),
    ignored(
        "messages.N.content.N.cache_control.ttl",
        "1h",
        within={
            "messages": [{"role": "user", "content": [{**_TEXT, "cache_control": {"type": "ephemeral"}}]}]
        },
    ),
    ignored("messages.N.content.N.citations", [], within=_IN_BLOCKS),
    ignored("messages.N.content.N.caller", {"type": "direct"}, within=_CALLED),
    ignored("messages.N.content.N.toolset_name", "set", within=_CALLED),
    ignored(
        "messages.N.content.N.content.N.citations",
        [],
        within=_CALLED,
        at="messages.1.content.0.content.0.citations",
        named="messages.1.content.0.content.0.citations",
    ),
    ignored("messages.N.clear_at", "never", within={"messages": [_says("Be brief", "system"), _USER]}),
    ignored("messages.N.output_config", {}, within={"messages": [_says("Be brief", "system"), _USER]}),
)

_THOUGHT: Final[dict[str, Any]] = {
    "example": {"type": "thinking", "thinking": "A colour.", "signature": "c2ln"},
    "within": _ASSISTANT,
    "at": "messages.0.content.1",
    "named": "messages.0.content.1",
}
_THINKING: Final = "messages.N.content.N.type=thinking"
_SHOWN: Final = "honoured where the chat template shows reasoning; any signature is taken"

THINKING_ANSWERED: Final = ignored(_THINKING, note=_SHOWN, **_THOUGHT)
THINKING_COUNTED: Final = not_applicable(_THINKING, _SHOWN, **_THOUGHT)
