"""The inference server's stream of a chat completion, as far as a chat wants to know of it.

The format is OpenAI's (chat.completion.chunk), with the server's own `timings` in the last choice.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from mlx_manager.chats.message_schemas import AnswerUsage
from mlx_manager.chats.pieces import PieceKind
from mlx_manager.core.errors import ApiError, ErrorCode, code_named
from mlx_manager.core.server_sent_events import read_events


@dataclass(frozen=True, slots=True)
class Addition:
    """A text, or a delta of a tool call."""

    kind: PieceKind
    part: Any


@dataclass(frozen=True, slots=True)
class AnswerEnd:
    """The answer is whole."""

    finish_reason: str
    usage: AnswerUsage


class _Delta(Struct):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class _Choice(Struct):
    delta: _Delta
    finish_reason: str | None = None


class _Chunk(Struct):
    choices: list[_Choice] = []
    usage: dict[str, Any] | None = None
    timings: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Chunk).decode


async def payloads(parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The data of server-sent events, as `read_events` reads them."""
    async for _, payload in read_events(parts):
        yield payload


async def read_answer(parts: AsyncIterator[bytes]) -> AsyncGenerator[Addition | AnswerEnd]:
    """What an answer adds, and its end.

    Raises:
        ApiError: the server ended it with an error, or before its end.
    """
    reason: str | None = None
    timings: dict[str, Any] = {}
    usage: dict[str, Any] = {}
    async for payload in payloads(parts):
        if payload == b"[DONE]":
            yield AnswerEnd(reason or "stop", _usage(usage, timings))
            return
        try:
            chunk = _decode(payload)
        except msgspec.DecodeError:
            raise ApiError(ErrorCode.SERVER_UNAVAILABLE, "the server sent what is no answer") from None
        if chunk.error is not None:
            raise _failure(chunk.error)
        usage, timings = chunk.usage or usage, chunk.timings or timings
        for choice in chunk.choices:
            reason = choice.finish_reason or reason
            for addition in _additions(choice.delta):
                yield addition
    raise ApiError(ErrorCode.SERVER_UNAVAILABLE, "the server ended in the middle of the answer")


def _additions(delta: _Delta) -> list[Addition]:
    found = []
    if delta.reasoning_content:
        found.append(Addition(PieceKind.REASONING, _storable(delta.reasoning_content)))
    if delta.content:
        found.append(Addition(PieceKind.CONTENT, _storable(delta.content)))
    found += [Addition(PieceKind.TOOL_CALLS, _storable_json(call)) for call in delta.tool_calls or ()]
    return found


def _storable(text: str) -> str:
    """A model may write NUL, which PostgreSQL's text cannot hold."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _storable_json(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, dict):
        return {name: _storable_json(part) for name, part in value.items()}
    return value


def _failure(error: dict[str, Any]) -> ApiError:
    code = code_named(error.get("code")) or ErrorCode.SERVER_UNAVAILABLE
    return ApiError(code, str(error.get("message", "the server did not say why")))


def _usage(usage: dict[str, Any], timings: dict[str, Any]) -> AnswerUsage:
    return AnswerUsage(
        prompt_tokens=usage.get("prompt_tokens"),
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
        completion_tokens=usage.get("completion_tokens"),
        reasoning_tokens=(usage.get("completion_tokens_details") or {}).get("reasoning_tokens"),
        queue_s=_seconds(timings.get("queue_ms")),
        prefill_s=_seconds(timings.get("prefill_ms")),
        time_to_first_token_s=_seconds(timings.get("time_to_first_token_ms")),
        total_s=_seconds(timings.get("total_ms")),
        tokens_per_second=timings.get("tokens_per_second"),
    )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 6)
