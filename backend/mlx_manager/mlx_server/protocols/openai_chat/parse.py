"""Wire to request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt, GenerationRequest
from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.protocols.fields import refuse_unsupported, validate
from mlx_manager.mlx_server.protocols.formats import format_of, one_format
from mlx_manager.mlx_server.protocols.openai_chat.schema import (
    UNSUPPORTED,
    ChatCompletionRequest,
    CustomToolCall,
    FunctionToolCall,
    Message,
)
from mlx_manager.mlx_server.protocols.openai_chat.tools import (
    NamedCustom,
    NamedFunction,
    read_choice,
    read_tools,
)
from mlx_manager.mlx_server.protocols.text_input import arguments_of


def parse_chat(
    body: Mapping[str, Any], request_id: str, tenant: str = ""
) -> tuple[GenerationRequest, ChatCompletionRequest]:
    """The request, and the wire's form of it for the renderer. Raises ApiError that names the field."""
    wire = validate(ChatCompletionRequest, body)
    refuse_unsupported(body, UNSUPPORTED)
    # max_completion_tokens is the newer name, so it wins where a client sends both.
    limit = wire.max_completion_tokens if wire.max_completion_tokens is not None else wire.max_tokens
    prompt = chat_prompt(wire)
    request = wire.request(
        (prompt,),
        request_id,
        tenant,
        max_tokens=limit,
        top_logprobs=(wire.top_logprobs or 0) if wire.logprobs else None,
    )
    wanted = format_of(wire.response_format, "response_format")
    answer_format = one_format(
        [wanted, *wire.stated_formats()], prompt.tool_choice, continues_last=prompt.continues_last
    )
    # A tool that is named is called once.
    is_named = isinstance(wire.tool_choice, NamedFunction | NamedCustom)
    parallel = wire.parallel_tool_calls is not False and not is_named
    request = replace(request, parallel_calls=parallel, answer_format=answer_format)
    return wire.reasoning_wish.of(request), wire


def chat_prompt(wire: ChatCompletionRequest) -> ChatPrompt:
    """The conversation with all that its template is told. Raises ApiError that names the field."""
    tools = read_tools(wire.tools or ())
    return ChatPrompt(
        tuple(_messages(wire.messages)),
        wire.chat_template_kwargs or {},
        # A model that may not call anything is not told of tools.
        tools=() if wire.tool_choice == "none" else tools,
        hints=wire.reasoning_wish.hints,
        continues_last=bool(wire.continue_final_message),
        tool_choice=read_choice(wire.tool_choice, tools),
    )


def _messages(messages: Sequence[Message]) -> Iterator[ChatMessage]:
    """The turns; a tool's message must answer a call that was made before it."""
    called: set[str] = set()
    for index, message in enumerate(messages):
        calls = message.tool_calls or []
        if message.role == "tool" and message.tool_call_id not in called:
            raise _fault(
                index,
                "tool_call_id",
                f"no assistant message before it made the call {message.tool_call_id!r}",
            )
        if calls and message.role != "assistant":
            raise _fault(index, "tool_calls", "only an assistant makes tool calls")
        if message.content is None and message.role != "assistant":
            raise _fault(index, "content", f"a {message.role} message needs content")
        called.update(call.id for call in calls)
        yield _chat_message(f"messages.{index}", message)


def _chat_message(path: str, message: Message) -> ChatMessage:
    reasoning = message.reasoning_content or ""
    calls = message.tool_calls or []
    return ChatMessage(
        # Templates know the older name of the same role.
        role="system" if message.role == "developer" else message.role,
        content=message.text,
        name=message.name,
        tool_call_id=message.tool_call_id,
        tool_calls=tuple(map(_call, calls)),
        reasoning=reasoning,
        path=path,
        reasoning_path=f"{path}.reasoning_content" if reasoning else "",
    )


def _call(call: FunctionToolCall | CustomToolCall) -> ToolCall:
    if isinstance(call, CustomToolCall):
        return ToolCall(call.id, call.custom.name, arguments_of(call.custom.input))
    return ToolCall(call.id, call.function.name, call.function.arguments)


def _fault(index: int, field: str, what: str) -> ApiError:
    path = f"messages.{index}"
    return ApiError(ErrorCode.INVALID_REQUEST, f"{path}: {what}", param=f"{path}.{field}")
