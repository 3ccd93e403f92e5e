"""The parts of an answer: collected, numbered, joined; and the server's stream that they come from."""

import json
from collections.abc import AsyncIterator

import pytest

from mlx_manager.chats.pieces import PendingPieces, Piece, PieceKind, join
from mlx_manager.chats.server_stream import Addition, AnswerEnd, payloads, read_answer
from mlx_manager.core.errors import ApiError, ErrorCode


async def in_parts(text: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


def chunk(delta: dict[str, object], **fields: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": fields.pop("finish_reason", None)}
    body = {"choices": [choice], "usage": None} | fields
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def test_pieces_are_numbered_by_kind_and_joined_again() -> None:
    pending = PendingPieces()
    for kind, part in (
        (PieceKind.REASONING, "Hm"),
        (PieceKind.REASONING, "m."),
        (PieceKind.CONTENT, "I"),
        (PieceKind.CONTENT, " see"),
        (
            PieceKind.TOOL_CALLS,
            {"index": 0, "id": "call_1", "function": {"name": "look", "arguments": '{"a'}},
        ),
        (PieceKind.TOOL_CALLS, {"index": 0, "function": {"arguments": '": 1}'}}),
        (PieceKind.CONTENT, "."),
    ):
        pending.add(kind, part)
    pieces = pending.take(5)
    assert not pending
    assert [piece.number for piece in pieces] == [5, 6, 7, 8]
    joined = join(pieces)
    assert (joined.reasoning, joined.content) == ("Hmm.", "I see.")
    function = {"name": "look", "arguments": '{"a": 1}'}
    assert joined.tool_calls == [{"id": "call_1", "type": "function", "function": function}]


def test_nothing_is_joined_to_nothing() -> None:
    joined = join([])
    assert (joined.content, joined.reasoning, joined.tool_calls) == ("", "", None)


def test_calls_are_told_apart_by_their_index() -> None:
    deltas = [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 1, "id": "b", "type": "custom", "custom": {"name": "g", "input": "x"}},
        {"index": 1, "custom": {"input": "y"}},
        {"index": 0, "function": {"arguments": "{}"}},
    ]
    calls = join(
        [Piece(at, PieceKind.TOOL_CALLS, json.dumps([delta])) for at, delta in enumerate(deltas)]
    ).tool_calls
    assert calls == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "b", "type": "custom", "custom": {"name": "g", "input": "xy"}},
    ]


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_stream_is_cut_at_lf_alone(size: int) -> None:
    text = "a\u2028b\x85c\x0bd\r\n"
    stream = b": ping\n\n" + chunk({"content": text}) + b"event: x\ndata: [DONE]\n\n"
    found = [payload async for payload in payloads(in_parts(stream, size))]
    assert found[1] == b"[DONE]"
    assert json.loads(found[0])["choices"][0]["delta"]["content"] == text


async def test_an_answer_is_read() -> None:
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    stream = b"".join(
        [
            chunk({"role": "assistant", "content": ""}),
            chunk({"reasoning_content": "why"}),
            chunk({"content": "nul:\x00"}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": "\x00"}}]}),
            chunk({}, finish_reason="stop", timings={"queue_ms": 1.5, "tokens_per_second": 9.0}),
            b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n",
            b"data: [DONE]\n\n",
        ]
    )
    *additions, end = [event async for event in read_answer(in_parts(stream, 33))]
    # PostgreSQL's text holds no NUL.
    assert additions == [
        Addition(PieceKind.REASONING, "why"),
        Addition(PieceKind.CONTENT, "nul:\ufffd"),
        Addition(PieceKind.TOOL_CALLS, {"index": 0, "function": {"arguments": "\ufffd"}}),
    ]
    assert isinstance(end, AnswerEnd)
    assert end.finish_reason == "stop"
    stated = end.usage.model_dump(exclude_none=True)
    assert stated == {
        "prompt_tokens": 5,
        "cached_tokens": 4,
        "completion_tokens": 3,
        "reasoning_tokens": 1,
        "queue_s": 0.0015,
        "tokens_per_second": 9.0,
    }


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b'data: {"error": {"code": "worker_died", "message": "it ended"}}\n\n', ErrorCode.WORKER_DIED),
        (b'data: {"error": {"code": "unheard_of"}}\n\n', ErrorCode.SERVER_UNAVAILABLE),
        (b"data: {\n\n", ErrorCode.SERVER_UNAVAILABLE),
        (b"", ErrorCode.SERVER_UNAVAILABLE),
    ],
)
async def test_an_answer_that_breaks_off_is_a_failure(stream: bytes, code: ErrorCode) -> None:
    with pytest.raises(ApiError) as caught:
        async for _ in read_answer(in_parts(chunk({"content": "so far"}) + stream, 10)):
            pass
    assert caught.value.code is code
