"""The tables leave nothing out: not what SDKs can send, nor what our schemas know, nor what clients send."""

from importlib import import_module
from typing import Any, Final

import pytest
from anthropic.types import message_count_tokens_params as count
from anthropic.types import message_create_params as messages
from anthropic.types.beta import message_count_tokens_params as beta_count
from anthropic.types.beta import message_create_params as beta_messages
from openai.types import completion_create_params as completions
from openai.types.chat import completion_create_params as chat
from openai.types.responses import response_create_params as responses

from tests.conformance.anthropic_messages import COUNT_TOKENS, MESSAGES_ENDPOINT
from tests.conformance.openai_chat import CHAT
from tests.conformance.openai_completions import COMPLETIONS
from tests.conformance.openai_responses import RESPONSES
from tests.conformance.record import Endpoint, Treatment
from tests.conformance.schema_types import schema_paths
from tests.conformance.sdk_types import sdk_paths
from tests.conformance.tables import TABLES
from tests.conformance.tokens import APPLY_TEMPLATE, DETOKENIZE, TOKENIZE

SDK_TYPES: Final = [
    (CHAT, chat.CompletionCreateParamsNonStreaming),
    (CHAT, chat.CompletionCreateParamsStreaming),
    (COMPLETIONS, completions.CompletionCreateParamsNonStreaming),
    (COMPLETIONS, completions.CompletionCreateParamsStreaming),
    (RESPONSES, responses.ResponseCreateParamsNonStreaming),
    (RESPONSES, responses.ResponseCreateParamsStreaming),
    (MESSAGES_ENDPOINT, messages.MessageCreateParamsNonStreaming),
    (MESSAGES_ENDPOINT, messages.MessageCreateParamsStreaming),
    (MESSAGES_ENDPOINT, beta_messages.MessageCreateParamsNonStreaming),
    (MESSAGES_ENDPOINT, beta_messages.MessageCreateParamsStreaming),
    (COUNT_TOKENS, count.MessageCountTokensParams),
    (COUNT_TOKENS, beta_count.MessageCountTokensParams),
]
SCHEMAS: Final = [
    (CHAT, "openai_chat", "ChatCompletionRequest"),
    (APPLY_TEMPLATE, "openai_chat", "ChatCompletionRequest"),
    (COMPLETIONS, "openai_completions", "CompletionRequest"),
    (TOKENIZE, "tokens", "TokenizeRequest"),
    (DETOKENIZE, "tokens", "DetokenizeRequest"),
    (RESPONSES, "openai_responses", "ResponsesRequest"),
    (MESSAGES_ENDPOINT, "anthropic_messages", "MessagesRequest"),
    (COUNT_TOKENS, "anthropic_messages", "CountTokensRequest"),
]
# What clients have been seen to send.
SEEN: Final[dict[str, tuple[str, ...]]] = {
    "/v1/chat/completions": (
        "stream_options",
        "parallel_tool_calls",
        "service_tier",
        "store",
        "user",
        "metadata",
        "seed",
        "logprobs",
        "top_logprobs",
        "reasoning_effort",
        "verbosity",
        "prompt_cache_key",
        "safety_identifier",
        "max_tokens",
        "max_completion_tokens",
        "messages.N.role=developer",
        "messages.N.name",
        "messages.N.content=string",
        "messages.N.content=list",
        "messages.N.content=null",
        "messages.N.tool_calls",
        "tools",
        "response_format.type=json_object",
        "response_format.type=json_schema",
    ),
    "/v1/messages": (
        "system=list",
        "system.N.cache_control",
        "messages.N.role=system",
        "thinking.type=adaptive",
        "thinking.type=enabled",
        "thinking.budget_tokens",
        "thinking.display",
        "output_config.effort",
        "output_config.format",
        "context_management",
        "metadata",
        "safeguards",
        "service_tier",
        "tools.N.type=custom",
        "tools.N.type=web_search_20250305",
        "messages.N.content.N.content.N.type=tool_reference",
        "tool_choice.type=any",
        "tool_choice.type=auto",
        "tool_choice.type=tool",
        "tool_choice.type=none",
        "tool_choice.disable_parallel_tool_use",
        "messages.N.content.N.is_error",
        "messages.N.content.N.type=thinking",
    ),
    "/v1/messages/count_tokens": (
        "tools.N.defer_loading",
        "tools.N.eager_input_streaming",
        "tools.N.type=custom",
    ),
    "/v1/responses": (
        "store",
        "include=reasoning.encrypted_content",
        "prompt_cache_key",
        "client_metadata",
        "reasoning.effort",
        "reasoning.summary",
        "reasoning.context",
        "text.verbosity",
        "text.format.type=json_schema",
        "parallel_tool_calls",
        "instructions",
        "input.N.role=developer",
        "input.N.id",
        "input.N.type=additional_tools",
        "tools.N.type=function",
        "tools.N.type=namespace",
        "tools.N.type=web_search",
        "tools.N.type=custom",
        "tools.N.type=tool_search",
        "tools.N.type=local_shell",
    ),
}


class Names:
    """What an endpoint's table says of a path."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._treatments: dict[str, set[Treatment]] = {}
        for entry in endpoint.fields:
            for path in {entry.name, *(one.path for one in entry.each())}:
                self._treatments.setdefault(path, set()).add(entry.treatment)
        self._whole = {entry.path for entry in endpoint.fields if entry.is_whole}

    def lack(self, path: str) -> bool:
        """Whether neither it nor anything inside of it has a line."""
        return not any(name == path or name.startswith((f"{path}.", f"{path}=")) for name in self._treatments)

    def enter(self, path: str) -> bool:
        """Whether what is inside of it counts for itself: not where it is refused or ignored as a whole."""
        if path in self._whole:
            return False
        return Treatment.HONOURED in self._treatments.get(path, {Treatment.HONOURED})


def name_of(case: Any) -> str | None:
    """A test's name for an endpoint or a type."""
    return case.path if isinstance(case, Endpoint) else getattr(case, "__name__", str(case))


@pytest.mark.parametrize(("endpoint", "parameters"), SDK_TYPES, ids=name_of)
def test_every_field_of_the_sdk_has_a_line(endpoint: Endpoint, parameters: Any) -> None:
    names = Names(endpoint)
    assert [path for path in dict.fromkeys(sdk_paths(parameters, names.enter)) if names.lack(path)] == []


@pytest.mark.parametrize(("endpoint", "package", "schema"), SCHEMAS, ids=name_of)
def test_every_field_of_our_schema_has_a_line(endpoint: Endpoint, package: str, schema: str) -> None:
    module = import_module(f"mlx_manager.mlx_server.protocols.{package}.schema")
    names = Names(endpoint)
    paths = [*schema_paths(getattr(module, schema), names.enter), *getattr(module, "UNSUPPORTED", ())]
    assert [path for path in paths if names.lack(path)] == []


@pytest.mark.parametrize("endpoint", TABLES, ids=name_of)
def test_what_clients_send_has_a_line(endpoint: Endpoint) -> None:
    names = Names(endpoint)
    assert [path for path in SEEN.get(endpoint.path, ()) if names.lack(path)] == []


@pytest.mark.parametrize("endpoint", TABLES, ids=name_of)
def test_no_line_twice_and_none_without_a_test(endpoint: Endpoint) -> None:
    lines = [(entry.path, entry.treatment) for entry in endpoint.fields]
    assert len(set(lines)) == len(lines)
    for entry in endpoint.fields:
        assert (entry.effect is not None) == (entry.treatment is Treatment.HONOURED), entry.path
        if entry.treatment in (Treatment.REFUSED, Treatment.IGNORED):
            assert entry.example is not None, entry.path
