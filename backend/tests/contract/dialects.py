"""Each dialect as its own vendor's SDK reads it: bytes of ours go through the real client."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final

import anthropic
import httpx
import httpx2
import openai
from anthropic.types import Message
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response

from mlx_manager.mlx_server.protocols.answering import Renderer
from mlx_manager.mlx_server.protocols.anthropic_messages.render import MessagesRenderer
from mlx_manager.mlx_server.protocols.openai_chat.render import ChatRenderer
from mlx_manager.mlx_server.protocols.openai_completions.render import CompletionRenderer
from mlx_manager.mlx_server.protocols.openai_responses.output import Output
from mlx_manager.mlx_server.protocols.openai_responses.parse import parse_responses, read_request
from mlx_manager.mlx_server.protocols.openai_responses.render import ResponsesRenderer, begun_response
from tests.contract.scripts import Reading

_MESSAGES: Final[list[Any]] = [{"role": "user", "content": "x"}]
_PARAMETERS: Final = {"type": "object", "properties": {"a": {}}}
TOOL_NAMES: Final = ("look_up", "now")


def _answers(body: bytes, content_type: str, library: Any = httpx) -> Any:
    """A client of this library to which every request is answered so."""
    headers = {"content-type": content_type}

    def handler(_: Any) -> Any:
        return library.Response(200, headers=headers, content=body)

    return library.Client(transport=library.MockTransport(handler))


class Dialect(ABC):
    """How a client of the dialect reads an answer."""

    has_reasoning: ClassVar[bool] = True
    has_stop_sequence: ClassVar[bool] = False
    error: ClassVar[type[Exception]] = openai.APIError

    @abstractmethod
    def renderer(self) -> Renderer:
        """A new one."""

    @abstractmethod
    def whole(self, body: bytes) -> Reading:
        """What the SDK makes of an answer that is not streamed. Strict: every type as it should be."""

    @abstractmethod
    def streamed(self, body: bytes) -> Reading:
        """What the SDK makes of a stream, by its own accumulator. Raises `error` where it ends with one."""


def openai_client(body: bytes, content_type: str) -> openai.OpenAI:
    """OpenAI's, to which every request is answered so."""
    http = _answers(body, content_type)
    return openai.OpenAI(base_url="http://x/v1", api_key="x", max_retries=0, http_client=http)


class Chat(Dialect):
    """Chat completions."""

    def renderer(self) -> Renderer:
        """With usage, as most clients ask for it."""
        return ChatRenderer("m", include_usage=True)

    def whole(self, body: bytes) -> Reading:
        """By the SDK's type."""
        ChatCompletion.model_validate(json.loads(body), strict=True)
        client = openai_client(body, "application/json")
        return self._reading(client.chat.completions.create(model="m", messages=_MESSAGES))

    def streamed(self, body: bytes) -> Reading:
        """By the SDK's `stream` helper."""
        for event in data_of(body):
            if event not in (None, "[DONE]") and "error" not in event:
                ChatCompletionChunk.model_validate(event, strict=True)
        client = openai_client(body, "text/event-stream")
        reasoning = ""
        tools: Any = [
            {"type": "function", "function": {"name": name, "parameters": _PARAMETERS}} for name in TOOL_NAMES
        ]
        with client.chat.completions.stream(model="m", messages=_MESSAGES, tools=tools) as stream:
            for event in stream:
                if event.type == "chunk" and event.chunk.choices:
                    extra = event.chunk.choices[0].delta.model_extra or {}
                    reasoning += extra.get("reasoning_content", "")
            state: Any = stream.current_completion_snapshot
        return self._reading(state, reasoning)

    def _reading(self, completion: Any, reasoning: str | None = None) -> Reading:
        (choice,) = completion.choices
        message = choice.message
        calls = [(call.function.name, call.function.arguments) for call in message.tool_calls or ()]
        thought = (message.model_extra or {}).get("reasoning_content") or ""
        return Reading(
            message.content or "",
            thought if reasoning is None else reasoning,
            tuple(calls),
            choice.finish_reason,
            _usage(completion.usage),
        )


class Completions(Dialect):
    """Text completions: reasoning is part of their text."""

    has_reasoning = False

    def renderer(self) -> Renderer:
        """With usage."""
        return CompletionRenderer("m", include_usage=True)

    def whole(self, body: bytes) -> Reading:
        """By the SDK's type."""
        Completion.model_validate(json.loads(body), strict=True)
        answer = openai_client(body, "application/json").completions.create(model="m", prompt="x")
        (choice,) = answer.choices
        return Reading(choice.text, "", (), choice.finish_reason, _usage(answer.usage))

    def streamed(self, body: bytes) -> Reading:
        """The SDK has no accumulator for these."""
        client = openai_client(body, "text/event-stream")
        text, reasons, usage = "", [], None
        for chunk in client.completions.create(model="m", prompt="x", stream=True):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.text
                reasons += [choice.finish_reason] if choice.finish_reason else []
        (reason,) = reasons
        return Reading(text, "", (), reason, _usage(usage))


class Messages(Dialect):
    """Anthropic's messages."""

    has_stop_sequence = True
    error = anthropic.APIError
    reasons: ClassVar = {
        "end_turn": "stop",
        "max_tokens": "length",
        "tool_use": "tool_calls",
        "stop_sequence": "stop_sequence",
    }

    def renderer(self) -> Renderer:
        """As the endpoint makes it."""
        return MessagesRenderer("m", "req_1")

    def whole(self, body: bytes) -> Reading:
        """By the SDK's type."""
        Message.model_validate(json.loads(body), strict=True)
        client = self._client(body, "application/json")
        return self._reading(client.messages.create(model="m", max_tokens=9, messages=_MESSAGES))

    def streamed(self, body: bytes) -> Reading:
        """By the SDK's `stream` helper."""
        client = self._client(body, "text/event-stream")
        with client.messages.stream(model="m", max_tokens=9, messages=_MESSAGES) as stream:
            return self._reading(stream.get_final_message())

    def _client(self, body: bytes, content_type: str) -> anthropic.Anthropic:
        http = _answers(body, content_type, httpx2)
        return anthropic.Anthropic(base_url="http://x", api_key="x", max_retries=0, http_client=http)

    def _reading(self, message: Any) -> Reading:
        blocks: dict[str, list[Any]] = {"text": [], "thinking": [], "tool_use": []}
        for block in message.content:
            blocks[block.type].append(block)
        assert all(block.signature for block in blocks["thinking"])
        usage = message.usage
        cached = usage.cache_read_input_tokens
        assert usage.cache_creation_input_tokens == 0
        return Reading(
            "".join(block.text for block in blocks["text"]),
            "".join(block.thinking for block in blocks["thinking"]),
            tuple((block.name, json.dumps(block.input, ensure_ascii=False)) for block in blocks["tool_use"]),
            self.reasons[message.stop_reason],
            (usage.input_tokens + cached, cached, usage.output_tokens),
        )


class Responses(Dialect):
    """OpenAI's responses."""

    def renderer(self) -> Renderer:
        """As the endpoint makes it."""
        wire = read_request({"model": "m", "input": "x"})
        names = parse_responses(wire, "req_1").names
        return ResponsesRenderer(
            begun_response(wire, is_stored=True), Output(names, encrypts_reasoning=False)
        )

    def whole(self, body: bytes) -> Reading:
        """By the SDK's type."""
        Response.model_validate(json.loads(body), strict=True)
        client = openai_client(body, "application/json")
        return self._reading(client.responses.create(model="m", input="x"))

    def streamed(self, body: bytes) -> Reading:
        """By the SDK's `stream` helper; a failure is its last event."""
        numbers = [event["sequence_number"] for event in data_of(body)]
        assert numbers == list(range(len(numbers)))
        client = openai_client(body, "text/event-stream")
        last: Any = None
        with client.responses.stream(model="m", input="x") as stream:
            for event in stream:
                last = event
        response = last.response
        if last.type == "response.failed":
            raise openai.APIError(response.error.message, httpx.Request("POST", "http://x"), body=None)
        return self._reading(response)

    def _reading(self, response: Any) -> Reading:
        items: dict[str, list[Any]] = {"message": [], "reasoning": [], "function_call": []}
        for item in response.output:
            items[item.type].append(item)
        if response.status == "incomplete":
            assert response.incomplete_details.reason == "max_output_tokens"
        ended = "tool_calls" if items["function_call"] else "stop"
        usage = response.usage
        assert usage.total_tokens == usage.input_tokens + usage.output_tokens
        return Reading(
            response.output_text,
            "".join(part.text for item in items["reasoning"] for part in item.content),
            tuple((call.name, call.arguments) for call in items["function_call"]),
            "length" if response.status == "incomplete" else ended,
            (usage.input_tokens, usage.input_tokens_details.cached_tokens, usage.output_tokens),
        )


def _usage(usage: Any) -> tuple[int, int, int]:
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    cached = usage.prompt_tokens_details.cached_tokens
    return usage.prompt_tokens, cached, usage.completion_tokens


def data_of(body: bytes) -> list[Any]:
    """Each event's data: JSON, `[DONE]`, or None for a comment."""
    text = body.decode()
    assert text.endswith("\n\n")
    found: list[Any] = []
    for event in text.removesuffix("\n\n").split("\n\n"):
        assert "\r" not in event
        lines = [line.removeprefix("data: ") for line in event.split("\n") if line.startswith("data: ")]
        assert len(lines) <= 1
        payload = lines[0] if lines else None
        found.append(json.loads(payload) if payload not in (None, "[DONE]") else payload)
    return found


DIALECTS: Final[dict[str, Callable[[], Dialect]]] = {
    "chat": Chat,
    "completions": Completions,
    "responses": Responses,
    "messages": Messages,
}
