"""Wire to request."""

from collections.abc import Mapping, Sequence
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
from mlx_manager.mlx_server.domain.tools import ToolChoice, ToolDefinition
from mlx_manager.mlx_server.protocols.anthropic_messages.conversation import conversation
from mlx_manager.mlx_server.protocols.anthropic_messages.hints import read_wish
from mlx_manager.mlx_server.protocols.anthropic_messages.output_format import stated_formats
from mlx_manager.mlx_server.protocols.anthropic_messages.schema import (
    UNSUPPORTED,
    CountTokensRequest,
    CustomTool,
    FreeChoice,
    MessagesRequest,
    NamedChoice,
)
from mlx_manager.mlx_server.protocols.fields import ignored_paths, refuse_unsupported, validate
from mlx_manager.mlx_server.protocols.formats import one_format
from mlx_manager.mlx_server.protocols.reasoning import ReasoningWish
from mlx_manager.mlx_server.protocols.tools import check_names, choice_of


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
    wish = read_wish(wire.thinking, wire.output_config)
    prompt, ignored = _prompt(wire, wish, "system" if isinstance(body.get("system"), str) else "system.{}")
    formats = list(stated_formats(wire, ignored))
    generation = GenerationRequest(
        request_id=request_id,
        model=wire.model,
        prompts=(prompt,),
        max_tokens=wire.max_tokens,
        sampling=_sampling(wire),
        stop=tuple(wire.stop_sequences or ()),
        parallel_calls=not (wire.tool_choice is not None and wire.tool_choice.disable_parallel_tool_use),
        answer_format=one_format(formats, prompt.tool_choice, continues_last=prompt.continues_last),
        reasoning_budget=wish.budget,
        reasoning_budget_path=wish.budget_path,
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


def _prompt(wire: CountTokensRequest, wish: ReasoningWish, system_path: str) -> tuple[ChatPrompt, list[str]]:
    """The conversation, and the paths of what it leaves out."""
    tools, not_offered = _tools(wire)
    messages, left_out = conversation(wire, system_path)
    prompt = ChatPrompt(
        messages,
        wire.chat_template_kwargs or {},
        # A model that may not call anything is not told of tools.
        tools=() if _is_none(wire.tool_choice) else tools,
        hints=wish.hints,
        continues_last=_is_prefill(messages[-1]),
        tool_choice=_choice(wire.tool_choice, tools),
    )
    return prompt, [*left_out, *not_offered, *wish.ignored]


def _tools(wire: CountTokensRequest) -> tuple[tuple[ToolDefinition, ...], list[str]]:
    """The client's tools, and the paths of those that cannot be offered. Raises ApiError."""
    offered, others = [], []
    for index, tool in enumerate(wire.tools or ()):
        path = f"tools.{index}"
        if isinstance(tool, CustomTool):
            offered.append(
                ToolDefinition(
                    tool.name,
                    tool.description or "",
                    tool.input_schema or {},
                    is_strict=bool(tool.strict),
                    path=path,
                    schema_path=f"{path}.input_schema",
                )
            )
        else:
            others.append(path)
    check_names(offered)
    return tuple(offered), others


def _is_none(choice: FreeChoice | NamedChoice | None) -> bool:
    return choice is not None and choice.type == "none"


def _choice(choice: FreeChoice | NamedChoice | None, tools: Sequence[ToolDefinition]) -> ToolChoice:
    """What of the tools may be called. Raises ApiError where it cannot be made of them."""
    if isinstance(choice, NamedChoice):
        return choice_of(tools, is_required=True, names=[choice.name])
    if choice is not None and choice.type == "any":
        return choice_of(tools, is_required=True)
    return ToolChoice()


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
