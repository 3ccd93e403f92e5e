"""What every dialect's request becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the next token is drawn, applied in this order: temperature, top_k, top_p, min_p.

    Attributes:
        temperature: 0 is greedy.
        top_k: keep this many of the likeliest tokens; 0 keeps all.
        top_p: keep the likeliest tokens until their probabilities sum to this; 1 keeps all.
        min_p: keep tokens at least this times as likely as the likeliest; 0 keeps all.
        seed: the same seed gives the same tokens, alone and in any batch; None draws one.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class SamplingOverrides:
    """The sampling fields that a request stated; None leaves the model's own default."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    seed: int | None = None

    def over(self, defaults: SamplingParams) -> SamplingParams:
        """The defaults with every stated field replaced."""
        names = ("temperature", "top_k", "top_p", "min_p", "seed")
        stated = {name: value for name in names if (value := getattr(self, name)) is not None}
        return replace(defaults, **stated)


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation.

    Attributes:
        role: system, user, assistant or tool.
        content: the turn's text; empty where the wire had null.
        name: the speaker's name, given to the template.
        tool_call_id: the call that a tool's message answers.
        tool_calls: calls that an assistant's message made, in the wire's shape.
    """

    role: str
    content: str
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """A conversation, rendered by the model's own chat template."""

    messages: tuple[ChatMessage, ...]
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextPrompt:
    """Plain text to continue."""

    text: str


@dataclass(frozen=True, slots=True)
class TokenPrompt:
    """Token ids to continue, exactly as given."""

    token_ids: tuple[int, ...]


Prompt = ChatPrompt | TextPrompt | TokenPrompt


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One thing to generate, whatever the dialect it came in.

    Attributes:
        request_id: the `x-request-id`, for logs.
        model: the id as the client wrote it.
        max_tokens: most new tokens, or None for the server's default.
        stop: strings that end the text and are not part of it.
    """

    request_id: str
    model: str
    prompt: Prompt
    max_tokens: int | None = None
    sampling: SamplingOverrides = SamplingOverrides()
    stop: tuple[str, ...] = ()
