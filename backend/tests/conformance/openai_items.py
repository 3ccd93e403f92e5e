"""The input items of a response."""

from typing import Any, Final

from tests.conformance.chats import reads_as
from tests.conformance.record import Ask, Effect, Field, honoured, ignored, not_applicable, refused

_USER: Final = {"role": "user", "content": "Hi"}
_PART: Final = {"type": "input_text", "text": "Name a colour."}
_IN_PARTS: Final = {"input": [{"role": "user", "content": [_PART]}]}
_CALL: Final = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"at":"sea"}'}
_OUTPUT: Final = {"type": "function_call_output", "call_id": "call_1", "output": "blue"}
_CALLED: Final = {"input": [_CALL, _OUTPUT]}
_CUSTOM: Final = {"type": "custom_tool_call", "call_id": "call_1", "name": "look", "input": "sea"}
_CUSTOM_OUTPUT: Final = {"type": "custom_tool_call_output", "call_id": "call_1", "output": "blue"}
_RESULT: Final = {"role": "tool", "tool_call_id": "call_1", "content": "blue"}
_REASONING: Final = {"type": "reasoning", "id": "rs_1", "summary": []}
_ANSWERED: Final = {
    "input": [
        {"role": "assistant", "content": [{"type": "output_text", "text": "Hello there"}]},
        {"role": "user", "content": "Why?"},
    ]
}


def _chat_call(arguments: str, name: str = "look") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    call = {"id": "call_1", "type": "function", "function": function}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def _said(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def _talk(path: str, effect: Effect, *items: dict[str, Any], note: str = "") -> Field:
    return honoured(path, effect, note, example=list(items), at="input")


def _answered(path: str, part: dict[str, Any]) -> Field:
    effect = reads_as(_said("assistant", "Hello there"), _said("user", "Why?"))
    return _talk(path, effect, _said("assistant", [part]), _said("user", "Why?"))


def _called(path: str, **output: Any) -> Field:
    return _talk(path, reads_as(_chat_call('{"at":"sea"}'), _RESULT), _CALL, {**_OUTPUT, **output})


def _custom(path: str) -> Field:
    return _talk(path, reads_as(_chat_call('{"input": "sea"}'), _RESULT), _CUSTOM, _CUSTOM_OUTPUT)


def _must_pair(ask: Ask, field: Field) -> None:
    """An output belongs to a call that was made; no other is taken."""
    assert ask.asked(field).status == 200
    assert ask.asked(field, "call_2").status == 400


def _references(ask: Ask, field: Field) -> None:
    """An item of a stored response is read in its place."""
    stored = ask.plain(input="Hi", store=True)
    reference = {"type": "item_reference", "id": stored.body["output"][0]["id"]}
    reply = ask.asked(field, [_said("user", "Hi"), reference, _said("user", "Why?")])
    chat = [_said("user", "Hi"), _said("assistant", stored.text), _said("user", "Why?")]
    assert reply.num_read == ask.post("/apply-template", {"model": "demo", "messages": chat})["count"]


def _unread(path: str, value: Any, **within: Any) -> Field:
    """A field of a message that has no effect."""
    return ignored(path, value, within={"input": [_said("user", "Hi") | within]})


ITEMS: Final = (
    honoured("input=string", reads_as(_said("user", "Where is it?")), "", example="Where is it?"),
    _talk("input=list", reads_as(_said("user", "Where is it?")), _said("user", "Where is it?")),
    _talk(
        "input.N.type=message",
        reads_as(_said("user", "Where is it?")),
        {"type": "message", **_said("user", "Where is it?")},
        note="may be left out",
    ),
    _talk("input.N.role=user", reads_as(_said("user", "Where is it?")), _said("user", "Where is it?")),
    _talk(
        "input.N.role=system",
        reads_as(_said("system", "Be brief."), _USER),
        _said("system", "Be brief."),
        _USER,
    ),
    _talk(
        "input.N.role=developer",
        reads_as(_said("system", "Be brief."), _USER),
        _said("developer", "Be brief."),
        _USER,
        note="written as system, the name that templates know",
    ),
    _talk(
        "input.N.role=assistant",
        reads_as(_USER, _said("assistant", "Hello there"), _said("user", "Why?")),
        _USER,
        _said("assistant", [{"type": "output_text", "text": "Hello there", "annotations": []}]),
        _said("user", "Why?"),
    ),
    _talk("input.N.content=string", reads_as(_said("user", "Where is it?")), _said("user", "Where is it?")),
    _talk("input.N.content=list", reads_as(_said("user", "Name a colour.")), _said("user", [_PART])),
    _talk(
        "input.N.content.N.type=input_text", reads_as(_said("user", "Name a colour.")), _said("user", [_PART])
    ),
    _talk("input.N.content.N.text", reads_as(_said("user", "Name a colour.")), _said("user", [_PART])),
    refused(
        "input.N.content.N.type=input_image",
        {"type": "input_image", "image_url": "https://example.com/a.png"},
        "no model here reads anything but text",
        within=_IN_PARTS,
        at="input.0.content.0",
        named="input.0.content.0",
        others=("input_file", "input_audio"),
    ),
    ignored("input.N.content.N.prompt_cache_breakpoint", {"mode": "explicit"}, within=_IN_PARTS),
    _unread("input.N.phase", "final_answer"),
    _called("input.N.type=function_call"),
    _called("input.N.name"),
    _called("input.N.arguments"),
    _called("input.N.type=function_call_output"),
    _called("input.N.output", output=[{"type": "input_text", "text": "blue"}]),
    honoured(
        "input.N.call_id",
        _must_pair,
        "names a call that was made before",
        example="call_1",
        within=_CALLED,
        at="input.1.call_id",
    ),
    _custom("input.N.type=custom_tool_call"),
    _custom("input.N.input"),
    _custom("input.N.type=custom_tool_call_output"),
    honoured(
        "input.N.type=item_reference", _references, "of a stored response of the same user's", at="input"
    ),
    _talk(
        "input.N.namespace",
        reads_as(_chat_call('{"at":"sea"}', "sea.look"), _RESULT),
        {**_CALL, "namespace": "sea"},
        _OUTPUT,
    ),
    _called("input.N.output.N.type=input_text", output=[{"type": "input_text", "text": "blue"}]),
    _called("input.N.output.N.text", output=[{"type": "input_text", "text": "blue"}]),
    refused(
        "input.N.output.N.type=input_image",
        {"type": "input_image", "image_url": "https://example.com/a.png"},
        within={"input": [_CALL, {**_OUTPUT, "output": [_PART]}]},
        at="input.1.output.0",
        named="input.1.output.0",
        others=("input_file",),
    ),
    ignored(
        "input.N.output.N.prompt_cache_breakpoint",
        {"mode": "explicit"},
        within={"input": [_CALL, {**_OUTPUT, "output": [_PART]}]},
        at="input.1.output.0.prompt_cache_breakpoint",
        named="input.1.output.0.prompt_cache_breakpoint",
    ),
    ignored(
        "input.N.type=reasoning",
        {**_REASONING, "content": [{"type": "reasoning_text", "text": "A colour."}]},
        "honoured where the chat template shows reasoning",
        within={"input": [_said("user", "Hi")]},
        at="input.1",
        named="input.1",
    ),
    not_applicable("input.N.id", "clients send back what they were given", example="x_1", within=_IN_PARTS),
    not_applicable("input.N.status", "the same", example="completed", within=_IN_PARTS),
    _answered("input.N.content.N.type=output_text", {"type": "output_text", "text": "Hello there"}),
    _answered("input.N.content.N.type=refusal", {"type": "refusal", "refusal": "Hello there"}),
    _answered("input.N.content.N.refusal", {"type": "refusal", "refusal": "Hello there"}),
    not_applicable(
        "input.N.content.N.annotations",
        "the same",
        example=[],
        within=_ANSWERED,
        is_whole=True,
    ),
    not_applicable("input.N.content.N.logprobs", "the same", example=[], within=_ANSWERED, is_whole=True),
    ignored("input.N.async", True, within=_CALLED),
    ignored("input.N.caller", {"type": "direct"}, within=_CALLED),
    ignored(
        "input.N.type=web_search_call",
        {"type": "web_search_call", "id": "x_1"},
        "what servers that run tools say of it",
        within={"input": [_said("user", "Hi")]},
        at="input.1",
        named="input.1",
        others=(
            "file_search_call",
            "computer_call",
            "computer_call_output",
            "tool_search_call",
            "tool_search_output",
            "compaction",
            "image_generation_call",
            "code_interpreter_call",
            "local_shell_call",
            "local_shell_call_output",
            "shell_call",
            "shell_call_output",
            "apply_patch_call",
            "apply_patch_call_output",
            "mcp_list_tools",
            "mcp_approval_request",
            "mcp_approval_response",
            "mcp_call",
            "program",
            "program_output",
        ),
    ),
    refused(
        "input.N.type=compaction_trigger",
        {"type": "compaction_trigger"},
        within={"input": [_said("user", "Hi")]},
        at="input.1",
        named="input.1.type",
        others=("configuration_update",),
    ),
)
