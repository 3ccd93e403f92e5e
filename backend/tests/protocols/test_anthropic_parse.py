"""Bodies of messages: what becomes of every role and block, and which are refused by name."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolDefinition
from mlx_manager.mlx_server.protocols.anthropic_messages.parse import Parsed, parse_count, parse_messages

USER = {"role": "user", "content": "hi"}
USE = {"type": "tool_use", "id": "t1", "name": "read", "input": {"path": "a b", "n": [1, None]}}
ASSISTANT = {"role": "assistant", "content": [USE]}
MARK = {"type": "ephemeral"}


def text(value: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": value, **fields}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def result(content: Any = None, **fields: Any) -> dict[str, Any]:
    given = {} if content is None else {"content": content}
    return {"type": "tool_result", "tool_use_id": "t1", **given, **fields}


def parse(*messages: Any, **fields: Any) -> Parsed:
    body = {"model": "m", "max_tokens": 9, "messages": list(messages or [USER]), **fields}
    return parse_messages(body, "req_1", "tenant")


def prompt_of(*messages: Any, **fields: Any) -> ChatPrompt:
    (prompt,) = parse(*messages, **fields).generation.prompts
    assert isinstance(prompt, ChatPrompt)
    return prompt


def turns(*messages: Any, **fields: Any) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in prompt_of(*messages, **fields).messages]


def refusal(*messages: Any, **fields: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        parse(*messages, **fields)
    assert caught.value.code.status == 400
    return caught.value


def test_the_least() -> None:
    parsed = parse()
    generation = parsed.generation
    assert (generation.request_id, generation.model, generation.tenant) == ("req_1", "m", "tenant")
    assert (generation.max_tokens, generation.stop, generation.num_choices) == (9, (), 1)
    assert generation.prompts == (ChatPrompt((ChatMessage("user", "hi", path="messages.0"),)),)
    assert (parsed.ignored, parsed.is_stream) == ((), False)


def test_a_string_is_the_same_as_a_list_of_one_text() -> None:
    for role in ("user", "assistant", "system"):
        plain = [USER, {"role": role, "content": "so"}, USER]
        blocks = [USER, {"role": role, "content": [text("so")]}, USER]
        assert prompt_of(*plain) == prompt_of(*blocks)
    assert prompt_of(system="be brief") == prompt_of(system=[text("be brief")])


def test_texts_of_one_message() -> None:
    assert turns(user(text("a"), text(""), text("b"))) == [("user", "a\n\nb")]
    assert turns(USER, assistant(text("a"), text("b")), USER)[1] == ("assistant", "ab")


def test_the_system_is_one_turn_before_all_others() -> None:
    assert turns(system=[text("a"), text("b")]) == [("system", "a\n\nb"), ("user", "hi")]
    assert turns({"role": "system", "content": "c"}, USER, system="a")[0] == ("system", "a\n\nc")
    assert prompt_of({"role": "system", "content": "c"}, USER).messages[0].path == "messages.0"
    for empty in ("", [], [text("")], None):
        assert turns(system=empty) == [("user", "hi")]


@pytest.mark.parametrize("content", ["now this", [text("now this")], [text("now this", cache_control=MARK)]])
def test_the_system_may_speak_in_between(content: Any) -> None:
    turn = prompt_of(USER, {"role": "system", "content": content}, system="a").messages[2]
    assert turn == ChatMessage("system", "now this", path="messages.1")


def test_a_call_and_its_result() -> None:
    messages = prompt_of(
        USER,
        assistant(text("I look."), USE),
        user(result("8"), text("and?")),
    ).messages
    arguments = '{"path":"a b","n":[1,null]}'
    assert messages[1].tool_calls == (ToolCall("t1", "read", arguments),)
    assert messages[2] == ChatMessage("tool", "8", name="read", tool_call_id="t1", path="messages.2")
    assert messages[3] == ChatMessage("user", "and?", path="messages.2")


@pytest.mark.parametrize(
    ("block", "content"),
    [
        (result(), ""),
        (result(""), ""),
        (result([]), ""),
        (result([text("a"), text("b")]), "a\n\nb"),
        (result([{"type": "tool_reference", "tool_name": "Grep"}]), "Grep"),
        (result("no such file", is_error=True), "Error: no such file"),
        (result([text("no")], is_error=True), "Error: no"),
        (result("Error: no", is_error=True), "Error: no"),
        (result(is_error=True), "Error: "),
        (result("fine", is_error=False), "fine"),
        (result("fine", is_error=None), "fine"),
    ],
)
def test_results(block: Any, content: str) -> None:
    assert turns(USER, ASSISTANT, user(block))[2] == ("tool", content)


def test_results_and_texts_keep_their_order() -> None:
    blocks = user(text("a"), result("1"), text("b"), text("c"), result("2"))
    assert turns(USER, ASSISTANT, blocks)[2:] == [
        ("user", "a"),
        ("tool", "1"),
        ("user", "b\n\nc"),
        ("tool", "2"),
    ]


def test_thinking_that_comes_back() -> None:
    thought = {"type": "thinking", "thinking": "why", "signature": "anybody's"}
    more = {"type": "thinking", "thinking": "not"}
    turn = prompt_of(USER, assistant(thought, more, text("so")), USER).messages[1]
    assert (turn.reasoning, turn.reasoning_path, turn.content) == ("why\n\nnot", "messages.1.content.0", "so")


@pytest.mark.parametrize(
    "kind",
    ["redacted_thinking", "server_tool_use", "mcp_tool_use", "mcp_tool_result", "web_search_tool_result"],
)
def test_what_only_the_vendor_can_read_is_left_out_by_name(kind: str) -> None:
    parsed = parse(USER, assistant({"type": kind, "data": "x", "content": [{}]}, text("so")), USER)
    (prompt,) = parsed.generation.prompts
    assert isinstance(prompt, ChatPrompt)
    assert prompt.messages[1].content == "so"
    assert parsed.ignored == ("messages.1.content.0",)


def test_messages_of_an_assistant_in_a_row_are_one_turn() -> None:
    thought = {"type": "thinking", "thinking": "why", "signature": "s"}
    first = assistant(text("a"), thought, USE)
    second = assistant(text("b", cache_control=MARK), text("c"), USE | {"id": "t2"})
    (_, turn, *results) = prompt_of(USER, first, second, user(result("1"), result("2"))).messages
    assert (turn.content, turn.reasoning, turn.cache_marks) == ("a\n\nbc", "why", (4,))
    assert [call.call_id for call in turn.tool_calls] == ["t1", "t2"]
    assert (turn.path, turn.reasoning_path) == ("messages.2", "messages.1.content.1")
    assert [turn.role for turn in results] == ["tool", "tool"]
    assert prompt_of(USER, assistant(text("The")), assistant(text("answer"))).continues_last


@pytest.mark.parametrize("content", ["", [], [text("")]])
def test_empty_turns_of_assistants(content: Any) -> None:
    empty = {"role": "assistant", "content": content}
    assert turns(USER, empty, USER)[1] == ("assistant", "")
    parsed = parse(USER, empty)
    assert parsed.ignored == ("messages.1",)
    (prompt,) = parsed.generation.prompts
    assert isinstance(prompt, ChatPrompt)
    assert [turn.role for turn in prompt.messages] == ["user"]


def test_a_prefill() -> None:
    assert prompt_of(USER, assistant(text("The an"), text("swer"))).continues_last
    assert not prompt_of(USER, assistant(text("so"), USE)).continues_last
    assert not prompt_of(USER, assistant(text("so")), USER).continues_last
    refused = refusal(USER, assistant(text("The answer ")))
    assert "final assistant content cannot end with trailing whitespace" in refused.message
    assert refused.param == "messages.1.content"


def test_marks_are_places_and_no_text() -> None:
    marked = prompt_of(
        user(text("ab", cache_control=MARK), text("c", cache_control=MARK)),
        system=[text("s", cache_control=MARK), text("t")],
    )
    plain = prompt_of(user(text("ab"), text("c")), system=[text("s"), text("t")])
    assert [turn.cache_marks for turn in marked.messages] == [(1,), (2,)]
    assert [turn.content for turn in marked.messages] == [turn.content for turn in plain.messages]
    assert plain.messages[0].content[:1] == "s"


def test_marks_in_results() -> None:
    block = result([text("ab", cache_control=MARK), text("c")], is_error=True, cache_control=MARK)
    turn = prompt_of(USER, ASSISTANT, user(block)).messages[2]
    assert turn.content[: turn.cache_marks[0]] == "Error: ab"
    assert len(turn.cache_marks) == 1


BILLING = "x-anthropic-billing-header: cc_version=1.2; cc_entrypoint=cli;"


@pytest.mark.parametrize(
    ("system", "content", "path"),
    [
        ([text(BILLING), text("You help.")], "You help.", "system.0"),
        ([text(f"{BILLING}\nYou help.")], "You help.", "system.0"),
        ([text("You help."), text(BILLING, cache_control=MARK)], "You help.", "system.1"),
        (f"{BILLING}\n\nYou help.", "You help.", "system"),
        (f"{BILLING}\n{BILLING}\nYou help.", "You help.", "system"),
    ],
)
def test_the_billing_line_is_for_the_vendor(system: Any, content: str, path: str) -> None:
    parsed = parse(system=system)
    (prompt,) = parsed.generation.prompts
    assert isinstance(prompt, ChatPrompt)
    assert prompt.messages[0] == ChatMessage("system", content, path="system")
    assert parsed.ignored == (path,)


def test_the_billing_line_alone_is_no_system() -> None:
    assert turns(system=[text(BILLING)]) == turns(system=BILLING) == [("user", "hi")]


def test_the_line_elsewhere_is_text() -> None:
    assert turns(user(text(BILLING)), system=f"Quote: {BILLING}")[0] == ("system", f"Quote: {BILLING}")


def test_tools() -> None:
    schema = {"$schema": "x", "type": "object", "properties": {"n": {"type": ["integer", "null"]}}}
    tools = [
        {"name": "a", "description": "does", "input_schema": schema, "defer_loading": True},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
        {"type": "custom", "name": "b", "input_schema": {}, "cache_control": MARK},
        {"type": None, "name": "c", "input_schema": {}, "eager_input_streaming": True, "strict": True},
    ]
    parsed = parse(tools=tools, tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    (prompt,) = parsed.generation.prompts
    assert isinstance(prompt, ChatPrompt)
    assert not parsed.generation.parallel_calls
    assert prompt.tools == (
        ToolDefinition("a", "does", schema, path="tools.0", schema_path="tools.0.input_schema"),
        ToolDefinition("b", path="tools.2", schema_path="tools.2.input_schema"),
        ToolDefinition("c", is_strict=True, path="tools.3", schema_path="tools.3.input_schema"),
    )
    assert set(parsed.ignored) == {
        "tools.0.defer_loading",
        "tools.1",
        "tools.3.eager_input_streaming",
    }


def test_no_tools_where_none_may_be_called() -> None:
    assert prompt_of(tools=[{"name": "a", "input_schema": {}}], tool_choice={"type": "none"}).tools == ()


@pytest.mark.parametrize("kind", ["image", "document", "search_result", "container_upload"])
def test_media_are_refused_by_name(kind: str) -> None:
    for messages, param in (
        ([user(text("see"), {"type": kind, "source": {}})], "messages.0.content.1"),
        ([USER, ASSISTANT, user(result([{"type": kind}]))], "messages.2.content.0.content.0"),
    ):
        refused = refusal(*messages)
        assert (refused.code, refused.param) == (ErrorCode.UNSUPPORTED_FIELD, param)
        assert kind in refused.message


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"role": "robot", "content": "x"}], "messages.0.role"),
        ([{"role": "tool", "content": "x"}], "messages.0.role"),
        ([{"content": "x"}], "messages.0.role"),
        (["hi"], "messages.0"),
        ([USER, {"role": "user"}], "messages.1.content"),
        ([{"role": "user", "content": None}], "messages.0.content"),
        ([{"role": "user", "content": 3}], "messages.0.content"),
        ([{"role": "user", "content": ""}], "messages.0.content"),
        ([{"role": "user", "content": []}], "messages.0.content"),
        ([{"role": "user", "content": [text("")]}], "messages.0.content"),
        ([user("x")], "messages.0.content.0"),
        ([user({"text": "x"})], "messages.0.content.0.type"),
        ([user({"type": 3})], "messages.0.content.0.type"),
        ([user({"type": "hologram"})], "messages.0.content.0"),
        ([user(text("a"), {"type": "text"})], "messages.0.content.1.text"),
        ([user({"type": "text", "text": 3})], "messages.0.content.0.text"),
        ([user({"type": "text", "text": "a", "cache_control": 3})], "messages.0.content.0.cache_control"),
        ([user(USE)], "messages.0.content.0"),
        ([user({"type": "thinking", "thinking": "x"})], "messages.0.content.0"),
        ([USER, assistant({"type": "thinking"})], "messages.1.content.0.thinking"),
        ([USER, assistant(USE | {"input": "x"})], "messages.1.content.0.input"),
        ([USER, assistant({"type": "tool_use", "id": "a", "name": "b"})], "messages.1.content.0.input"),
        ([USER, ASSISTANT, assistant(result("x"))], "messages.2.content.0"),
        ([USER, ASSISTANT, user(result([{"type": "text"}]))], "messages.2.content.0.content.0.text"),
        ([USER, ASSISTANT, user(result([{"type": "x"}]))], "messages.2.content.0.content.0"),
        ([USER, ASSISTANT, user(result(3))], "messages.2.content.0.content"),
        ([user(result("x"))], "messages.0.content.0.tool_use_id"),
        ([USER, ASSISTANT, user(result("x", tool_use_id="t2"))], "messages.2.content.0.tool_use_id"),
        ([USER, ASSISTANT, user({"type": "tool_result"})], "messages.2.content.0.tool_use_id"),
        ([USER, {"role": "system", "content": [USE]}], "messages.1.content.0"),
        ([{"role": "assistant", "content": ""}], "messages"),
    ],
)
def test_refused_messages(messages: list[Any], param: str) -> None:
    refused = refusal(*messages)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_REQUEST, param)


def test_counting_reads_the_same_without_a_limit() -> None:
    body = {"model": "m", "messages": [USER], "system": "s", "thinking": {"type": "enabled"}}
    counted = parse_count(body, "r").generation
    assert counted.prompts == parse_messages(body | {"max_tokens": 3}, "r").generation.prompts
    assert counted.max_tokens is None
    with pytest.raises(ApiError) as caught:
        parse_messages(body, "r")
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, "max_tokens")
