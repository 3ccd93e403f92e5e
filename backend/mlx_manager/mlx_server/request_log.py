"""Every request that runs, and the last ones that ran, for whoever wants to look."""

import time
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mlx_manager.mlx_server.tracing import GenerationSpan

_KEPT: Final = 100


class Phase(StrEnum):
    """How far a request has come."""

    WAITING = "waiting"
    QUEUED = "queued"
    READING = "reading"
    WRITING = "writing"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(slots=True, eq=False)
class RequestRecord:
    """What is known of one request. Times are in seconds of a monotonic clock, but for `arrived`.

    Attributes:
        model: the name that was asked for.
        arrived: seconds since the epoch, UTC.
        submitted_at: when the model's engine got it; None while the model is waited for.
        read_tokens: tokens of the prompt that have been read, or came from the prefix cache.
        outcome: how it ended; None while it runs.
        detail: the finish reason, or what went wrong.
        span: told of the end; None where the request is not traced.
    """

    request_id: str
    model: str
    arrived: float = field(default_factory=time.time)
    begun_at: float = field(default_factory=time.monotonic)
    submitted_at: float | None = None
    first_token_at: float | None = None
    ended_at: float | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    read_tokens: int = 0
    completion_tokens: int = 0
    outcome: Phase | None = None
    detail: str = ""
    span: "GenerationSpan | None" = None

    @property
    def phase(self) -> Phase:
        """Where it is now."""
        if self.outcome is not None:
            return self.outcome
        if self.completion_tokens:
            return Phase.WRITING
        if self.read_tokens:
            return Phase.READING
        return Phase.WAITING if self.submitted_at is None else Phase.QUEUED

    def note_tokens(self, count: int) -> None:
        """So many tokens of the answer have come."""
        if count and self.first_token_at is None:
            self.first_token_at = time.monotonic()
            self.read_tokens = self.prompt_tokens
        self.completion_tokens = count

    def end(self, outcome: Phase, detail: str = "") -> None:
        """It is over; only the first end counts."""
        if self.outcome is None:
            self.outcome, self.detail, self.ended_at = outcome, detail, time.monotonic()
            if self.span is not None:
                self.span.end(self)

    def view(self) -> dict[str, Any]:
        """As JSON; durations in seconds, null before there is one."""
        now = time.monotonic() if self.ended_at is None else self.ended_at
        first = self.first_token_at
        writing_s = None if first is None else now - first
        rate = None
        if writing_s and self.completion_tokens > 1:
            rate = round((self.completion_tokens - 1) / writing_s, 2)
        return {
            "id": self.request_id,
            "model": self.model,
            "phase": self.phase.value,
            "arrived": self.arrived,
            "prompt_tokens": self.prompt_tokens,
            "cached_tokens": self.cached_tokens,
            "read_tokens": self.read_tokens,
            "completion_tokens": self.completion_tokens,
            "waited_s": round((self.submitted_at or now) - self.begun_at, 3),
            "time_to_first_token_s": None if first is None else round(first - self.begun_at, 3),
            "tokens_per_second": rate,
            "total_s": round(now - self.begun_at, 3),
            "detail": self.detail,
        }


class RequestLog:
    """The requests that run and the last hundred that have ended."""

    def __init__(self) -> None:
        self._running: dict[RequestRecord, None] = {}
        self._ended: deque[RequestRecord] = deque(maxlen=_KEPT)

    def begin(self, request_id: str, model: str) -> RequestRecord:
        """A request has come."""
        record = RequestRecord(request_id, model)
        self._running[record] = None
        return record

    def end(self, record: RequestRecord, outcome: Phase, detail: str = "") -> None:
        """A request is over; only the first end counts."""
        record.end(outcome, detail)
        if record in self._running:
            del self._running[record]
            self._ended.append(record)

    def records(self) -> list[RequestRecord]:
        """Those that have ended, oldest first, then those that run."""
        return [*self._ended, *self._running]
