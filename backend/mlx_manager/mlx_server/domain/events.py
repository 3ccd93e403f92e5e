"""What a generation tells: deltas, the end of each choice, then exactly one `Finished` or `Failed`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlx_manager.core.errors import ErrorCode


class FinishReason(StrEnum):
    """Why a choice ended by itself."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one request.

    Attributes:
        prompt_tokens: tokens of the rendered prompts, each counted once however many choices it has.
        completion_tokens: tokens drawn for all choices, end-of-sequence tokens included.
        reasoning_tokens: those of them that belong to the reasoning.
        cached_tokens: tokens of the prompts that the prefix cache held before the request.
    """

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the parts of a request took, in seconds.

    Attributes:
        queue_s: from its arrival until the model's engine began with it, a load in between included.
        prefill_s: from there to the first token.
        first_token_s: from its arrival to the first token.
        total_s: from its arrival to the last token.
        tokens_per_second: of the answer after its first token; None where there was no more.
    """

    queue_s: float
    prefill_s: float
    first_token_s: float
    total_s: float
    tokens_per_second: float | None


@dataclass(frozen=True, slots=True)
class PrefillProgress:
    """So many of the prompts' tokens have been read."""

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
        choice: which of the request's choices it belongs to, as everywhere here.
    """

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of the reasoning; never empty."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """The model calls a tool; the text before the call has been told.

    Attributes:
        index: position among the calls of its choice.
    """

    index: int
    call_id: str
    name: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """The next piece of the arguments of the call that was started last; never empty."""

    index: int
    arguments: str
    choice: int = 0


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
class ChoiceFinished:
    """The end of one choice; nothing of it follows.

    Attributes:
        stop_sequence: the stop string that ended it, if one did.
    """

    reason: FinishReason
    stop_sequence: str | None = None
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a request that was answered; every choice has ended before."""

    usage: Usage
    cache: CacheReport | None = None
    timings: Timings | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a request that could not be answered, whatever of it had come.

    Attributes:
        by_client: whether its own client has ended it, on another connection.
    """

    code: ErrorCode
    message: str
    by_client: bool = False


Delta = TextDelta | ReasoningDelta | ToolCallStarted | ToolCallDelta
Event = PrefillProgress | Delta | ChoiceFinished | Finished | Failed

# What has come at once is handed on at once: a stream that lags writes several events in one go.
EventBatches = AsyncIterator[Sequence[Event]]
