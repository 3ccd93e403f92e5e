"""A request of each dialect, parsed: for tests of what all of them can say."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest
from mlx_manager.mlx_server.protocols.anthropic_messages.parse import parse_messages
from mlx_manager.mlx_server.protocols.fields import ignored_paths
from mlx_manager.mlx_server.protocols.openai_chat.parse import parse_chat
from mlx_manager.mlx_server.protocols.openai_chat.schema import UNSUPPORTED as CHAT_UNSUPPORTED
from mlx_manager.mlx_server.protocols.openai_completions.parse import parse_completion
from mlx_manager.mlx_server.protocols.openai_completions.schema import UNSUPPORTED as COMPLETION_UNSUPPORTED
from mlx_manager.mlx_server.protocols.openai_responses.parse import parse_responses, read_request

USER: Final = {"role": "user", "content": "hi"}


class Parsed(NamedTuple):
    """What any dialect makes of a body."""

    request: GenerationRequest
    ignored: list[str]

    @property
    def prompt(self) -> ChatPrompt:
        """Its conversation."""
        (prompt,) = self.request.prompts
        assert isinstance(prompt, ChatPrompt)
        return prompt


def chat(**fields: Any) -> Parsed:
    request, wire = parse_chat({"model": "m", "messages": [USER], **fields}, "r")
    return Parsed(request, list(ignored_paths(wire, CHAT_UNSUPPORTED)))


def completion(**fields: Any) -> Parsed:
    request, wire = parse_completion({"model": "m", "prompt": "x", **fields}, "r")
    return Parsed(request, list(ignored_paths(wire, COMPLETION_UNSUPPORTED)))


def responses(**fields: Any) -> Parsed:
    parsed = parse_responses(read_request({"model": "m", "input": [USER], **fields}), "r")
    return Parsed(parsed.generation, list(parsed.ignored))


def messages(**fields: Any) -> Parsed:
    parsed = parse_messages({"model": "m", "messages": [USER], "max_tokens": 9, **fields}, "r")
    return Parsed(parsed.generation, list(parsed.ignored))


Parse = Callable[..., Parsed]
DIALECTS: Final[list[Parse]] = [chat, completion, responses, messages]


def refusal(parse: Parse, **fields: Any) -> tuple[ErrorCode, str | None]:
    """The code and the field of the error that the body is refused with."""
    with pytest.raises(ApiError) as caught:
        parse(**fields)
    assert caught.value.param
    return caught.value.code, caught.value.param
