"""What a generation tells: any number of deltas, then exactly one `Finished` or `Failed`."""

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
    """

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class PrefillProgress:
    """So many of the prompt's tokens have been read."""

    done_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of the reasoning; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a request that was answered."""

    reason: FinishReason
    usage: Usage


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a request that could not be answered."""

    code: ErrorCode
    message: str


Event = PrefillProgress | TextDelta | ReasoningDelta | Finished | Failed
