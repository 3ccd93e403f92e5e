"""Wire to request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import (
    ChatMessage,
    ChatPrompt,
    GenerationRequest,
    Priority,
    SamplingOverrides,
)
from mlx_manager.mlx_server.domain.tools import ToolDefinition
from mlx_manager.mlx_server.protocols.anthropic_messages.conversation import conversation
from mlx_manager.mlx_server.protocols.anthropic_messages.hints import read_hints
from mlx_manager.mlx_server.protocols.anthropic_messages.schema import (
    UNSUPPORTED,
    CountTokensRequest,
    CustomTool,
    MessagesRequest,
)
from mlx_manager.mlx_server.protocols.fields import ignored_paths, refuse_unsupported, validate


@dataclass(frozen=True, slots=True)
class Parsed:
    """A request that was read.

    Attributes:
        ignored: paths of the fields that have no effect, whatever the model.
    """

    generation: GenerationRequest
    ignored: tuple[str, ...]
    is_stream: bool


def parse_messages(body: Mapping[str, Any], request_id: str, tenant: str = "") -> Parsed:
    """A request for an answer. Raises ApiError that names the field."""
    return _parsed(validate(MessagesRequest, body), body, request_id, tenant)


def parse_count(body: Mapping[str, Any], request_id: str, tenant: str = "") -> Parsed:
    """A request to count. Raises ApiError that names the field."""
    return _parsed(validate(CountTokensRequest, body), body, request_id, tenant)


def _parsed(wire: CountTokensRequest, body: Mapping[str, Any], request_id: str, tenant: str) -> Parsed:
    refuse_unsupported(body, UNSUPPORTED)
    prompt, ignored = _prompt(wire, "system" if isinstance(body.get("system"), str) else "system.{}")
    generation = GenerationRequest(
        request_id=request_id,
        model=wire.model,
        prompts=(prompt,),
        max_tokens=wire.max_tokens,
        sampling=_sampling(wire),
        stop=tuple(wire.stop_sequences or ()),
        parallel_calls=not (wire.tool_choice is not None and wire.tool_choice.disable_parallel_tool_use),
        tenant=tenant,
        priority=Priority(wire.priority or Priority.INTERACTIVE),
        cache_salt=wire.cache_salt or "",
        explain_cache=bool(wire.cache_debug),
        timeout_s=wire.timeout,
        keep_alive_s=wire.keep_alive,
    )
    paths = dict.fromkeys((*ignored, *ignored_paths(wire, UNSUPPORTED)))
    return Parsed(generation, tuple(paths), bool(wire.stream))


def _sampling(wire: CountTokensRequest) -> SamplingOverrides:
    return SamplingOverrides(
        temperature=wire.temperature,
        top_k=wire.top_k,
        top_p=wire.top_p,
        min_p=wire.min_p,
        seed=wire.seed,
        repetition_penalty=wire.repetition_penalty,
        presence_penalty=wire.presence_penalty,
        frequency_penalty=wire.frequency_penalty,
    )


def _prompt(wire: CountTokensRequest, system_path: str) -> tuple[ChatPrompt, list[str]]:
    """The conversation, and the paths of what it leaves out."""
    hints, ignored = read_hints(wire.thinking, wire.output_config)
    tools, not_offered = _tools(wire)
    messages, left_out = conversation(wire, system_path)
    prompt = ChatPrompt(
        messages,
        wire.chat_template_kwargs or {},
        tools=tools,
        hints=hints,
        continues_last=_is_prefill(messages[-1]),
    )
    return prompt, [*left_out, *not_offered, *ignored]


def _tools(wire: CountTokensRequest) -> tuple[tuple[ToolDefinition, ...], list[str]]:
    """The tools that the model may call, and the paths of those that are not offered."""
    choice = wire.tool_choice
    if choice is not None and choice.type in ("any", "tool"):
        message = f"tool_choice {choice.type!r} is not supported yet: no call can be forced"
        raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param="tool_choice")
    offered, others = [], []
    for index, tool in enumerate(wire.tools or ()):
        if isinstance(tool, CustomTool):
            offered.append(ToolDefinition(tool.name, tool.description or "", tool.input_schema or {}))
        else:
            others.append(f"tools.{index}")
    # A model that may not call anything is not told of tools.
    return () if choice is not None and choice.type == "none" else tuple(offered), others


def _is_prefill(last: ChatMessage) -> bool:
    """Whether the answer goes on with the last message. Raises ApiError where it cannot."""
    if last.role != "assistant" or not last.content or last.tool_calls:
        return False
    if last.content != last.content.rstrip():
        raise ApiError(
            ErrorCode.INVALID_REQUEST,
            "messages: final assistant content cannot end with trailing whitespace",
            param=f"{last.path}.content",
        )
    return True
