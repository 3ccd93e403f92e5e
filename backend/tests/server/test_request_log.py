"""What runs and what has run last, and how long anything is kept for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from mlx_manager.core.security.principal import OWNER
from mlx_manager.mlx_server.backends.base import Restored
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.domain.request import (
    Boundary,
    ChatMessage,
    ChatPrompt,
    Prompt,
    SamplingParams,
    TextPrompt,
)
from mlx_manager.mlx_server.pool.sources import DEMO_PATH
from mlx_manager.mlx_server.request_log import Phase, RequestLog, RequestRecord
from mlx_manager.mlx_server.text.cache_report import cache_report
from mlx_manager.mlx_server.text.cache_trace import CacheTrace, KeptConversations
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer

MODEL = ModelDescription("m", DEMO_PATH, "llama", 4096, 1, False, 0, SamplingParams())
LONG = ChatPrompt(
    tuple(ChatMessage("assistant" if at % 2 else "user", f"Message number {at} of many") for at in range(24))
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(DEMO_PATH)


def end(log: RequestLog, record: RequestRecord) -> None:
    log.end(record, Phase.FINISHED, "stop", 200)


def test_a_hundred_that_have_ended_are_kept_and_all_that_run() -> None:
    log = RequestLog()
    records = [log.begin(RequestRecord(f"r{number}")) for number in range(250)]
    for record in records[:120]:
        end(log, record)
    assert log.records() == [*records[20:120], *records[120:]]
    assert log.running() == records[120:]


def test_a_view_says_whose_it_is_and_how_far() -> None:
    owner = replace(OWNER, key_id="key_1")
    record = RequestRecord("r", "gpt", "openai_chat", owner, is_stream=True, model_id="demo")
    view = record.view()
    assert (view["id"], view["row_id"], view["user_name"], view["key_id"]) == (
        "r",
        record.row_id,
        "owner",
        "key_1",
    )
    assert (view["model"], view["model_id"], view["dialect"]) == ("gpt", "demo", "openai_chat")
    assert (view["is_stream"], view["is_running"], view["status"]) == (True, True, None)
    assert (view["queue_s"], view["prefill_s"]) == (None, None)
    record.admitted_at, record.first_token_at = record.begun_at + 1.5, record.begun_at + 2.0
    record.end(Phase.FAILED, "worker_died", 500)
    view = record.view()
    assert (view["queue_s"], view["prefill_s"], view["time_to_first_token_s"]) == (1.5, 0.5, 2.0)
    assert (view["is_running"], view["status"], view["detail"]) == (False, 500, "worker_died")
    assert RequestRecord("r").view()["user_name"] is None


async def test_who_waits_for_an_end_is_told() -> None:
    log = RequestLog()
    record = log.begin(RequestRecord("r"))
    assert not await log.wait_ended(record, 0.0)
    waiting = [asyncio.create_task(log.wait_ended(record, 60.0)) for _ in range(2)]
    await asyncio.sleep(0)
    end(log, record)
    assert await asyncio.gather(*waiting) == [True, True]
    assert await log.wait_ended(record, 60.0)


def trace(
    tokenizer: Tokenizer, kept: KeptConversations, source: Prompt = LONG, *, has_all: bool = False
) -> tuple[CacheTrace, EncodedPrompt]:
    prompt = tokenizer.encode(source, all_boundaries=has_all)
    return CacheTrace(MODEL, source, prompt, kept, has_all=has_all), prompt


def every_place(boundaries: Sequence[Boundary], num_tokens: int) -> list[int]:
    near = {end.position + off for end in boundaries for off in (-1, 0, 1)} | {0, 1, num_tokens}
    return sorted(place for place in near if 0 <= place <= num_tokens)


@pytest.mark.parametrize(
    "source", [LONG, ChatPrompt(LONG.messages[:4]), TextPrompt("Hello there"), TextPrompt("x")]
)
def test_a_trace_tells_what_the_request_would_have_been_told(tokenizer: Tokenizer, source: Prompt) -> None:
    """Wherever the prompt differs; a conversation is kept only where that is needed."""
    everything = tokenizer.encode(source, all_boundaries=True)
    num_tokens, num_kept = len(everything.token_ids), 0
    for place in every_place(everything.boundaries, num_tokens):
        restored = Restored(place // 2, place, (5, 6))
        kept = KeptConversations()
        told, _ = trace(tokenizer, kept, source)
        assert told.explain() is None
        told.note(restored)
        num_kept += told.needs_tokenizer
        assert (kept.num_bytes > 0) is told.needs_tokenizer
        told.find_message(tokenizer)
        told.close()
        assert kept.num_bytes == 0
        assert told.why_unknown == ""
        wanted = cache_report(everything, restored, tokenizer)
        assert told.explain() == replace(wanted, prompt_text="", stored_text="")
    assert (num_kept > 0) is (source is LONG)
    assert num_kept < num_tokens


def test_a_request_that_asked_keeps_its_texts_and_nothing_else(tokenizer: Tokenizer) -> None:
    kept = KeptConversations()
    told, prompt = trace(tokenizer, kept, has_all=True)
    told.note(Restored(0, 40, (5,)))
    assert not told.needs_tokenizer
    assert kept.num_bytes == 0
    told.report = cache_report(prompt, Restored(0, 40, (5,)), tokenizer)
    shown = told.explain()
    assert shown is not None
    assert shown.prompt_text


def test_the_oldest_conversations_go_first(tokenizer: Tokenizer) -> None:
    one, _ = trace(tokenizer, measure := KeptConversations())
    one.note(Restored(0, 60, (5,)))
    size = measure.num_bytes
    assert size > sum(len(message.content) for message in LONG.messages)
    kept = KeptConversations(limit_bytes=3 * size)
    traces = [trace(tokenizer, kept)[0] for _ in range(5)]
    for told in traces:
        told.note(Restored(0, 60, (5,)))
        assert kept.num_bytes <= 3 * size
    assert [told.needs_tokenizer for told in traces] == [False, False, True, True, True]
    gone = traces[0].explain()
    assert gone is not None
    assert (gone.matched_tokens, gone.message_index, gone.role) == (60, None, None)
    assert "too long" in traces[0].why_unknown
    tiny = KeptConversations(limit_bytes=1)
    alone, _ = trace(tokenizer, tiny)
    alone.note(Restored(0, 60, (5,)))
    assert (alone.needs_tokenizer, tiny.num_bytes) == (False, 0)


def test_the_log_lets_conversations_go_with_their_requests(tokenizer: Tokenizer) -> None:
    log = RequestLog()
    first, refused = RequestRecord("first"), RequestRecord("refused")
    for record in (first, refused):
        log.begin(record).cache, _ = trace(tokenizer, log.conversations)
    assert first.cache is not None
    assert refused.cache is not None
    first.cache.note(Restored(0, 60, (5,)))
    end(log, first)
    assert log.conversations.num_bytes > 0
    end(log, refused)
    assert not refused.cache.needs_tokenizer  # its engine never began with it
    for number in range(100):
        end(log, log.begin(RequestRecord(f"r{number}")))
    assert log.conversations.num_bytes == 0


def test_a_conversation_that_is_rendered_otherwise_by_now_is_not_guessed_at(tokenizer: Tokenizer) -> None:
    kept = KeptConversations()
    prompt = tokenizer.encode(LONG)
    longer: Any = replace(prompt, token_ids=[*prompt.token_ids, 7])
    told = CacheTrace(MODEL, LONG, longer, kept, has_all=False)
    told.note(Restored(0, 60, (5,)))
    told.find_message(tokenizer)
    shown = told.explain()
    assert shown is not None
    assert (shown.message_index, shown.diverged_at) == (None, 60)
    assert told.why_unknown == "the conversation is rendered otherwise by now"
