"""One script of events, two dialects: what is streamed folds to what is answered whole."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.events import (
    ChoiceFinished,
    Event,
    Failed,
    Finished,
    FinishReason,
    PrefillProgress,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_completions.render import CompletionRenderer
from mlx_manager.mlx_server.protocols.sse import encoded

STRANGE = 'two\nlines\r\n\n"quoted" \u2028 \x00 😀 data: x'
END = [ChoiceFinished(FinishReason.LENGTH), Finished(Usage(7, 5, 2))]
SCRIPTS: dict[str, list[Event]] = {
    "text": [PrefillProgress(3, 7), TextDelta("Hel"), TextDelta(STRANGE), *END],
    "reasoning": [ReasoningDelta("why "), ReasoningDelta("not"), TextDelta("so"), *END],
    "nothing": [ChoiceFinished(FinishReason.STOP), Finished(Usage(1, 1))],
}
BROKEN: list[Event] = [TextDelta("Hel"), Failed(ErrorCode.WORKER_DIED, "it died")]


async def play(events: Sequence[Event]) -> AsyncIterator[Sequence[Event]]:
    for event in events:
        yield [event]


def payloads(stream: Sequence[bytes]) -> list[str]:
    """Each event's data, read as a client reads it."""
    text = b"".join(stream).decode()
    assert text.endswith("\n\n")
    events = text.removesuffix("\n\n").split("\n\n")
    assert all(event.startswith("data: ") and "\n" not in event and "\r" not in event for event in events)
    return [event.removeprefix("data: ") for event in events]


async def streamed(renderer: ChatRenderer | CompletionRenderer, events: Sequence[Event]) -> list[Any]:
    """The decoded chunks of a stream that ends well."""
    *chunks, done = payloads([chunk async for chunk in encoded(renderer, play(events))])
    assert done == "[DONE]"
    return [json.loads(chunk) for chunk in chunks]


@pytest.mark.parametrize("include_usage", [False, True])
@pytest.mark.parametrize("script", SCRIPTS)
async def test_chat(script: str, include_usage: bool) -> None:
    renderer = ChatRenderer("m", include_usage=include_usage)
    raw = await streamed(renderer, SCRIPTS[script])
    chunks = [ChatCompletionChunk.model_validate(chunk, strict=True) for chunk in raw]
    body = json.loads(await renderer.fold(play(SCRIPTS[script])))
    whole = ChatCompletion.model_validate(body, strict=True)

    usage_chunks = [chunk for chunk in chunks if not chunk.choices]
    assert len(usage_chunks) == include_usage
    if include_usage:
        assert chunks[-1].usage == whole.usage
        assert all(chunk["usage"] is None for chunk in raw[:-1])
    else:
        assert not any("usage" in chunk for chunk in raw)
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    message = whole.choices[0].message
    assert "".join(delta.content or "" for delta in deltas) == message.content
    reasoning = "".join((delta.model_extra or {}).get("reasoning_content", "") for delta in deltas)
    assert reasoning == (message.model_extra or {}).get("reasoning_content", "")
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert reasons == [None] * (len(reasons) - 1) + [whole.choices[0].finish_reason]
    assert {(chunk.id, chunk.created, chunk.model) for chunk in chunks} == {(whole.id, whole.created, "m")}
    assert whole.id.startswith("chatcmpl_")
    assert whole.usage is not None
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens


@pytest.mark.parametrize("include_usage", [False, True])
@pytest.mark.parametrize("script", SCRIPTS)
async def test_completions(script: str, include_usage: bool) -> None:
    renderer = CompletionRenderer("m", include_usage=include_usage)
    raw = await streamed(renderer, SCRIPTS[script])
    body = json.loads(await renderer.fold(play(SCRIPTS[script])))
    whole = Completion.model_validate(body, strict=True)
    for chunk in raw:
        # The SDK's one type serves both; a chunk's finish_reason is null until the end all the same.
        choices = [
            choice | {"finish_reason": choice["finish_reason"] or "stop"} for choice in chunk["choices"]
        ]
        Completion.model_validate(chunk | {"choices": choices}, strict=True)
    assert "".join(choice["text"] for chunk in raw for choice in chunk["choices"]) == whole.choices[0].text
    reasons = [choice["finish_reason"] for chunk in raw for choice in chunk["choices"]]
    assert reasons == [None] * (len(reasons) - 1) + [whole.choices[0].finish_reason]
    assert [chunk["usage"] for chunk in raw if chunk.get("usage")] == (
        [body["usage"]] if include_usage else []
    )
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] in (0, 2)
    assert whole.id.startswith("cmpl_")


def test_scripts_say_what_they_should() -> None:
    assert [type(event) for event in SCRIPTS["reasoning"]].count(ReasoningDelta) == 2


@pytest.mark.parametrize("make", [ChatRenderer, CompletionRenderer])
async def test_an_error_in_the_middle(make: type[ChatRenderer] | type[CompletionRenderer]) -> None:
    renderer = make("m", include_usage=True)
    events = payloads([chunk async for chunk in encoded(renderer, play(BROKEN))])
    assert "Hel" in events[-2]
    assert json.loads(events[-1]) == {
        "error": {"message": "it died", "type": "server_error", "param": None, "code": "worker_died"}
    }
    with pytest.raises(ApiError, match="it died") as caught:
        await renderer.fold(play(BROKEN))
    assert caught.value.code is ErrorCode.WORKER_DIED


async def test_whole_chat_answer_exactly() -> None:
    body = json.loads(await ChatRenderer("m").fold(play(SCRIPTS["reasoning"])))
    assert body["choices"] == [
        {
            "message": {
                "content": "so",
                "reasoning_content": "why not",
                "role": "assistant",
                "refusal": None,
            },
            "finish_reason": "length",
            "index": 0,
            "logprobs": None,
        }
    ]
    assert body["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 5,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    assert body["object"] == "chat.completion"
