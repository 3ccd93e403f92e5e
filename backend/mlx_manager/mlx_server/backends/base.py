"""What generation asks of any source of tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.domain.events import FinishReason
from mlx_manager.mlx_server.domain.guide import Guide
from mlx_manager.mlx_server.domain.request import Boundary, Priority, SamplingParams


@dataclass(frozen=True, slots=True)
class TokenJob:
    """A tokenised request.

    Attributes:
        stop_ids: token ids that end the sequence.
        top_logprobs: None asks for no logprobs; 0 for the drawn token's alone, n for the n likeliest, too.
        tenant: whose request it is; tenants take turns.
        cache_salt: prefixes are shared between jobs of one salt only.
        boundaries: ends of the prompt's messages, ascending.
        traceparent: the W3C trace context that it belongs to; empty where it is not traced.
        guide: what it is held to; its grammars have been checked. None leaves it free.
    """

    prompt_ids: Sequence[int]
    max_tokens: int
    stop_ids: Sequence[int]
    sampling: SamplingParams
    seed: int
    top_logprobs: int | None = None
    tenant: str = ""
    priority: Priority = Priority.INTERACTIVE
    cache_salt: str = ""
    boundaries: Sequence[Boundary] = ()
    traceparent: str = ""
    guide: Guide | None = None


@dataclass(frozen=True, slots=True)
class DrawnLogprobs:
    """Logprobs of one drawn token, at temperature 1, before bias and penalties.

    Attributes:
        logprob: the drawn token's.
        top: token ids and logprobs of the likeliest tokens, descending.
    """

    logprob: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Token:
    """One drawn token.

    Attributes:
        finish: why it is the last; None where it is not.
        is_mark: whether it only tells that the text has ended, and is no part of it.
    """

    token_id: int
    finish: FinishReason | None
    logprobs: DrawnLogprobs | None = None
    is_mark: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What the prefix cache held of the prompt; comes before the first `Read`.

    Attributes:
        cached_tokens: tokens that need not be read again.
        matched_tokens: tokens that agree with a stored prompt; more than `cached_tokens` where the
            model's state could not be taken up at that very place.
        stored_ids: some tokens that stood after the agreeing ones in what was stored.
    """

    cached_tokens: int
    matched_tokens: int
    stored_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """So many tokens of the prompt have been read."""

    done_tokens: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The job cannot go on; nothing follows.

    Attributes:
        by_client: whether its own client wants no more of it, and said so on another connection.
    """

    code: ErrorCode
    message: str
    by_client: bool = False


TokenEvent = Token | Restored | Read | Broken


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

    async def check_grammars(
        self, grammars: Sequence[str], vocabulary: Callable[[], str], stop_ids: Sequence[int]
    ) -> list[str]:
        """What keeps each grammar from being enforced; empty where nothing does.

        Args:
            vocabulary: gives the model's tokenizer as JSON of the tokenizers library; takes a while, and is
                asked once at most.
            stop_ids: the model's own.

        Raises:
            ApiError: the worker is gone.
        """
        ...

    def submit(self, job: TokenJob) -> TokenStream:
        """Start a job. Raises ApiError where it cannot be taken."""
        ...
