"""Wire to request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest
from mlx_manager.mlx_server.domain.tools import ToolChoice
from mlx_manager.mlx_server.protocols.fields import ignored_paths, refuse_unsupported, validate
from mlx_manager.mlx_server.protocols.formats import format_of, one_format
from mlx_manager.mlx_server.protocols.openai_responses.conversation import Conversation
from mlx_manager.mlx_server.protocols.openai_responses.items import REFERENCE, RawItem, kind_of
from mlx_manager.mlx_server.protocols.openai_responses.schema import (
    ENCRYPTED_REASONING,
    LOGPROBS,
    UNSUPPORTED,
    ResponsesRequest,
)
from mlx_manager.mlx_server.protocols.openai_responses.tool_choice import is_named, read_choice
from mlx_manager.mlx_server.protocols.openai_responses.tools import CalledName, OfferedTools
from mlx_manager.mlx_server.protocols.reasoning import ReasoningWish


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is stored and a request goes on with.

    Attributes:
        items: of the responses before it, oldest first: what they were given and what they answered.
        referenced: items that its references name, by id.
    """

    items: Sequence[RawItem] = ()
    referenced: Mapping[str, RawItem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParsedResponses:
    """A request that was read.

    Attributes:
        items: its own input, references replaced by what they name.
        names: what the client calls the functions that were offered, by the name that the model knows.
        ignored: paths of what has no effect.
    """

    generation: GenerationRequest
    items: Sequence[RawItem]
    names: Mapping[str, CalledName]
    ignored: Sequence[str]


def read_request(body: Mapping[str, Any]) -> ResponsesRequest:
    """The body by its schema. Raises ApiError that names the field."""
    wire = validate(ResponsesRequest, body)
    refuse_unsupported(body, UNSUPPORTED)
    return wire


def referenced_ids(wire: ResponsesRequest) -> list[str]:
    """The ids of the items that the input only names. Raises ApiError that names the field."""
    references = [
        (item.get("id"), f"input.{index}.id")
        for index, item in enumerate(wire.input)
        if kind_of(item, f"input.{index}") == REFERENCE
    ]
    for item_id, path in references:
        if not isinstance(item_id, str):
            raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}: must be a string", param=path)
    return [str(item_id) for item_id, _ in references]


def parse_responses(
    wire: ResponsesRequest, request_id: str, tenant: str = "", earlier: Earlier | None = None
) -> ParsedResponses:
    """The request. Raises ApiError that names the field."""
    earlier = earlier or Earlier()
    tools = OfferedTools()
    tools.add(wire.tools or (), "tools")
    conversation = Conversation(wire.instructions, tools)
    for item in earlier.items:
        conversation.add(item, "previous_response_id", is_stored=True)
    items = [_resolved(item, index, earlier) for index, item in enumerate(wire.input)]
    for index, item in enumerate(items):
        conversation.add(item, f"input.{index}", is_stored=item is not wire.input[index])
    messages = conversation.messages()
    if not messages or not (items or earlier.items):
        raise ApiError(ErrorCode.INVALID_REQUEST, "input: there is nothing to answer", param="input")
    wish = ReasoningWish() if wire.reasoning is None else wire.reasoning.wish
    choice, choice_ignored = read_choice(wire.tool_choice, tools)
    prompt = ChatPrompt(
        messages,
        wire.chat_template_kwargs or {},
        tools=() if choice is None else tools.definitions,
        hints=wish.hints,
        tool_choice=choice or ToolChoice(),
    )
    ignored = [
        *ignored_paths(wire, UNSUPPORTED),
        *tools.ignored,
        *choice_ignored,
        *conversation.ignored,
        *_without_effect(wire),
    ]
    request = wish.of(_request(wire, prompt, request_id, tenant))
    return ParsedResponses(request, items, tools.names, ignored)


def _request(wire: ResponsesRequest, prompt: ChatPrompt, request_id: str, tenant: str) -> GenerationRequest:
    # max_tokens is the other dialects' name of the same.
    limit = wire.max_output_tokens if wire.max_output_tokens is not None else wire.max_tokens
    request = wire.request(
        (prompt,),
        request_id,
        tenant,
        max_tokens=limit,
        top_logprobs=(wire.top_logprobs or 0) if wire.wants_logprobs else None,
        prompt_field="input",
    )
    wanted = format_of(None if wire.text is None else wire.text.format, "text.format")
    # A tool that is named is called once.
    parallel = wire.parallel_tool_calls is not False and not is_named(wire.tool_choice)
    answer_format = one_format([wanted, *wire.stated_formats()], prompt.tool_choice)
    return replace(request, parallel_calls=parallel, answer_format=answer_format)


def _resolved(item: RawItem, index: int, earlier: Earlier) -> RawItem:
    if kind_of(item, f"input.{index}") != REFERENCE:
        return item
    found = earlier.referenced.get(item["id"])
    if found is None:
        path = f"input.{index}.id"
        raise ApiError(ErrorCode.NOT_FOUND, f"{path}: no item has the id {item['id']}", param=path)
    return found


def _without_effect(wire: ResponsesRequest) -> Iterator[str]:
    """Paths of fields that are known and ask for what does not happen here."""
    if wire.truncation == "auto":
        yield "truncation"  # nothing is ever cut off
    if wire.top_logprobs and not wire.wants_logprobs:
        yield "top_logprobs"
    for index, wanted in enumerate(wire.include or ()):
        if wanted not in (ENCRYPTED_REASONING, LOGPROBS):
            yield f"include.{index}"
