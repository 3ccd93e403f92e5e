"""From a request to the job that a backend gets, and from its tokens to events."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.backends.base import (
    Broken,
    DrawnLogprobs,
    Read,
    Restored,
    Token,
    TokenEvent,
    TokenJob,
)
from mlx_manager.mlx_server.domain.events import (
    ChoiceFinished,
    Event,
    Finished,
    FinishReason,
    PrefillProgress,
    TextDelta,
)
from mlx_manager.mlx_server.domain.models import Capability, ModelDescription
from mlx_manager.mlx_server.domain.request import (
    ChatMessage,
    ChatPrompt,
    GenerationRequest,
    Priority,
    Prompt,
    SamplingOverrides,
    SamplingParams,
    TextPrompt,
)
from mlx_manager.mlx_server.generation import Generator
from mlx_manager.mlx_server.pool.pool import ModelPool
from mlx_manager.mlx_server.pool.sources import DEMO_PATH
from mlx_manager.mlx_server.text.tokenizer import Tokenizer

VOCAB_SIZE = 3000
DEFAULTS = SamplingParams(temperature=0.5, repetition_penalty=1.1, presence_penalty=0.3)
CONVERSATION = tuple(
    ChatMessage("user" if index % 2 == 0 else "assistant", f"Message number {index}") for index in range(9)
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(DEMO_PATH)


class FakeStream:
    """Gives out what it was made with, all at once."""

    def __init__(self, events: list[TokenEvent]) -> None:
        self._events = events

    async def next(self) -> list[TokenEvent]:
        return self._events

    def cancel(self) -> None:
        pass

    def fail(self, broken: Broken) -> None:
        pass


class FakePool:
    """A pool of one model that remembers the jobs it gets."""

    def __init__(self, tokenizer: Tokenizer, events: Sequence[TokenEvent]) -> None:
        self.jobs: list[TokenJob] = []
        self.vocab_size = VOCAB_SIZE
        self._tokenizer = tokenizer
        self._events = list(events)
        self.max_jobs = 32
        self._description = ModelDescription(
            "m", DEMO_PATH, "llama", 4096, 1, False, 0, DEFAULTS, capabilities=(Capability.CHAT,)
        )

    def describe(self, model_id: str) -> ModelDescription:
        return self._description

    @asynccontextmanager
    async def lease(
        self, description: ModelDescription, keep_alive_s: float | None = None
    ) -> AsyncIterator[Any]:
        yield SimpleNamespace(description=description, tokenizer=self._tokenizer, worker=self)

    async def reserve_kv(self, resident: Any, num_tokens: int) -> None:
        pass

    def submit(self, job: TokenJob) -> FakeStream:
        self.jobs.append(job)
        return FakeStream(self._events)


END = Token(1, FinishReason.LENGTH)


async def run(
    tokenizer: Tokenizer,
    events: Sequence[TokenEvent] = (END,),
    prompt: Prompt = TextPrompt("Hello there"),  # noqa: B008
    *,
    salts_tenants: bool = False,
    **fields: Any,
) -> tuple[TokenJob, list[Event]]:
    """The job of a request, and the events that come of these tokens."""
    pool = FakePool(tokenizer, events)
    generator = Generator(
        cast(ModelPool, pool), default_max_tokens=64, timeout_s=600.0, salts_tenants=salts_tenants
    )
    async with await generator.start(GenerationRequest("req_1", "m", (prompt,), **fields)) as running:
        seen = [event async for batch in running.events() for event in batch]
    assert generator.num_running == 0
    return pool.jobs[0], seen


async def test_what_a_request_says_nothing_of(tokenizer: Tokenizer) -> None:
    job, _ = await run(tokenizer)
    assert job.sampling == DEFAULTS
    assert set(job.stop_ids) == tokenizer.stop_ids != set()
    assert (job.top_logprobs, job.tenant, job.priority) == (None, "", Priority.INTERACTIVE)
    assert (job.cache_salt, tuple(job.boundaries), job.max_tokens) == ("", (), 64)


async def test_what_it_says_reaches_the_job(tokenizer: Tokenizer) -> None:
    stated = SamplingOverrides(
        logit_bias={VOCAB_SIZE - 1: -100.0},
        repetition_penalty=1.0,
        frequency_penalty=-2.0,
        seed=5,
    )
    job, _ = await run(
        tokenizer,
        sampling=stated,
        top_logprobs=3,
        tenant="abc",
        priority=Priority.BACKGROUND,
        cache_salt="salt",
        ignore_eos=True,
    )
    assert job.sampling == stated.over(DEFAULTS)
    assert (job.sampling.presence_penalty, job.sampling.repetition_penalty) == (0.3, 1.0)
    assert (job.top_logprobs, job.tenant, job.priority) == (3, "abc", Priority.BACKGROUND)
    assert (job.cache_salt, list(job.stop_ids), job.seed) == ("salt", [], 5)


async def test_a_conversations_boundaries(tokenizer: Tokenizer) -> None:
    job, _ = await run(tokenizer, prompt=ChatPrompt(CONVERSATION))
    assert [end.message_index for end in job.boundaries] == [4, 5, 6, 7, 8]
    assert 0 < job.boundaries[0].position < job.boundaries[-1].position < len(job.prompt_ids)
    every, _ = await run(tokenizer, prompt=ChatPrompt(CONVERSATION), explain_cache=True)
    assert [end.message_index for end in every.boundaries] == list(range(9))
    assert every.prompt_ids == job.prompt_ids


@pytest.mark.parametrize("token_id", [VOCAB_SIZE, 999_999_999])
async def test_a_bias_outside_the_vocabulary(tokenizer: Tokenizer, token_id: int) -> None:
    bias = SamplingOverrides(logit_bias={1: 1.0, token_id: 1.0})
    with pytest.raises(ApiError, match=rf"{token_id}.*{VOCAB_SIZE}") as caught:
        await run(tokenizer, sampling=bias)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, "logit_bias")


async def test_logprobs_reach_the_text(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(TextPrompt(" a story")).token_ids
    drawn = [Token(token_id, None, DrawnLogprobs(-float(n), ((7, -0.5),))) for n, token_id in enumerate(ids)]
    stop = Token(min(tokenizer.stop_ids), FinishReason.STOP, DrawnLogprobs(-9.0, ()))
    _, events = await run(tokenizer, [*drawn, stop], top_logprobs=1)
    *deltas, ended, end = events
    entries = [entry for delta in deltas if isinstance(delta, TextDelta) for entry in delta.logprobs]
    assert [entry.token.token_id for entry in entries] == ids
    assert [entry.token.logprob for entry in entries] == [-float(n) for n in range(len(ids))]
    assert {entry.top[0].token_id for entry in entries} == {7}
    assert "".join(entry.token.text for entry in entries) == " a story"
    assert isinstance(end, Finished)
    assert end.usage.completion_tokens == len(ids) + 1
    assert ended == ChoiceFinished(FinishReason.STOP)


async def test_what_the_cache_held_is_counted(tokenizer: Tokenizer) -> None:
    job, events = await run(tokenizer, [Restored(2, 3, (1,)), Read(2), END])
    assert events[0] == PrefillProgress(2, len(job.prompt_ids))
    assert isinstance(end := events[-1], Finished)
    assert (end.usage.cached_tokens, end.usage.prompt_tokens) == (2, len(job.prompt_ids))
    assert end.cache is None


async def test_a_miss_is_explained_on_request(tokenizer: Tokenizer) -> None:
    prompt = ChatPrompt(CONVERSATION)
    job, _ = await run(tokenizer, prompt=prompt, explain_cache=True)
    matched = job.boundaries[3].position + 3
    _, events = await run(
        tokenizer,
        [Restored(job.boundaries[3].position, matched, (5, 6)), END],
        prompt=prompt,
        explain_cache=True,
    )
    assert isinstance(end := events[-1], Finished)
    assert end.cache is not None
    assert (end.cache.message_index, end.cache.role, end.cache.diverged_at) == (4, "user", matched)
    assert end.cache.cached_tokens == end.usage.cached_tokens < end.cache.matched_tokens
    assert end.cache.prompt_text == tokenizer.show(job.prompt_ids[matched : matched + 16])


async def test_a_cache_that_says_nothing_held_nothing(tokenizer: Tokenizer) -> None:
    _, events = await run(tokenizer, explain_cache=True)
    assert isinstance(end := events[-1], Finished)
    assert end.cache is not None
    assert (end.cache.cached_tokens, end.cache.matched_tokens, end.cache.diverged_at) == (0, 0, None)


async def test_prefixes_are_kept_apart_by_tenant_where_that_is_the_setting(tokenizer: Tokenizer) -> None:
    salts = set()
    for tenant, salt in [("a", ""), ("b", ""), ("a", "x"), ("", "")]:
        job, _ = await run(tokenizer, salts_tenants=True, tenant=tenant, cache_salt=salt)
        salts.add(job.cache_salt)
        job, _ = await run(tokenizer, tenant=tenant, cache_salt=salt)
        assert job.cache_salt == salt
    assert len(salts) == 4
