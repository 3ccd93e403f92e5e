"""The tables leave nothing out: not what SDKs can send, nor what our schemas know, nor what clients send."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from openai.types import completion_create_params as completions
from openai.types.chat import completion_create_params as chat

from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.openai_chat import schema as chat_schema
from mlx_manager.mlx_server.protocols.openai_completions import schema as completions_schema
from tests.conformance.openai_chat import CHAT
from tests.conformance.openai_completions import COMPLETIONS
from tests.conformance.record import Endpoint, Treatment
from tests.conformance.schema_types import schema_paths
from tests.conformance.sdk_types import sdk_paths
from tests.conformance.tables import TABLES

SDK_TYPES: Final = [
    (CHAT, chat.CompletionCreateParamsNonStreaming),
    (CHAT, chat.CompletionCreateParamsStreaming),
    (COMPLETIONS, completions.CompletionCreateParamsNonStreaming),
    (COMPLETIONS, completions.CompletionCreateParamsStreaming),
]
SCHEMAS: Final = [
    (CHAT, chat_schema.ChatCompletionRequest, chat_schema.UNSUPPORTED),
    (COMPLETIONS, completions_schema.CompletionRequest, completions_schema.UNSUPPORTED),
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
}


class Names:
    """What an endpoint's table says of a path."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._treatments: dict[str, set[Treatment]] = {}
        for entry in endpoint.fields:
            for path in {entry.path, entry.name}:
                self._treatments.setdefault(path, set()).add(entry.treatment)

    def lack(self, path: str) -> bool:
        """Whether neither it nor anything inside of it has a line."""
        return not any(name == path or name.startswith((f"{path}.", f"{path}=")) for name in self._treatments)

    def enter(self, path: str) -> bool:
        """Whether what is inside of it counts for itself: not where it is refused or ignored as a whole."""
        return Treatment.HONOURED in self._treatments.get(path, {Treatment.HONOURED})


def name_of(case: Any) -> str | None:
    """A test's name for an endpoint or a type."""
    return case.path if isinstance(case, Endpoint) else getattr(case, "__name__", "-")


@pytest.mark.parametrize(("endpoint", "parameters"), SDK_TYPES, ids=name_of)
def test_every_field_of_the_sdk_has_a_line(endpoint: Endpoint, parameters: Any) -> None:
    names = Names(endpoint)
    assert [path for path in dict.fromkeys(sdk_paths(parameters, names.enter)) if names.lack(path)] == []


@pytest.mark.parametrize(("endpoint", "schema", "unsupported"), SCHEMAS, ids=name_of)
def test_every_field_of_our_schema_has_a_line(
    endpoint: Endpoint, schema: type[WireModel], unsupported: Mapping[str, Any]
) -> None:
    names = Names(endpoint)
    assert [path for path in (*schema_paths(schema, names.enter), *unsupported) if names.lack(path)] == []


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
