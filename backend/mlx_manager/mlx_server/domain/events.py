"""What a generation tells: any number of deltas, then exactly one `Finished` or `Failed`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlx_manager.core.errors import ErrorCode


class FinishReason(StrEnum):
    """Why a generation ended by itself."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one request.

    Attributes:
        prompt_tokens: tokens of the rendered prompt.
        completion_tokens: tokens drawn, the end-of-sequence token included.
        reasoning_tokens: those of them that belong to the reasoning.
        cached_tokens: tokens of the prompt that the prefix cache held.
    """

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class PrefillProgress:
    """So many of the prompt's tokens have been read."""

    done_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class TokenAlternative:
    """A token that could have been drawn.

    Attributes:
        text: the token alone, as text; bytes that are no whole character show as U+FFFD.
        token_bytes: its bytes.
        logprob: natural logarithm of its probability at temperature 1, before bias and penalties.
    """

    token_id: int
    text: str
    token_bytes: bytes
    logprob: float


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A drawn token with the likeliest alternatives, descending.

    Attributes:
        text_offset: characters of the generated text that were whole before this token.
    """

    token: TokenAlternative
    top: tuple[TokenAlternative, ...] = ()
    text_offset: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer; empty only where `logprobs` is not.

    Attributes:
        logprobs: of the tokens drawn since the last delta, where they were asked for.
    """

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of the reasoning; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class CacheReport:
    """Where a prompt left what the prefix cache held.

    Attributes:
        cached_tokens: tokens that were not read again.
        matched_tokens: tokens that agree with a stored prompt.
        prompt_tokens: tokens of the prompt.
        prompt_text: the prompt's text from the first differing token on, cut short.
        stored_text: what was stored there instead.
        message_index: index of the message that the first differing token lies in, or None.
        role: that message's role, or None.
        diverged_at: position of the first token that differs from what was stored, or None where
            nothing differs: the prompt goes on after what was stored, or nothing was stored.
    """

    cached_tokens: int
    matched_tokens: int
    prompt_tokens: int
    prompt_text: str
    stored_text: str
    message_index: int | None
    role: str | None
    diverged_at: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a request that was answered."""

    reason: FinishReason
    usage: Usage
    cache: CacheReport | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a request that could not be answered."""

    code: ErrorCode
    message: str


Event = PrefillProgress | TextDelta | ReasoningDelta | Finished | Failed

# What has come at once is handed on at once: a stream that lags writes several events in one go.
EventBatches = AsyncIterator[Sequence[Event]]
