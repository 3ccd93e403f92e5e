"""What generation asks of any source of tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.domain.events import FinishReason
from mlx_manager.mlx_server.domain.request import SamplingParams


@dataclass(frozen=True, slots=True)
class TokenJob:
    """A tokenised request.

    Attributes:
        stop_ids: token ids that end the sequence.
    """

    prompt_ids: Sequence[int]
    max_tokens: int
    stop_ids: Sequence[int]
    sampling: SamplingParams
    seed: int


@dataclass(frozen=True, slots=True)
class Token:
    """One drawn token; `finish` is set on the last."""

    token_id: int
    finish: FinishReason | None


@dataclass(frozen=True, slots=True)
class Read:
    """So many tokens of the prompt have been read."""

    done_tokens: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The job cannot go on; nothing follows."""

    code: ErrorCode
    message: str


TokenEvent = Token | Read | Broken


class TokenStream(Protocol):
    """A job that runs. One reader."""

    async def next(self) -> list[TokenEvent]:
        """All that has come since the last call; waits until there is something."""
        ...

    def cancel(self) -> None:
        """Stop the job; it costs no step after the one that runs now. Safe to call at any time."""
        ...

    def fail(self, broken: Broken) -> None:
        """Stop the job and tell its reader why."""
        ...


class Backend(Protocol):
    """A resident model."""

    @property
    def vocab_size(self) -> int:
        """Ids at or above this are not tokens."""
        ...

    def submit(self, job: TokenJob) -> TokenStream:
        """Start a job. Raises ApiError where it cannot be taken."""
        ...
