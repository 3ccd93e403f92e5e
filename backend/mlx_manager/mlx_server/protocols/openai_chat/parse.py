"""Wire to request."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt, GenerationRequest
from mlx_manager.mlx_server.protocols.fields import refuse_unsupported, validate
from mlx_manager.mlx_server.protocols.openai_chat.schema import (
    UNSUPPORTED,
    ChatCompletionRequest,
    Message,
    ToolCall,
)


def parse_chat(
    body: Mapping[str, Any], request_id: str, tenant: str = ""
) -> tuple[GenerationRequest, ChatCompletionRequest]:
    """The request, and the wire's form of it for the renderer. Raises ApiError that names the field."""
    wire = validate(ChatCompletionRequest, body)
    refuse_unsupported(body, UNSUPPORTED)
    prompt = ChatPrompt(tuple(_messages(wire.messages)), wire.chat_template_kwargs or {})
    # max_completion_tokens is the newer name, so it wins where a client sends both.
    limit = wire.max_completion_tokens if wire.max_completion_tokens is not None else wire.max_tokens
    top_logprobs = (wire.top_logprobs or 0) if wire.logprobs else None
    return wire.request(prompt, request_id, tenant, limit, top_logprobs), wire


def _messages(messages: Sequence[Message]) -> Iterator[ChatMessage]:
    """The turns; a tool's message must answer a call that was made before it."""
    called: set[str] = set()
    for index, message in enumerate(messages):
        calls = message.tool_calls or []
        if message.role == "tool" and message.tool_call_id not in called:
            raise ApiError(
                ErrorCode.INVALID_REQUEST,
                f"messages.{index}: no assistant message before it made the call {message.tool_call_id!r}",
                param=f"messages.{index}.tool_call_id",
            )
        if calls and message.role != "assistant":
            raise ApiError(
                ErrorCode.INVALID_REQUEST,
                f"messages.{index}: only an assistant makes tool calls",
                param=f"messages.{index}.tool_calls",
            )
        if message.content is None and message.role != "assistant":
            raise ApiError(
                ErrorCode.INVALID_REQUEST,
                f"messages.{index}: a {message.role} message needs content",
                param=f"messages.{index}.content",
            )
        called.update(call.id for call in calls)
        yield ChatMessage(
            # Templates know the older name of the same role.
            role="system" if message.role == "developer" else message.role,
            content=message.text,
            name=message.name,
            tool_call_id=message.tool_call_id,
            tool_calls=tuple(_tool_call(call) for call in calls),
        )


def _tool_call(call: ToolCall) -> dict[str, Any]:
    """A call as templates expect it: its arguments an object, where they are JSON."""
    try:
        arguments = json.loads(call.function.arguments)
    except (ValueError, RecursionError):
        arguments = call.function.arguments
    function = {"name": call.function.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}
