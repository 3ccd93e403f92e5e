"""Items and tools of a Responses request: what becomes of them in the prompt, and what is refused by name."""

from typing import Any

import pytest
from openai.types.responses import ResponseItem
from pydantic import TypeAdapter

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt
from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.protocols.openai_responses.encrypted import encrypted_content
from mlx_manager.mlx_server.protocols.openai_responses.items import SERVER_ITEMS, kept_form
from mlx_manager.mlx_server.protocols.openai_responses.parse import (
    Earlier,
    ParsedResponses,
    parse_responses,
    read_request,
    referenced_ids,
)
from mlx_manager.mlx_server.protocols.openai_responses.tools import CalledName

USER = {"role": "user", "content": "hi"}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "status": "completed",
    "call_id": "c1",
    "name": "f",
    "arguments": "{}",
}
OUTPUT = {"type": "function_call_output", "id": "fco_1", "call_id": "c1", "output": "done"}
SAID = {
    "type": "message",
    "id": "msg_1",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "I look.", "annotations": [], "logprobs": []}],
}
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [],
    "content": [{"type": "reasoning_text", "text": "why"}],
}


def parse(*items: Any, earlier: Earlier | None = None, **fields: Any) -> ParsedResponses:
    wire = read_request({"model": "m", "input": list(items or [USER]), **fields})
    return parse_responses(wire, "req_1", earlier=earlier)


def prompt_of(*items: Any, **options: Any) -> ChatPrompt:
    prompt = parse(*items, **options).generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    return prompt


def turns(*items: Any, **options: Any) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in prompt_of(*items, **options).messages]


def refused(*items: Any, **fields: Any) -> tuple[ErrorCode, str | None]:
    with pytest.raises(ApiError) as caught:
        parse(*items, **fields)
    assert caught.value.param is not None
    assert caught.value.message.startswith(caught.value.param)
    return caught.value.code, caught.value.param


def test_a_string_is_a_users_message() -> None:
    prompt = parse_responses(read_request({"model": "m", "input": "hi"}), "r").generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    assert prompt.messages == (ChatMessage("user", "hi", path="input.0"),)


@pytest.mark.parametrize(
    ("role", "wanted"), [("user", "user"), ("system", "system"), ("developer", "system")]
)
@pytest.mark.parametrize(
    "kind", [{}, {"type": "message"}, {"type": "message", "id": "x", "status": "completed"}]
)
@pytest.mark.parametrize(
    "content",
    [
        "one two",
        [{"type": "input_text", "text": "one two"}],
        [{"type": "input_text", "text": "one "}, {"type": "text", "text": "two"}],
        [{"type": "output_text", "text": "one ", "annotations": []}, {"type": "refusal", "refusal": "two"}],
    ],
)
def test_messages(role: str, wanted: str, kind: dict[str, Any], content: Any) -> None:
    assert turns({"role": role, "content": content} | kind) == [(wanted, "one two")]
    assert parse({"role": role, "content": content} | kind).ignored == []


@pytest.mark.parametrize("kind", ["input_image", "input_file", "input_audio", "hologram"])
def test_what_is_no_text_is_refused_by_name(kind: str) -> None:
    part = {"type": kind, "image_url": "data:image/png;base64,AA"}
    content = [{"type": "input_text", "text": "x"}, part]
    assert refused(USER, {"role": "user", "content": content}) == (
        ErrorCode.UNSUPPORTED_FIELD,
        "input.1.content.1",
    )
    assert refused(USER, CALL, OUTPUT | {"output": [part]}) == (
        ErrorCode.UNSUPPORTED_FIELD,
        "input.2.output.0",
    )


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"role": "robot", "content": "x"}, "role"),
        ({"type": "message", "content": "x"}, "role"),
        ({"role": "user"}, "content"),
        ({"role": "user", "content": None}, "content"),
        ({"role": "user", "content": 1}, "content"),
        ({"role": "user", "content": ["x"]}, "content.0"),
        ({"role": "user", "content": [{"text": "x"}]}, "content.0"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "content.0.text"),
        ({"role": "user", "content": [{"type": "refusal", "refusal": 1}]}, "content.0.refusal"),
        ({"role": "user", "content": "x", "id": 1}, "id"),
        ({}, "type"),
        ({"type": 1}, "type"),
        ({"type": "telepathy"}, "type"),
        ({"type": "function_call", "name": "f", "arguments": ""}, "call_id"),
        ({"type": "function_call", "call_id": "", "name": "f", "arguments": ""}, "call_id"),
        ({"type": "function_call", "call_id": "c", "name": "", "arguments": ""}, "name"),
        ({"type": "function_call", "call_id": "c", "name": "f", "arguments": {}}, "arguments"),
        ({"type": "custom_tool_call", "call_id": "c", "name": "f"}, "input"),
        ({"type": "function_call_output", "call_id": "nobody", "output": "x"}, "call_id"),
        ({"type": "custom_tool_call_output", "call_id": "nobody", "output": "x"}, "call_id"),
        ({"type": "reasoning", "content": [{"type": "song", "text": "la"}]}, "content.0.type"),
        ({"type": "reasoning", "summary": "x"}, "summary"),
        ({"type": "additional_tools", "tools": {}}, "tools"),
        ({"type": "additional_tools", "tools": [{"type": "function"}]}, "tools.0.name"),
    ],
)
def test_refused_items(item: dict[str, Any], param: str) -> None:
    assert refused(USER, item) == (ErrorCode.INVALID_REQUEST, f"input.1.{param}")


def test_an_output_comes_after_its_call() -> None:
    assert refused(USER, OUTPUT, CALL) == (ErrorCode.INVALID_REQUEST, "input.1.call_id")


def test_an_assistants_items_are_one_turn() -> None:
    second = CALL | {"id": "fc_2", "call_id": "c2", "name": "g", "arguments": "no JSON"}
    result = OUTPUT | {"output": [{"type": "input_text", "text": "do"}, {"type": "input_text", "text": "ne"}]}
    messages = prompt_of(
        USER, THOUGHT, SAID, CALL, second, result, OUTPUT | {"call_id": "c2"}, SAID, USER
    ).messages
    assert messages == (
        ChatMessage("user", "hi", path="input.0"),
        ChatMessage(
            "assistant",
            "I look.",
            tool_calls=(ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "no JSON")),
            reasoning="why",
            path="input.1",
            reasoning_path="input.1",
        ),
        ChatMessage("tool", "done", tool_call_id="c1", path="input.5"),
        ChatMessage("tool", "done", tool_call_id="c2", path="input.6"),
        ChatMessage("assistant", "I look.", path="input.7"),
        ChatMessage("user", "hi", path="input.8"),
    )


def test_a_call_needs_no_text() -> None:
    assistant = prompt_of(USER, CALL, OUTPUT).messages[1]
    assert (assistant.content, assistant.tool_calls) == ("", (ToolCall("c1", "f", "{}"),))


def test_a_custom_tools_call_is_told_as_an_object() -> None:
    call = {
        "type": "custom_tool_call",
        "call_id": "c1",
        "name": "patch",
        "input": '*** "ü"',
        "namespace": "ed",
    }
    output = {"type": "custom_tool_call_output", "call_id": "c1", "output": "ok"}
    messages = prompt_of(USER, call, output).messages
    assert messages[1].tool_calls == (ToolCall("c1", "ed.patch", '{"input": "*** \\"ü\\""}'),)
    assert messages[2] == ChatMessage("tool", "ok", tool_call_id="c1", path="input.2")


def test_reasoning_that_the_client_kept() -> None:
    kept = {
        "type": "reasoning",
        "id": "rs",
        "summary": [],
        "content": None,
        "encrypted_content": encrypted_content("why"),
    }
    parsed = parse(USER, kept, CALL, OUTPUT)
    assert parsed.generation.prompts[0].messages[1].reasoning == "why"  # type: ignore[union-attr]
    assert parsed.ignored == []


def test_reasoning_that_cannot_be_read_is_named() -> None:
    foreign = THOUGHT | {
        "content": [],
        "encrypted_content": "gAAAA",
        "summary": [{"type": "summary_text", "text": "s"}],
    }
    parsed = parse(USER, foreign, SAID)
    assert parsed.generation.prompts[0].messages[1].reasoning == ""  # type: ignore[union-attr]
    assert parsed.ignored == ["input.1.encrypted_content", "input.1.summary"]


def test_reasoning_that_nothing_follows_is_named() -> None:
    parsed = parse(USER, THOUGHT, USER)
    assert [message.role for message in parsed.generation.prompts[0].messages] == ["user", "user"]  # type: ignore[union-attr]
    assert parsed.ignored == ["input.1"]


@pytest.mark.parametrize("kind", SERVER_ITEMS)
def test_what_servers_say_of_their_tools_is_left_out(kind: str) -> None:
    item = {"type": kind, "id": "x", "call_id": "c9", "status": "completed", "action": {"type": "exec"}}
    assert turns(USER, item, USER) == [("user", "hi"), ("user", "hi")]
    assert parse(USER, item, USER).ignored == ["input.1"]


def test_a_result_of_what_is_left_out_is_left_out() -> None:
    shell = {"type": "local_shell_call", "call_id": "c1", "status": "completed", "action": {"type": "exec"}}
    assert turns(USER, shell, OUTPUT, USER) == [("user", "hi"), ("user", "hi")]
    assert parse(USER, shell, OUTPUT, USER).ignored == ["input.1", "input.2"]


def test_instructions_and_what_stands_at_the_head_are_one_system_message() -> None:
    developer = {"role": "developer", "content": "and kind"}
    assert turns(developer, USER, developer, instructions="be brief") == [
        ("system", "be brief\n\nand kind"),
        ("user", "hi"),
        ("system", "and kind"),
    ]


@pytest.mark.parametrize("fields", [{}, {"input": []}, {"input": [], "instructions": "x"}, {"input": None}])
def test_there_must_be_something_to_answer(fields: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        parse_responses(read_request({"model": "m"} | fields), "r")
    assert caught.value.param == "input"


def test_what_is_unknown_in_an_item_is_named() -> None:
    part = {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {}}
    parsed = parse(
        USER | {"phase": "commentary"},
        {"role": "user", "content": [part]},
        CALL | {"caller": {"type": "direct"}},
        OUTPUT | {"created_by": "me"},
        SAID | {"agent": "a"},
    )
    assert parsed.ignored == [
        "input.0.phase",
        "input.1.content.0.prompt_cache_breakpoint",
        "input.2.caller",
        "input.3.created_by",
        "input.4.agent",
    ]


# --- what is stored ---


def test_what_came_before_stands_before() -> None:
    earlier = Earlier([USER, THOUGHT, CALL | {"phase": "x"}])
    parsed = parse(OUTPUT, USER, earlier=earlier, instructions="new")
    messages = parsed.generation.prompts[0].messages  # type: ignore[union-attr]
    assert [(m.role, m.path) for m in messages] == [
        ("system", "instructions"),
        ("user", ""),
        ("assistant", ""),
        ("tool", "input.0"),
        ("user", "input.1"),
    ]
    assert messages[2].reasoning == "why"
    assert parsed.ignored == []
    assert list(parsed.items) == [OUTPUT, USER]


def test_a_turn_may_go_on_with_what_came_before_alone() -> None:
    assert turns(earlier=Earlier([USER])) == [("user", "hi"), ("user", "hi")]
    wire = read_request({"model": "m", "previous_response_id": "resp_1"})
    prompt = parse_responses(wire, "r", earlier=Earlier([USER])).generation.prompts[0]
    assert [message.content for message in prompt.messages] == ["hi"]  # type: ignore[union-attr]


@pytest.mark.parametrize("reference", [{"type": "item_reference", "id": "msg_1"}, {"id": "msg_1"}])
def test_references(reference: dict[str, Any]) -> None:
    wire = read_request({"model": "m", "input": [USER, reference, USER]})
    assert referenced_ids(wire) == ["msg_1"]
    parsed = parse_responses(wire, "r", earlier=Earlier(referenced={"msg_1": SAID}))
    assert [m.content for m in parsed.generation.prompts[0].messages] == ["hi", "I look.", "hi"]  # type: ignore[union-attr]
    assert list(parsed.items) == [USER, SAID, USER]
    assert refused(USER, reference) == (ErrorCode.NOT_FOUND, "input.1.id")


def test_a_reference_has_an_id() -> None:
    with pytest.raises(ApiError) as caught:
        referenced_ids(read_request({"model": "m", "input": [{"type": "item_reference", "id": 1}]}))
    assert caught.value.param == "input.0.id"


@pytest.mark.parametrize(
    "item",
    [
        USER,
        {"role": "developer", "content": [{"type": "input_text", "text": "x"}], "id": None},
        {"role": "assistant", "content": "plain"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"role": "user", "content": [{"type": "refusal", "refusal": "no"}]},
        SAID,
        CALL,
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "", "namespace": "n"},
        OUTPUT,
        OUTPUT | {"output": [{"type": "input_text", "text": "x"}]},
        OUTPUT | {"output": [{"type": "text", "text": "x"}, {"type": "output_text", "text": "y"}]},
        THOUGHT,
        {"type": "reasoning", "encrypted_content": "x", "content": None},
        {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "x"},
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "f"}]},
    ],
)
def test_kept_items_are_whole_and_mean_the_same(item: dict[str, Any]) -> None:
    kept = kept_form(item)
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseItem)
    assert adapter.validate_python(kept, strict=True).type == kept["type"]
    assert kept["id"]
    assert not item.get("id") or kept["id"] == item["id"]
    assert kept_form(kept) == kept
    head = [USER, CALL | {"call_id": "c"}, CALL]
    before, after = prompt_of(*head, item, USER), prompt_of(*head, kept, USER)
    assert before == after


# --- tools ---


FUNCTION = {
    "type": "function",
    "name": "f",
    "description": "does",
    "parameters": {"type": "object"},
    "strict": False,
}
SERVER_TOOLS = [
    "web_search",
    "web_search_preview",
    "file_search",
    "tool_search",
    "local_shell",
    "shell",
    "computer",
    "computer_use_preview",
    "image_generation",
    "mcp",
    "code_interpreter",
    "apply_patch",
    "programmatic_tool_calling",
    "not_yet_thought_of",
]


def test_functions_are_offered() -> None:
    parsed = parse(
        tools=[FUNCTION, {"type": "function", "name": "g", "description": None, "parameters": None}]
    )
    first, second = parsed.generation.prompts[0].tools  # type: ignore[union-attr]
    assert (first.name, first.description, first.parameters, first.is_strict) == (
        "f",
        "does",
        {"type": "object"},
        False,
    )
    assert (second.name, second.description, second.parameters) == ("g", "", {})
    assert parsed.ignored == []


def test_what_a_function_cannot_have_is_named() -> None:
    tools = [FUNCTION | {"strict": True}, FUNCTION | {"name": "g", "defer_loading": True}]
    assert parse(tools=tools).ignored == ["tools.1.defer_loading"]


def test_namespaces() -> None:
    custom = {"type": "custom", "name": "c"}
    group = {
        "type": "namespace",
        "name": "ns",
        "description": "d",
        "tools": [FUNCTION, custom, FUNCTION | {"name": "g"}],
    }
    parsed = parse(CALL | {"namespace": "ns"}, tools=[FUNCTION, group])
    prompt = parsed.generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    assert [tool.name for tool in prompt.tools] == ["f", "ns.f", "ns.c", "ns.g"]
    assert parsed.names == {
        "f": CalledName("f"),
        "ns.f": CalledName("f", "ns"),
        "ns.c": CalledName("c", "ns", takes_text=True),
        "ns.g": CalledName("g", "ns"),
    }
    assert prompt.messages[0].tool_calls[0].name == "ns.f"
    assert parsed.ignored == ["tools.1.description"]


@pytest.mark.parametrize("kind", SERVER_TOOLS)
def test_tools_that_nobody_here_runs_are_named(kind: str) -> None:
    tool = {
        "type": kind,
        "name": "x",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: /a/"},
    }
    parsed = parse(tools=[FUNCTION, tool])
    assert [offered.name for offered in parsed.generation.prompts[0].tools] == ["f"]  # type: ignore[union-attr]
    assert parsed.ignored == ["tools.1"]


def test_tools_among_the_items() -> None:
    item = {
        "type": "additional_tools",
        "role": "developer",
        "id": "at",
        "tools": [FUNCTION, {"type": "web_search"}],
    }
    parsed = parse(item, USER)
    assert [offered.name for offered in parsed.generation.prompts[0].tools] == ["f"]  # type: ignore[union-attr]
    assert parsed.ignored == ["input.0.tools.1"]
    stored = parse(USER, earlier=Earlier([item]))
    assert [offered.name for offered in stored.generation.prompts[0].tools] == ["f"]  # type: ignore[union-attr]
    assert stored.ignored == []


@pytest.mark.parametrize(
    ("tools", "param"),
    [
        ({}, "tools"),
        (["f"], "tools.0"),
        ([{}], "tools.0.type"),
        ([{"type": "function"}], "tools.0.name"),
        ([{"type": "function", "name": ""}], "tools.0.name"),
        ([{"type": "function", "name": "x" * 257}], "tools.0.name"),
        ([{"type": "function", "name": "f", "parameters": []}], "tools.0.parameters"),
        ([{"type": "namespace", "name": "n"}], "tools.0.tools"),
        ([{"type": "namespace", "name": "n", "tools": [{"type": "function"}]}], "tools.0.tools.0.name"),
        ([{"type": "namespace", "name": "n", "tools": [1]}], "tools.0.tools.0"),
    ],
)
def test_refused_tools(tools: Any, param: str) -> None:
    assert refused(tools=tools) == (ErrorCode.INVALID_REQUEST, param)
