"""Chat completions through OpenAI's own SDK, streaming and not."""

import asyncio
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.completion_usage import CompletionUsage

from tests.live import server as live
from tests.live.reference import Reference
from tests.live.server import DEMO, Server

QUESTION: Any = [{"role": "user", "content": "What is MLX Manager?"}]
CONVERSATION: Any = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
    {"role": "assistant", "content": "Hi, what can I do?"},
    {"role": "user", "content": "Tell me a story."},
]
SETTINGS = [
    pytest.param({"temperature": 0}, id="greedy"),
    pytest.param({"temperature": 1, "seed": 7}, id="seeded"),
]


def counts(usage: CompletionUsage | None) -> CompletionUsage | None:
    """The usage but for the cached tokens: the second of two equal requests has them."""
    return usage and usage.model_copy(update={"prompt_tokens_details": None})


def folded(chunks: list[ChatCompletionChunk]) -> tuple[str, str, str | None, CompletionUsage | None]:
    """Text, reasoning, finish reason and usage of a stream."""
    text = reasoning = ""
    finish_reason = usage = None
    for chunk in chunks:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasoning += getattr(choice.delta, "reasoning_content", None) or ""
            finish_reason = choice.finish_reason or finish_reason
    return text, reasoning, finish_reason, counts(usage)


def of_whole(answer: ChatCompletion) -> tuple[str, str, str | None, CompletionUsage | None]:
    """The same four of a whole answer."""
    choice = answer.choices[0]
    reasoning = getattr(choice.message, "reasoning_content", None) or ""
    return choice.message.content or "", reasoning, choice.finish_reason, counts(answer.usage)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("messages", [QUESTION, CONVERSATION], ids=["question", "conversation"])
def test_streaming_and_whole_answers_are_the_same(
    client: OpenAI, messages: Any, settings: dict[str, Any]
) -> None:
    create: Any = client.chat.completions.create
    asked: dict[str, Any] = {"model": "demo", "messages": messages, "max_tokens": 48, **settings}
    whole = create(**asked)
    chunks = list(create(**asked, stream=True, stream_options={"include_usage": True}))
    assert isinstance(whole, ChatCompletion)
    assert of_whole(whole) == folded(chunks)
    assert sum(map(len, of_whole(whole)[:2])) > 0


@pytest.mark.parametrize("settings", SETTINGS)
async def test_the_asynchronous_client_gets_the_same(
    server: Server, client: OpenAI, settings: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"model": "demo", "messages": QUESTION, "max_tokens": 32, **settings}
    sync_create: Any = client.chat.completions.create
    expected = of_whole(await asyncio.to_thread(sync_create, **asked))
    async with AsyncOpenAI(base_url=f"{server.base_url}/v1", api_key="unused", max_retries=0) as other:
        create: Any = other.chat.completions.create
        whole = await create(**asked)
        stream = await create(**asked, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]
    assert of_whole(whole) == expected
    assert folded(chunks) == expected


def test_objects_are_as_the_sdk_types_them(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="demo", messages=QUESTION, max_tokens=8)
    ChatCompletion.model_validate(whole.model_dump(), strict=True)
    assert (whole.object, whole.model, whole.choices[0].message.role) == (
        "chat.completion",
        "demo",
        "assistant",
    )
    assert whole.id.startswith("chatcmpl")
    chunks = list(client.chat.completions.create(model="demo", messages=QUESTION, max_tokens=8, stream=True))
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk.model_dump(), strict=True)
        assert chunk.object == "chat.completion.chunk"
    assert len({(chunk.id, chunk.created) for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][:-1] == [None] * (
        len(chunks) - 1
    )


def test_usage_comes_last_and_only_when_asked_for(server: Server) -> None:
    body = {"model": "demo", "messages": QUESTION, "max_tokens": 8}
    asked = live.stream(server, "/v1/chat/completions", {**body, "stream_options": {"include_usage": True}})
    assert asked.done
    assert all(chunk["usage"] is None and chunk["choices"] for chunk in asked.chunks[:-1])
    last = asked.chunks[-1]
    assert last["choices"] == []
    usage = last["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    for options in ({}, {"stream_options": {"include_usage": False}}, {"stream_options": None}):
        silent = live.stream(server, "/v1/chat/completions", {**body, **options})
        assert silent.done
        assert all("usage" not in chunk and chunk["choices"] for chunk in silent.chunks)


def test_usage_counts_what_the_tokenizer_counts(client: OpenAI, reference: Reference) -> None:
    questions = [{"messages": messages, "max_tokens": 24} for messages in (QUESTION, CONVERSATION)]
    for question, expected in zip(questions, reference.answers(DEMO, questions), strict=True):
        answer: Any = client.chat.completions.create(model="demo", temperature=0, **question)
        assert answer.usage.prompt_tokens == len(expected.prompt_ids)
        assert answer.usage.completion_tokens == len(expected.ids)
        assert answer.choices[0].finish_reason == expected.finish_reason


def test_length_is_the_reason_where_the_limit_ends_it(client: OpenAI) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        limit: Any = {name: 3}
        answer = client.chat.completions.create(model="demo", messages=QUESTION, temperature=0, **limit)
        assert answer.choices[0].finish_reason == "length"
        assert answer.usage is not None
        assert answer.usage.completion_tokens == 3
    newer_wins = client.chat.completions.create(
        model="demo", messages=QUESTION, temperature=0, max_tokens=9, max_completion_tokens=2
    )
    assert newer_wins.usage is not None
    assert newer_wins.usage.completion_tokens == 2


def test_a_developer_message_is_a_system_message(client: OpenAI) -> None:
    answers = []
    for role in ("developer", "system"):
        messages: Any = [{"role": role, "content": "Be brief."}, *QUESTION]
        answers.append(
            of_whole(
                client.chat.completions.create(model="demo", messages=messages, max_tokens=8, temperature=0)
            )
        )
    assert answers[0] == answers[1]


def test_text_parts_are_one_text(client: OpenAI) -> None:
    parts: Any = [{"type": "text", "text": "What is "}, {"type": "text", "text": "MLX Manager?"}]
    asked: Any = {"model": "demo", "max_tokens": 12, "temperature": 0}
    whole = client.chat.completions.create(messages=QUESTION, **asked)
    split = client.chat.completions.create(messages=[{"role": "user", "content": parts}], **asked)
    assert of_whole(whole) == of_whole(split)
