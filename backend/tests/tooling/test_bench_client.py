"""The load generator against a server that plays back what it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bench.answers import BenchError, Refused
from bench.client import Endpoint, ask, ask_all
from bench.contenders import HttpServer, Load
from bench.samples import sample_of
from bench.vocabulary import Prompt

PROMPT = Prompt(" ba be", (196, 197))


def event(text: str = "", **fields: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"text": text}], **fields}).encode() + b"\n\n"


def answer(num_tokens: int, **usage: int) -> bytes:
    counts = {"prompt_tokens": 2, "completion_tokens": num_tokens, **usage}
    texts = b"".join(event(f" {number}") for number in range(num_tokens))
    return texts + event() + event(usage=counts) + b"data: [DONE]\n\n"


def response(body: bytes, status: int = 200, head: str = "") -> bytes:
    lines = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{head}\r\n"
    return lines.encode() + body


@asynccontextmanager
async def playing(reply: Callable[[dict[str, Any]], bytes]) -> AsyncIterator[Endpoint]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        writer.write(reply(json.loads(await reader.readexactly(length))))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Endpoint(f"http://127.0.0.1:{port}", "some-model")


async def test_answer_is_counted_as_the_server_counts() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 1}}
    async with playing(lambda _: response(answer(3, **details))) as endpoint:  # type: ignore[arg-type]
        found = await ask(endpoint, {"prompt": "x"}, keep_text=True)
    assert (found.prompt_tokens, found.completion_tokens, found.cached_tokens) == (2, 3, 1)
    assert found.text == " 0 1 2"
    assert found.error == ""
    # The finish reason, the usage and [DONE] are no tokens.
    assert sum(count for _, count in found.arrivals) == 3
    assert found.sent_s < found.first_token_s <= found.ended_s


async def test_request_is_what_was_asked_for() -> None:
    seen: list[dict[str, Any]] = []

    def reply(body: dict[str, Any]) -> bytes:
        seen.append(body)
        return response(answer(2))

    async with playing(reply) as endpoint:
        load = Load([PROMPT, PROMPT], 2, [{"temperature": 0}, {"temperature": 1, "seed": 3}])
        await ask_all(endpoint, load.bodies())
    assert {body["model"] for body in seen} == {"some-model"}
    assert all(body["stream"] and body["stream_options"] == {"include_usage": True} for body in seen)
    assert sorted((body["temperature"], body.get("seed")) for body in seen) == [(0, None), (1, 3)]


@pytest.mark.parametrize("in_burst", [True, False])
async def test_run_of_a_server(in_burst: bool) -> None:
    async with playing(lambda _: response(answer(4))) as endpoint:
        run = await HttpServer("peer", endpoint, None).run(Load([PROMPT] * 3, 4, in_burst=in_burst))
    sample = sample_of(run)
    assert sample["num_failed"] == 0
    assert sample["tokens_per_s"] == pytest.approx(12 / run.wall_s)
    assert 0 <= sample["client_cpu"] <= 1


@pytest.mark.parametrize(
    ("got", "says"), [(answer(3), "3 tokens where 4"), (answer(4, prompt_tokens=5), "5 prompt tokens")]
)
async def test_wrong_lengths_are_no_measurement(got: bytes, says: str) -> None:
    async with playing(lambda _: response(got)) as endpoint:
        with pytest.raises(BenchError, match=says):
            await HttpServer("peer", endpoint, None).run(Load([PROMPT], 4))


@pytest.mark.parametrize(
    "reply",
    [
        response(json.dumps({"error": {"message": "no such field"}}).encode(), 400),
        response(answer(1), head="X-Ignored-Fields: no such field\r\n"),
    ],
)
async def test_refusal_is_told_from_failure(reply: bytes) -> None:
    async with playing(lambda _: reply) as endpoint:
        with pytest.raises(Refused, match="no such field"):
            await ask(endpoint, {"prompt": "x"})


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (response(b"busy", 503), "HTTP 503: busy"),
        (response(event("a") + b'data: {"error": {"message": "worker died"}}\n\n'), "worker died"),
        (response(event("a")), "broke off"),
        (b"", "closed the connection"),
    ],
)
async def test_failure_is_an_answer_with_an_error(reply: bytes, says: str) -> None:
    async with playing(lambda _: reply) as endpoint:
        assert says in (await ask(endpoint, {"prompt": "x"})).error


async def test_nobody_there_is_an_answer_with_an_error() -> None:
    async with playing(lambda _: b"") as endpoint:
        pass
    assert "cannot connect" in (await ask(endpoint, {"prompt": "x"})).error
