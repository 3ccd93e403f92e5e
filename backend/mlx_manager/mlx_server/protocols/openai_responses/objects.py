"""The response and its output items, as the wire has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from mlx_manager.mlx_server.domain.events import Usage
from mlx_manager.mlx_server.protocols.openai.wire import CacheDebug, TimingsBody
from mlx_manager.mlx_server.protocols.openai_chat.logprobs import ContentLogprob


class OutputText(Struct, frozen=True, tag_field="type", tag="output_text"):
    """A part of a message; annotations are what search tools would add."""

    text: str
    annotations: list[Any] = field(default_factory=list)
    logprobs: list[ContentLogprob] = field(default_factory=list)


class ReasoningText(Struct, frozen=True, tag_field="type", tag="reasoning_text"):
    """A part of the reasoning."""

    text: str


class MessageItem(Struct, frozen=True, tag_field="type", tag="message"):
    """What the assistant says; `status` is in_progress, completed or incomplete, as in the other items."""

    id: str
    status: str
    content: list[OutputText]
    role: str = "assistant"


class ReasoningItem(Struct, frozen=True, tag_field="type", tag="reasoning"):
    """What it thinks before."""

    id: str
    status: str
    content: list[ReasoningText]
    encrypted_content: str | UnsetType = UNSET
    summary: list[Any] = field(default_factory=list)


class FunctionCallItem(Struct, frozen=True, tag_field="type", tag="function_call"):
    """A call of a function; `namespace` where the client put the function into one."""

    id: str
    status: str
    call_id: str
    name: str
    arguments: str
    namespace: str | UnsetType = UNSET


class CustomToolCallItem(Struct, frozen=True, tag_field="type", tag="custom_tool_call"):
    """A call of a tool that is given text."""

    id: str
    status: str
    call_id: str
    name: str
    input: str
    namespace: str | UnsetType = UNSET


OutputItem = MessageItem | ReasoningItem | FunctionCallItem | CustomToolCallItem


class InputTokensDetails(Struct, frozen=True):
    """Where input tokens came from. What is newly kept of a prompt is not counted."""

    cached_tokens: int
    cache_write_tokens: int = 0


class OutputTokensDetails(Struct, frozen=True):
    """Where output tokens went."""

    reasoning_tokens: int


class ResponseUsage(Struct, frozen=True):
    """Token counts."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


class ResponseError(Struct, frozen=True):
    """Why a response failed; `code` is one of those that OpenAI's clients know."""

    code: str
    message: str


class IncompleteDetails(Struct, frozen=True):
    """Why a response is not whole."""

    reason: str


class TextBody(Struct, frozen=True):
    """What was asked of the text; `format` as the request had it."""

    format: Mapping[str, Any]
    verbosity: Any = UNSET


class ReasoningBody(Struct, frozen=True):
    """What was asked of the reasoning; there are no summaries."""

    effort: str | None = None
    summary: None = None


class ResponseBody(Struct, frozen=True, kw_only=True):
    """A response, from its first event to its end.

    Attributes:
        status: in_progress, completed, incomplete, failed or cancelled.
        tools: as the request had them, those included that were not offered.
        store: whether it can be asked for later.
    """

    id: str
    object: str = "response"
    created_at: int
    completed_at: int | None = None
    status: str = "in_progress"
    background: bool = False
    error: ResponseError | None = None
    incomplete_details: IncompleteDetails | None = None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: None = None
    model: str
    output: Sequence[OutputItem] = ()
    parallel_tool_calls: bool
    previous_response_id: str | None
    reasoning: ReasoningBody
    store: bool
    temperature: float | None
    text: TextBody
    tool_choice: Any
    tools: Sequence[Mapping[str, Any]]
    top_logprobs: int
    top_p: float | None
    truncation: str
    usage: ResponseUsage | None = None
    metadata: Mapping[str, str]
    timings: TimingsBody | UnsetType = UNSET
    cache_debug: CacheDebug | UnsetType = UNSET


def response_usage(usage: Usage) -> ResponseUsage:
    """The counts in this dialect's shape."""
    return ResponseUsage(
        usage.prompt_tokens,
        InputTokensDetails(usage.cached_tokens),
        usage.completion_tokens,
        OutputTokensDetails(usage.reasoning_tokens),
        usage.prompt_tokens + usage.completion_tokens,
    )
