"""Calls of tools that are given text: each SDK reads the text, streamed in any pieces or whole."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from mlx_manager.mlx_server.domain.events import Event, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_responses.output import Output
from mlx_manager.mlx_server.protocols.openai_responses.parse import parse_responses, read_request
from mlx_manager.mlx_server.protocols.openai_responses.render import ResponsesRenderer, begun_response
from mlx_manager.mlx_server.protocols.sse import encoded
from tests.contract.dialects import data_of, openai_client
from tests.contract.scripts import CALLED, STRANGE, call, ending, play

PATCH = {"type": "custom", "name": "patch"}
FILES = {"type": "namespace", "name": "files", "tools": [{"type": "custom", "name": "edit"}]}
LOOK_UP = {"type": "function", "name": "look_up", "parameters": {"type": "object"}}
ARGUMENTS = json.dumps({"input": STRANGE}, ensure_ascii=False)
ESCAPED = json.dumps({"input": STRANGE})

# A tool's name, whether it is given text, and what it is given.
Made = list[tuple[str, bool, str]]
SCRIPTS: dict[str, tuple[list[Event], Made]] = {
    "at once": ([*call(0, "patch", ARGUMENTS), *CALLED], [("patch", True, STRANGE)]),
    "letter by letter": ([*call(0, "patch", *ESCAPED), *CALLED], [("patch", True, STRANGE)]),
    "between others": (
        [
            ReasoningDelta("hm"),
            TextDelta("I edit."),
            *call(0, "look_up", '{"a":', " 1}"),
            *call(1, "patch", '{"input": "a', '\\n"}'),
            *call(2, "patch", '{"input": ""}'),
            *call(3, "look_up", "{}"),
            *CALLED,
        ],
        [
            ("look_up", False, '{"a": 1}'),
            ("patch", True, "a\n"),
            ("patch", True, ""),
            ("look_up", False, "{}"),
        ],
    ),
    "of another shape": (
        [*call(0, "patch", "*** Begin", " Patch"), *call(1, "patch", '{"x": 1, ', '"input": "a"}'), *CALLED],
        [("patch", True, "*** Begin Patch"), ("patch", True, "a")],
    ),
    "cut off": (
        [*call(0, "patch", '{"input": "a\\ud83d'), *ending(FinishReason.LENGTH)],
        [("patch", True, "a\ufffd")],
    ),
    "cut off before it began": (
        [*call(0, "patch", '{"inp'), *ending(FinishReason.LENGTH)],
        [("patch", True, "")],
    ),
}
CASES = pytest.mark.parametrize(("events", "made"), SCRIPTS.values(), ids=SCRIPTS)


async def stream_of(renderer: Any, events: Sequence[Event]) -> bytes:
    return b"".join([part async for part in encoded(renderer, play(events), 17)])


def chat() -> ChatRenderer:
    return ChatRenderer("m", text_tools={"patch"})


def responses(*tools: Any) -> ResponsesRenderer:
    wire = read_request({"model": "m", "input": "x", "tools": list(tools or (PATCH, LOOK_UP))})
    return ResponsesRenderer(
        begun_response(wire, is_stored=True),
        Output(parse_responses(wire, "r").names, encrypts_reasoning=False),
    )


def chat_calls(message: Any) -> Made:
    return [
        (one.custom.name, True, one.custom.input)
        if one.type == "custom"
        else (one.function.name, False, one.function.arguments)
        for one in message.tool_calls
    ]


def items_calls(response: Any) -> Made:
    return [
        (one.name, True, one.input) if one.type == "custom_tool_call" else (one.name, False, one.arguments)
        for one in response.output
        if one.type in ("custom_tool_call", "function_call")
    ]


@CASES
async def test_a_whole_chat(events: list[Event], made: Made) -> None:
    body = await chat().fold(play(events))
    ChatCompletion.model_validate(json.loads(body), strict=True)
    client = openai_client(body, "application/json")
    completion = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    assert chat_calls(completion.choices[0].message) == made


@CASES
async def test_a_streamed_chat(events: list[Event], made: Made) -> None:
    body = await stream_of(chat(), events)
    client = openai_client(body, "text/event-stream")
    with client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "x"}]) as stream:
        for _ in stream:
            pass
        message: Any = stream.current_completion_snapshot.choices[0].message
    read = [
        (one.custom["name"], True, one.custom["input"])
        if one.type == "custom"
        else (one.function.name, False, one.function.arguments)
        for one in message.tool_calls
    ]
    assert read == made
    whole = json.loads(await chat().fold(play(events)))["choices"][0]["message"]
    assert [one.id for one in message.tool_calls] == [one["id"] for one in whole["tool_calls"]]


@CASES
async def test_a_whole_response(events: list[Event], made: Made) -> None:
    body = await responses().fold(play(events))
    Response.model_validate(json.loads(body), strict=True)
    client = openai_client(body, "application/json")
    assert items_calls(client.responses.create(model="m", input="x")) == made


@CASES
async def test_a_streamed_response(events: list[Event], made: Made) -> None:
    body = await stream_of(responses(), events)
    client = openai_client(body, "text/event-stream")
    told: dict[str, list[str]] = {}
    done: dict[str, str] = {}
    with client.responses.stream(model="m", input="x") as stream:
        last: Any = None
        for event in stream:
            last = event
            if event.type == "response.custom_tool_call_input.delta":
                told.setdefault(event.item_id, []).append(event.delta)
            if event.type == "response.custom_tool_call_input.done":
                done[event.item_id] = event.input
    assert items_calls(last.response) == made
    texts = {item.id: item.input for item in last.response.output if item.type == "custom_tool_call"}
    assert done == texts
    assert {item: "".join(told.get(item, [])) for item in texts} == texts
    assert all(piece for pieces in told.values() for piece in pieces)


async def test_the_text_flows() -> None:
    """It is not kept until the call is whole."""
    begun = [*call(0, "patch", '{"input": "a'), ToolCallDelta(0, "b")]
    chunks = [
        data["choices"][0]["delta"] for data in data_of(await stream_of(chat(), [*begun, *CALLED]))[:-1]
    ]
    calls = [delta["tool_calls"][0] for delta in chunks if "tool_calls" in delta]
    assert calls == [
        {"index": 0, "id": "call_0", "type": "custom", "custom": {"input": "", "name": "patch"}},
        {"index": 0, "custom": {"input": "a"}},
        {"index": 0, "custom": {"input": "b"}},
    ]


async def test_a_tool_in_a_namespace() -> None:
    body = json.loads(await responses(FILES).fold(play([*call(0, "files.edit", '{"input": "x"}'), *CALLED])))
    (item,) = body["output"]
    assert (item["type"], item["namespace"], item["name"], item["input"]) == (
        "custom_tool_call",
        "files",
        "edit",
        "x",
    )
