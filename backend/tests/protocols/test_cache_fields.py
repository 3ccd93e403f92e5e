"""What answers say of the prefix cache: always how many tokens, and on request why not more."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    ChoiceFinished,
    Event,
    Finished,
    FinishReason,
    TextDelta,
    Usage,
)
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_completions.render import CompletionRenderer
from mlx_manager.mlx_server.protocols.sse import encoded

Make = type[ChatRenderer] | type[CompletionRenderer]
MAKES = [ChatRenderer, CompletionRenderer]


def report(cached: int, matched: int, total: int, diverged_at: int | None = None) -> CacheReport:
    return CacheReport(cached, matched, total, "new\n", "old", 3, "user", diverged_at)


async def play(events: Sequence[Event]) -> AsyncIterator[Sequence[Event]]:
    for event in events:
        yield [event]


async def answers(make: Make, cache: CacheReport | None, **options: bool) -> tuple[list[Any], Any]:
    """Chunks and whole answer of one request."""
    end = Finished(Usage(9, 2, cached_tokens=6), cache)
    script = [TextDelta("x"), ChoiceFinished(FinishReason.STOP), end]
    renderer = make("m", **options)
    parts = [chunk.decode() async for chunk in encoded(renderer, play(script))]
    events = "".join(parts).removesuffix("\n\n").split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events if "[DONE]" not in event]
    return chunks, json.loads(await renderer.fold(play(script)))


@pytest.mark.parametrize("make", MAKES)
async def test_cached_tokens_are_always_told(make: Make) -> None:
    chunks, body = await answers(make, None, include_usage=True)
    assert body["usage"]["prompt_tokens_details"] == {"cached_tokens": 6}
    assert chunks[-1]["usage"] == body["usage"]
    assert "cache_debug" not in body
    assert not any("cache_debug" in chunk for chunk in chunks)


@pytest.mark.parametrize("include_usage", [False, True])
@pytest.mark.parametrize("make", MAKES)
async def test_the_report_is_in_the_answer_and_in_the_chunk_that_ends_the_text(
    make: Make, include_usage: bool
) -> None:
    chunks, body = await answers(make, report(6, 6, 9, 6), include_usage=include_usage)
    assert body["cache_debug"] == {
        "cached_tokens": 6,
        "matched_tokens": 6,
        "prompt_tokens": 9,
        "diverged_at": 6,
        "prompt_text": "new\n",
        "stored_text": "old",
        "message_index": 3,
        "role": "user",
        "reason": "the prompt differs from what was stored at token 6",
    }
    holders = [chunk for chunk in chunks if "cache_debug" in chunk]
    assert [holder["cache_debug"] for holder in holders] == [body["cache_debug"]]
    assert holders[0]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("cache", "reason"),
    [
        (report(0, 0, 9), "nothing stored begins like this prompt"),
        (report(0, 0, 9, 0), "nothing stored begins like this prompt"),
        (report(4, 4, 9, 4), "the prompt differs from what was stored at token 4"),
        (report(4, 4, 9), "the whole stored prefix was used"),
        (report(8, 9, 9), "the whole stored prefix was used"),
        (report(8, 8, 9, 8), "the prompt differs from what was stored at token 8"),
        (
            report(3, 6, 9, 6),
            "the prefix agrees to token 6, but this model's state can be taken up only at 3",
        ),
        (
            report(0, 9, 9),
            "the prefix agrees to token 9, but this model's state can be taken up only at 0",
        ),
    ],
)
async def test_reasons(cache: CacheReport, reason: str) -> None:
    _, body = await answers(ChatRenderer, cache)
    assert body["cache_debug"]["reason"] == reason
