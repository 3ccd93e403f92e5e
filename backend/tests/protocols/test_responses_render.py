"""One script of events: what is streamed is, to the SDK's own accumulator, what is answered whole."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest
from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
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
    TokenAlternative,
    TokenLogprob,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
)
from mlx_manager.mlx_server.protocols.openai_responses.encrypted import encrypted_content, reasoning_of
from mlx_manager.mlx_server.protocols.openai_responses.output import Output
from mlx_manager.mlx_server.protocols.openai_responses.parse import parse_responses, read_request
from mlx_manager.mlx_server.protocols.openai_responses.render import ResponsesRenderer, begun_response
from mlx_manager.mlx_server.protocols.sse import encoded

STRANGE = 'two\nlines\r\n\n"quoted" \u2028 \x00 😀 data: x'
USAGE = Usage(7, 5, 2, 3)
REPORT = CacheReport(3, 3, 7, "a", "b", 0, "user", 4)


def end(reason: FinishReason = FinishReason.STOP) -> list[Event]:
    return [ChoiceFinished(reason), Finished(USAGE)]


def drawn(text: str) -> TokenLogprob:
    token = TokenAlternative(1, text, text.encode(), -0.5)
    return TokenLogprob(token, (token, TokenAlternative(2, "x", b"x", float("-inf"))))


SCRIPTS: dict[str, list[Event]] = {
    "text": [PrefillProgress(3, 7), TextDelta("Hel"), TextDelta(STRANGE), *end()],
    "cut": [ReasoningDelta("why"), TextDelta("so"), *end(FinishReason.LENGTH)],
    "cut reasoning": [ReasoningDelta("why"), *end(FinishReason.LENGTH)],
    "reasoning": [ReasoningDelta("why "), ReasoningDelta(STRANGE), TextDelta("so"), *end()],
    "call": [
        TextDelta("I look."),
        ToolCallStarted(0, "call_1", "weather"),
        ToolCallDelta(0, '{"city":'),
        ToolCallDelta(0, ' "Rom"}'),
        ToolCallStarted(1, "call_2", "files.read"),
        *end(FinishReason.TOOL_CALLS),
    ],
    "everything": [
        PrefillProgress(7, 7),
        ReasoningDelta("why"),
        TextDelta("a"),
        ReasoningDelta("again"),
        ToolCallStarted(0, "call_1", "unheard.of"),
        ToolCallDelta(0, "no JSON"),
        TextDelta("b"),
        *end(),
    ],
    "logprobs": [TextDelta("a", (drawn("a"),)), TextDelta("", (drawn("\ufffd"),)), *end()],
    "measured": [
        TextDelta("a"),
        ChoiceFinished(FinishReason.STOP),
        Finished(USAGE, REPORT, Timings(0.1, 0.2, 0.3, 0.4, 9.0)),
    ],
    "nothing": end(),
}
BODY: dict[str, Any] = {
    "model": "m",
    "input": "hi",
    "instructions": "be brief",
    "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
    "top_logprobs": 2,
    "max_output_tokens": 5,
    "temperature": 0.5,
    "metadata": {"a": "b"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "text": {"verbosity": "low"},
    "parallel_tool_calls": False,
    "truncation": "auto",
    "tools": [
        {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False},
        {
            "type": "namespace",
            "name": "files",
            "description": "of this machine",
            "tools": [{"type": "function", "name": "read"}],
        },
        {"type": "custom", "name": "patch", "format": {"type": "text"}},
        {"type": "web_search"},
        {"type": "local_shell"},
    ],
}
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def renderer(**fields: Any) -> ResponsesRenderer:
    wire = read_request(BODY | fields)
    output = Output(parse_responses(wire, "r").names, encrypts_reasoning=wire.wants_encrypted_reasoning)
    return ResponsesRenderer(begun_response(wire, is_stored=True), output)


async def play(events: Sequence[Event]) -> AsyncIterator[Sequence[Event]]:
    for event in events:
        yield [event]


async def streamed(rendering: ResponsesRenderer, events: Sequence[Event]) -> list[dict[str, Any]]:
    """A stream's payloads; each is named after its type, and they are numbered."""
    text = b"".join([piece async for piece in encoded(rendering, play(events), 7)]).decode()
    assert text.endswith("\n\n")
    payloads = []
    for number, event in enumerate(text.removesuffix("\n\n").split("\n\n")):
        name, data = event.split("\n")
        payload = json.loads(data.removeprefix("data: "))
        assert name == f"event: {payload['type']}"
        assert payload["sequence_number"] == number
        payloads.append(payload)
    return payloads


def without_ids(value: Any) -> Any:
    """The same with every id and time of ours left out: two answers differ in these alone."""
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    if isinstance(value, dict):
        dropped = ("id", "item_id", "created_at", "completed_at")
        return {name: without_ids(item) for name, item in value.items() if name not in dropped}
    return value


@pytest.mark.parametrize("script", SCRIPTS)
async def test_streamed_is_whole(script: str) -> None:
    events = await streamed(renderer(), SCRIPTS[script])
    body = json.loads(await renderer().fold(play(SCRIPTS[script])))
    Response.model_validate(body, strict=True)
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in events:
        state.handle_event(EVENT.validate_python(event, strict=True))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    last = events[-1]
    assert without_ids(last["response"]) == without_ids(body)
    assert last["type"] == f"response.{body['status']}"
    assert [event["item"] for event in events if event["type"].endswith("item.done")] == last["response"][
        "output"
    ]
    if body["status"] == "completed":
        assert state._completed_response is not None
        assert state._completed_response.output_text == Response.model_validate(body).output_text


@pytest.mark.parametrize("script", SCRIPTS)
async def test_deltas_add_up(script: str) -> None:
    events = await streamed(renderer(), SCRIPTS[script])
    for index, item in enumerate(events[-1]["response"]["output"]):
        mine = [event for event in events if event.get("output_index") == index]
        assert mine[0]["type"] == "response.output_item.added"
        assert mine[0]["item"]["id"] == item["id"]
        assert mine[0]["item"]["status"] == "in_progress"
        assert {event["item_id"] for event in mine[1:-1]} <= {item["id"]}
        text = "".join(event["delta"] for event in mine if event["type"].endswith(".delta"))
        logprobs = [
            entry for event in mine if event["type"].endswith(".delta") for entry in event.get("logprobs", [])
        ]
        if item["type"] == "function_call":
            assert (text, mine[-2]["arguments"], mine[-2]["name"]) == (
                item["arguments"],
                item["arguments"],
                item["name"],
            )
        else:
            [part] = item["content"]
            assert [mine[1]["part"]["text"], text, mine[-3]["text"]] == ["", part["text"], part["text"]]
            assert mine[-2]["part"] == part
            assert part.get("logprobs", []) == logprobs


async def test_the_least_stream_exactly() -> None:
    names = [event["type"] for event in await streamed(renderer(), SCRIPTS["reasoning"])]
    assert names == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_text.delta",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


async def test_calls_are_given_back_under_the_clients_names() -> None:
    body = json.loads(await renderer().fold(play(SCRIPTS["call"])))
    message, weather, read = body["output"]
    assert message["content"][0]["text"] == "I look."
    assert (weather["name"], weather["call_id"], weather["arguments"]) == (
        "weather",
        "call_1",
        '{"city": "Rom"}',
    )
    assert "namespace" not in weather
    assert (read["name"], read["namespace"], read["arguments"]) == ("read", "files", "")
    assert [item["id"].partition("_")[0] for item in body["output"]] == ["msg", "fc", "fc"]


async def test_what_is_cut_says_so() -> None:
    body = json.loads(await renderer().fold(play(SCRIPTS["cut"])))
    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert [item["status"] for item in body["output"]] == ["completed", "incomplete"]
    assert body["completed_at"] is None


async def test_the_request_is_given_back() -> None:
    body = json.loads(await renderer().fold(play(SCRIPTS["measured"])))
    for name in (
        "instructions",
        "max_output_tokens",
        "temperature",
        "metadata",
        "tools",
        "truncation",
        "model",
    ):
        assert body[name] == BODY[name]
    assert body["reasoning"] == {"effort": "low", "summary": None}
    assert body["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert (body["parallel_tool_calls"], body["tool_choice"], body["top_logprobs"]) == (False, "auto", 2)
    assert body["usage"] == {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 12,
    }
    assert body["timings"]["total_ms"] == 400
    assert body["cache_debug"]["diverged_at"] == 4
    assert body["completed_at"] >= body["created_at"] > 1_700_000_000


@pytest.mark.parametrize("include", [[], ["reasoning.encrypted_content"]])
async def test_encrypted_reasoning_where_it_is_asked_for(include: list[str]) -> None:
    body = json.loads(await renderer(include=include, top_logprobs=0).fold(play(SCRIPTS["reasoning"])))
    reasoning = body["output"][0]
    assert ("encrypted_content" in reasoning) == bool(include)
    if include:
        assert reasoning_of(reasoning["encrypted_content"]) == reasoning["content"][0]["text"]


@pytest.mark.parametrize("text", ["", "why", STRANGE, "\u00ff" * 1000])
def test_encrypted_reasoning_comes_back(text: str) -> None:
    assert reasoning_of(encrypted_content(text)) == text


@pytest.mark.parametrize(
    "other", ["", "gAAAAABo", "mlx1.!", "mlx1./w==", "mlx2.aGk=", "mlx1.aGk", "mlx1.\u00e9"]
)
def test_what_is_not_ours_is_not_read(other: str) -> None:
    assert reasoning_of(other) is None


PREFIXES = [(name, length) for name, script in SCRIPTS.items() for length in range(len(script))]


@pytest.mark.parametrize(("script", "length"), PREFIXES)
async def test_a_failure_closes_what_is_open(script: str, length: int) -> None:
    broken = [*SCRIPTS[script][:length], Failed(ErrorCode.WORKER_DIED, "it died")]
    events = await streamed(renderer(), broken)
    for event in events:
        EVENT.validate_python(event, strict=True)
    names = [event["type"] for event in events]
    for added, done in (
        ("output_item.added", "output_item.done"),
        ("content_part.added", "content_part.done"),
    ):
        assert names.count(f"response.{added}") == names.count(f"response.{done}")
    assert names.index("response.failed") == len(names) - 1
    response = events[-1]["response"]
    assert response["status"] == "failed"
    assert response["error"] == {"code": "server_error", "message": "it died"}
    assert all(item["status"] != "in_progress" for item in response["output"])
    with pytest.raises(ApiError, match="it died") as caught:
        await renderer().fold(play(broken))
    assert caught.value.code is ErrorCode.WORKER_DIED


@pytest.mark.parametrize(("script", "length"), PREFIXES)
async def test_a_cancelled_response_ends_well(script: str, length: int) -> None:
    broken = [*SCRIPTS[script][:length], Failed(ErrorCode.CANCELLED, "cancelled", by_client=True)]
    events = await streamed(renderer(), broken)
    for event in events:
        EVENT.validate_python(event, strict=True)
    assert events[-1]["type"] == "response.incomplete"
    assert events[-1]["response"]["status"] == "cancelled"
    assert events[-1]["response"]["error"] is None
    body = json.loads(await renderer().fold(play(broken)))
    assert without_ids(body) == without_ids(events[-1]["response"])


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (ErrorCode.QUEUE_FULL, "rate_limit_exceeded"),
        (ErrorCode.CONTEXT_LENGTH_EXCEEDED, "invalid_prompt"),
        (ErrorCode.DEADLINE_EXCEEDED, "server_error"),
        (ErrorCode.CANCELLED, "server_error"),
    ],
)
async def test_error_codes_are_those_that_clients_know(code: ErrorCode, wanted: str) -> None:
    events = await streamed(renderer(), [Failed(code, "no")])
    assert events[-1]["response"]["error"]["code"] == wanted


async def test_an_end_that_cannot_be_kept_is_a_failure() -> None:
    async def settle() -> None:
        raise ApiError(ErrorCode.DATABASE_UNAVAILABLE, "no database")

    rendering = renderer()
    pieces = [piece async for piece in encoded(rendering, play(SCRIPTS["text"]), 7, settle)]
    names = [line for line in b"".join(pieces).decode().split("\n") if line.startswith("event: ")]
    assert names[-1] == "event: response.failed"
    assert "event: response.completed" not in names
    assert rendering.response.status == "failed"


async def test_what_is_kept_is_what_is_sent() -> None:
    kept: list[Any] = []
    rendering = renderer()

    async def settle() -> None:
        kept.append(rendering.response)

    pieces = [piece async for piece in encoded(rendering, play(SCRIPTS["call"]), 7, settle)]
    assert kept == [rendering.response]
    assert kept[0].status == "completed"
    assert pieces[-1].startswith(b"event: response.completed")


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_stream_may_be_closed_anywhere(script: str) -> None:
    for length in range(len(SCRIPTS[script]) + 1):
        rendering = renderer()
        pieces = encoded(rendering, play(SCRIPTS[script]), 7)
        for _ in range(length):
            await anext(pieces, b"")
        await pieces.aclose()
        Response.model_validate_json(msgspec.json.encode(rendering.response), strict=True)
