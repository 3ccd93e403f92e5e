"""What becomes of a stream that nobody reads."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self, cast

import pytest
from starlette.types import Message

from mlx_manager.mlx_server.domain.events import EventBatches, TextDelta
from mlx_manager.mlx_server.generation import RunningGeneration
from mlx_manager.mlx_server.protocols import sse
from mlx_manager.mlx_server.protocols.anthropic_messages.render import MessagesRenderer
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_completions.render import CompletionRenderer
from mlx_manager.mlx_server.protocols.sse import StreamRenderer


class Endless:
    """A generation that always has more to say."""

    prompt_tokens = 1

    def __init__(self) -> None:
        self.is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_closed = True

    async def events(self) -> EventBatches:
        while True:
            yield [TextDelta("more")]
            await asyncio.sleep(0)


async def serve(readable: int | None) -> tuple[Endless, int]:
    """Stream to a client that reads so many messages, or leaves at the hundredth."""
    running, left, num_read = Endless(), asyncio.Event(), 0

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal num_read
        if num_read == readable:
            await asyncio.Event().wait()
        num_read += 1
        if readable is None and num_read == 100:
            left.set()

    renderer = CompletionRenderer("m", include_usage=False, logprobs=False)
    response = sse.GenerationStream(cast(RunningGeneration, running), renderer, {})
    await asyncio.wait_for(response({"type": "http", "method": "POST"}, receive, send), 60)
    return running, num_read


@pytest.mark.parametrize("readable", [0, 1, 5])
async def test_a_client_that_stops_reading_is_cut_off(readable: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "_SEND_TIMEOUT_S", 0.05)
    running, num_read = await serve(readable)
    assert running.is_closed
    assert num_read == readable


async def test_a_client_that_leaves_ends_it() -> None:
    running, num_read = await serve(None)
    assert running.is_closed
    assert num_read >= 100


async def test_an_error_of_the_same_name_is_not_taken_for_a_slow_client() -> None:
    class Broken(Endless):
        async def events(self) -> AsyncIterator[Any]:
            raise TimeoutError("from inside")
            yield

    async def receive() -> Message:
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Message) -> None:
        pass

    running = Broken()
    renderer = CompletionRenderer("m", include_usage=False, logprobs=False)
    response = sse.GenerationStream(cast(RunningGeneration, running), renderer, {})
    with pytest.raises(TimeoutError, match="from inside"):
        await response({"type": "http", "method": "POST"}, receive, send)
    assert running.is_closed


class Silent(Endless):
    """A generation that waits for its first token."""

    async def events(self) -> EventBatches:
        await asyncio.Event().wait()
        yield []


@pytest.mark.parametrize(
    ("renderer", "ping"),
    [
        (CompletionRenderer("m"), b": ping\n\n"),
        (ChatRenderer("m"), b": ping\n\n"),
        (MessagesRenderer("m", "req_1"), b'event: ping\ndata: {"type":"ping"}\n\n'),
    ],
    ids=["completions", "chat", "messages"],
)
async def test_a_silent_stream_is_kept_open(
    renderer: StreamRenderer, ping: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "_PING_S", 0.02)
    running, left, sent = Silent(), asyncio.Event(), []

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))
        if sent.count(ping) == 3:
            left.set()

    response = sse.GenerationStream(cast(RunningGeneration, running), renderer, {})
    await asyncio.wait_for(response({"type": "http", "method": "POST"}, receive, send), 60)
    assert sent[-1] == ping
    assert running.is_closed
