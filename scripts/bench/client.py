"""The load generator: many streamed requests from one thread, over raw sockets."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from bench.answers import Answer, Refused, error_message, whole_answer
from bench.sse import ResponseReader

DEADLINE_S = 600.0


class StreamedRequest(asyncio.Protocol):
    """One request on a connection of its own.

    Args:
        keep_text: keep the answer's text, at the cost of memory.
    """

    def __init__(self, *, keep_text: bool = False) -> None:
        self._reader = ResponseReader(keep=keep_text)
        self._transport: asyncio.Transport | None = None
        self._sent_s = 0.0
        self._ended_s = 0.0
        self._error = ""
        self._is_cut = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.first_token: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, but does not inherit

    def send(self, request: bytes, began_s: float | None = None) -> None:
        """Send the whole request. The clock starts, unless it began to run earlier, before the connection."""
        assert self._transport is not None
        self._sent_s = time.perf_counter() if began_s is None else began_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Called by the loop: the hot path."""
        now = time.perf_counter()
        try:
            self._reader.feed(data, now)
        except ValueError as error:
            self._finish(str(error))
            return
        if self._reader.events.arrivals and not self.first_token.done():
            self.first_token.set_result(None)
        if self._reader.is_complete:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        if self.done.done():
            return
        try:
            self._reader.end()
        except ConnectionError as error:
            self._finish(str(exc or error))
        else:
            self._finish()

    def cut(self) -> None:
        """Leave before the answer has ended, as a client that hangs up does."""
        self._is_cut = True
        self._finish()

    @property
    def num_arrivals(self) -> int:
        """Reads so far that brought tokens."""
        return len(self._reader.events.arrivals)

    def _finish(self, error: str = "") -> None:
        if self.done.done():
            return
        self._ended_s = time.perf_counter()
        self._error = error
        if self._transport is not None:
            self._transport.abort() if self._is_cut else self._transport.close()
        if not self.first_token.done():
            self.first_token.set_result(None)
        self.done.set_result(None)

    def fail(self, error: str) -> None:
        """Give up on the answer."""
        self._finish(error)

    def answer(self) -> Answer:
        """What came. Raises Refused where the server does not do what was asked."""
        reader = self._reader
        if reader.status in (400, 404, 405, 422, 501):
            raise Refused(error_message(reader.body))
        if ignored := reader.headers.get("x-ignored-fields"):
            raise Refused(f"ignored: {ignored}")
        error = self._error
        if not error and reader.status != 200 and not self._is_cut:
            error = f"HTTP {reader.status}: {error_message(reader.body)}"
        if error or self._is_cut:
            arrivals = tuple(reader.events.arrivals)
            return Answer(self._sent_s, self._ended_s, arrivals, error=error)
        return whole_answer(reader.events, self._sent_s, self._ended_s)


@dataclass(frozen=True)
class Endpoint:
    """A server's `/v1/completions`.

    Attributes:
        model: the model's name in a request.
        headers: added to each request.
    """

    url: str
    model: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "127.0.0.1", parts.port or 80

    def request(self, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
        """The bytes of one streamed request."""
        options = {"include_usage": True}
        encoded = json.dumps(
            {"model": self.model, "stream": True, "stream_options": options, **body}
        ).encode()
        host, port = self.address
        lines = [
            f"POST {urlsplit(self.url).path.rstrip('/')}/v1/completions HTTP/1.1",
            f"Host: {host}:{port}",
            "Content-Type: application/json",
            f"Content-Length: {len(encoded)}",
            "Connection: close",
            *(f"{name}: {value}" for name, value in {**self.headers, **(headers or {})}.items()),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + encoded


async def connect(endpoint: Endpoint, *, keep_text: bool = False) -> StreamedRequest:
    """A connection that waits for its request. Raises OSError where there is no server."""
    loop = asyncio.get_running_loop()
    host, port = endpoint.address
    _, protocol = await loop.create_connection(lambda: StreamedRequest(keep_text=keep_text), host, port)
    return protocol


async def ask(endpoint: Endpoint, body: Mapping[str, Any], *, keep_text: bool = False) -> Answer:
    """One request, alone."""
    return (await ask_all(endpoint, [body], keep_text=keep_text))[0]


async def ask_all(
    endpoint: Endpoint,
    bodies: Sequence[Mapping[str, Any]],
    *,
    in_burst: bool = True,
    keep_text: bool = False,
) -> list[Answer]:
    """All requests at the same moment, each on a connection of its own.

    Args:
        in_burst: connect at that moment, too, as clients do; otherwise all connections stand before the
            first request is sent, and a server's accept queue is no part of what is measured.
    """
    requests = [endpoint.request(body) for body in bodies]
    if in_burst:
        return list(await asyncio.gather(*(_burst(endpoint, request, keep_text) for request in requests)))
    streams = [await connect(endpoint, keep_text=keep_text) for _ in requests]
    for stream, request in zip(streams, requests, strict=True):
        stream.send(request)
    await wait_all(streams)
    return [stream.answer() for stream in streams]


async def _burst(endpoint: Endpoint, request: bytes, keep_text: bool) -> Answer:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(DEADLINE_S):
            stream = await connect(endpoint, keep_text=keep_text)
    except OSError as error:
        return Answer(began, time.perf_counter(), error=f"cannot connect: {error}")
    stream.send(request, began)
    await wait_all([stream])
    return stream.answer()


async def wait_all(streams: Sequence[StreamedRequest], deadline_s: float = DEADLINE_S) -> None:
    """Wait for the end of all answers; what has not ended by the deadline has failed."""
    await asyncio.wait([stream.done for stream in streams], timeout=deadline_s)
    for stream in streams:
        stream.fail(f"no end within {deadline_s:.0f} s")
