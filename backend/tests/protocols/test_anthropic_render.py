"""Scripts of events as messages: what is streamed folds to what is answered whole, and errors end it."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    ChoiceFinished,
    Event,
    Failed,
    Finished,
    FinishReason,
    PrefillProgress,
    ReasoningDelta,
    TextDelta,
    Timings,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
)
from mlx_manager.mlx_server.protocols.anthropic_messages.render import MessagesRenderer
from mlx_manager.mlx_server.protocols.anthropic_messages.wire import SIGNATURE
from mlx_manager.mlx_server.protocols.sse import encoded

STRANGE = 'two\nlines\r\n\n"quoted" \u2028 \x00 😀 data: x'
DONE = Finished(Usage(7, 5, 2, 3))
STOP = [ChoiceFinished(FinishReason.STOP), DONE]
CALLED = [ChoiceFinished(FinishReason.TOOL_CALLS), DONE]
CALL = [ToolCallStarted(0, "c1", "read"), ToolCallDelta(0, '{"path": "a'), ToolCallDelta(0, ' b", "n": 1.5}')]
BARE = ToolCallStarted(1, "c2", "now")
SCRIPTS: dict[str, list[Event]] = {
    "text": [PrefillProgress(3, 7), TextDelta("Hel"), TextDelta(""), TextDelta(STRANGE), *STOP],
    "reasoning": [ReasoningDelta("why "), ReasoningDelta("not"), TextDelta("so"), *STOP],
    "reasoning alone": [ReasoningDelta("why"), ChoiceFinished(FinishReason.LENGTH), DONE],
    "nothing": STOP,
    "a call": [*CALL, *CALLED],
    "all": [ReasoningDelta("why"), TextDelta("so"), *CALL, BARE, *CALLED],
    "in turns": [TextDelta("a"), *CALL, TextDelta("b"), ReasoningDelta("c"), BARE, TextDelta("d"), *CALLED],
    "a stop sequence": [TextDelta("a"), ChoiceFinished(FinishReason.STOP, "END"), DONE],
    "extras": [
        TextDelta("a"),
        ChoiceFinished(FinishReason.LENGTH),
        Finished(
            Usage(7, 5, 0, 6),
            CacheReport(6, 6, 7, "new", "old", 0, "user", 6),
            Timings(0.001, 0.002, 0.003, 0.004, 5.0),
        ),
    ],
}
STRICT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)
PREFIXES = [(name, length) for name, script in SCRIPTS.items() for length in range(len(script))]


async def play(events: Sequence[Event]) -> AsyncIterator[Sequence[Event]]:
    for event in events:
        yield [event]


def renderer() -> MessagesRenderer:
    return MessagesRenderer("m", "req_1")


async def streamed(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The events' data, read as a client reads them; each is named by its type."""
    text = b"".join([piece async for piece in encoded(renderer(), play(events), 7)]).decode()
    assert text.endswith("\n\n")
    found = []
    for part in text.removesuffix("\n\n").split("\n\n"):
        name, data = part.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
        assert "\r" not in part
    return found


async def whole(events: Sequence[Event]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(await renderer().fold(play(events)))
    return body


def accumulated(events: Sequence[dict[str, Any]]) -> Message:
    """The message as the SDK gathers it."""
    message, buffers = None, {}
    for event in events:
        if event["type"] != "ping":
            parsed = STRICT.validate_python(event, strict=True)
            message = accumulate_event(event=parsed, current_snapshot=message, json_bufs=buffers)
    assert message is not None
    return message


def dumped(block: Any) -> dict[str, Any]:
    """A block without the fields that only one of the SDK's classes has."""
    fields: dict[str, Any] = block.model_dump(exclude_none=True)
    return fields


def check_blocks(events: Sequence[dict[str, Any]], *, ended: bool) -> None:
    """Blocks begin, grow and end one after another."""
    current, index = None, 0
    for event in events:
        match event["type"]:
            case "content_block_start":
                assert current is None
                assert event["index"] == index
                current = event["content_block"]["type"]
            case "content_block_delta":
                kinds = {
                    "text": ("text_delta",),
                    "thinking": ("thinking_delta", "signature_delta"),
                    "tool_use": ("input_json_delta",),
                }
                assert current is not None
                assert event["index"] == index
                assert event["delta"]["type"] in kinds[current]
            case "content_block_stop":
                assert current is not None
                assert event["index"] == index
                current, index = None, index + 1
    assert current is None or not ended


@pytest.mark.parametrize("script", SCRIPTS)
async def test_what_is_streamed_is_what_is_answered_whole(script: str) -> None:
    events = await streamed(SCRIPTS[script])
    body = await whole(SCRIPTS[script])
    message = Message.model_validate(body, strict=True)
    gathered = accumulated(events)
    assert [dumped(block) for block in gathered.content] == [dumped(block) for block in message.content]
    assert gathered.usage == message.usage
    assert (gathered.stop_reason, gathered.stop_sequence) == (message.stop_reason, message.stop_sequence)
    assert (gathered.model, gathered.role, gathered.type) == ("m", "assistant", "message")
    assert gathered.id.startswith("msg_")
    assert message.id.startswith("msg_")
    check_blocks(events, ended=True)
    assert [event["type"] for event in events[:2]] == ["message_start", "ping"]
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    for extra in ("timings", "cache_debug"):
        assert body.get(extra) == events[-2].get(extra)
        assert (extra in body) == (script == "extras")


async def test_a_whole_message_exactly() -> None:
    body = await whole(SCRIPTS["all"])
    assert body.pop("id").startswith("msg_")
    assert body == {
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "why", "signature": SIGNATURE},
            {"type": "text", "text": "so"},
            {"type": "tool_use", "id": "c1", "name": "read", "input": {"path": "a b", "n": 1.5}},
            {"type": "tool_use", "id": "c2", "name": "now", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 4,
            "output_tokens": 5,
            "cache_read_input_tokens": 3,
            "cache_creation_input_tokens": 0,
            "output_tokens_details": {"thinking_tokens": 2},
        },
    }


async def test_blocks_keep_the_order_in_which_they_came() -> None:
    kinds = [block["type"] for block in (await whole(SCRIPTS["in turns"]))["content"]]
    assert kinds == ["text", "tool_use", "text", "thinking", "tool_use", "text"]


async def test_no_text_is_no_block() -> None:
    assert (await whole(STOP))["content"] == []
    kinds = [event["type"] for event in await streamed(STOP)]
    assert kinds == ["message_start", "ping", "message_delta", "message_stop"]


@pytest.mark.parametrize(
    ("end", "reason", "sequence"),
    [
        (ChoiceFinished(FinishReason.STOP), "end_turn", None),
        (ChoiceFinished(FinishReason.LENGTH), "max_tokens", None),
        (ChoiceFinished(FinishReason.TOOL_CALLS), "tool_use", None),
        (ChoiceFinished(FinishReason.STOP, "###"), "stop_sequence", "###"),
    ],
)
async def test_stop_reasons(end: ChoiceFinished, reason: str, sequence: str | None) -> None:
    body = await whole([TextDelta("a"), end, DONE])
    assert (body["stop_reason"], body["stop_sequence"]) == (reason, sequence)


async def test_the_counts_of_the_prompt_sum_up() -> None:
    start, *_, delta, _ = await streamed(SCRIPTS["text"])
    assert start["message"]["usage"] == {
        "input_tokens": 7,
        "output_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
    }
    usage = delta["usage"]
    assert usage["input_tokens"] + usage["cache_read_input_tokens"] == 7


@pytest.mark.parametrize(("script", "length"), PREFIXES)
async def test_an_error_after_every_event(script: str, length: int) -> None:
    events = [*SCRIPTS[script][:length], Failed(ErrorCode.WORKER_DIED, "it died")]
    *before, error = await streamed(events)
    assert error == {
        "type": "error",
        "error": {"type": "api_error", "message": "it died", "code": "worker_died", "param": None},
        "request_id": "req_1",
    }
    kinds = [event["type"] for event in before]
    assert not {"error", "message_delta", "message_stop"} & set(kinds)
    check_blocks(before, ended=False)
    with pytest.raises(ApiError, match="it died") as caught:
        await whole(events)
    assert caught.value.code is ErrorCode.WORKER_DIED


async def test_a_call_that_an_error_cut_off_does_not_count_as_whole() -> None:
    events = await streamed([*CALL[:2], Failed(ErrorCode.WORKER_DIED, "it died")])
    assert "content_block_stop" not in [event["type"] for event in events]


@pytest.mark.parametrize(("script", "length"), PREFIXES)
async def test_a_stream_may_be_closed_after_every_event(script: str, length: int) -> None:
    stream = encoded(renderer(), play(SCRIPTS[script]), 7)
    pieces = [piece async for _, piece in _first(stream, length)]
    await stream.aclose()
    assert all(piece.endswith(b"\n\n") for piece in pieces)


async def _first(stream: AsyncIterator[bytes], count: int) -> AsyncIterator[tuple[int, bytes]]:
    for number in range(count):
        try:
            yield number, await anext(stream)
        except StopAsyncIteration:
            return


@pytest.mark.parametrize("arguments", ["not json", "[1]", "3", '{"a": ', "[" * 100_000])
async def test_arguments_that_are_no_object_are_not_dropped(arguments: str) -> None:
    body = await whole([ToolCallStarted(0, "c1", "f"), ToolCallDelta(0, arguments), *CALLED])
    assert body["content"][0]["input"] == {"malformed_arguments": arguments}


def test_an_idle_stream_pings() -> None:
    assert renderer().ping == b'event: ping\ndata: {"type":"ping"}\n\n'
