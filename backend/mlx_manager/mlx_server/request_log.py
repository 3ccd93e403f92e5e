"""Every request that runs, and the last ones that ran, for whoever wants to look."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from mlx_manager.core.ids import new_id
from mlx_manager.core.security.principal import Principal
from mlx_manager.mlx_server.text.cache_trace import CacheTrace, KeptConversations

if TYPE_CHECKING:
    from mlx_manager.mlx_server.tracing import GenerationSpan

_KEPT: Final = 100
CLIENT_CLOSED_REQUEST: Final = 499
"""The status of an answer that nobody waited for; logs read it."""
BY_ADMIN: Final = "by an administrator"
"""The detail of a request that one has cancelled."""


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
        model: the name that was asked for; empty until the body has been read.
        model_id: the model that answers, once that is known.
        arrived: seconds since the epoch, UTC.
        submitted_at: when the model's engine got it; None while the model is waited for.
        admitted_at: when the engine began with it; None while it is queued there.
        read_tokens: tokens of the prompt that have been read, or came from the prefix cache.
        outcome: how it ended; None while it runs.
        detail: the finish reason, or what went wrong.
        status: the HTTP status of its response; of a stream that had begun, 200 however it ended.
        captured: what was asked and answered, for who wants that kept.
        span: told of the end; None where the request is not traced.
        cache: tells where its prompt left the prefix cache; None before its tokens are known.
        task: what works on it before its tokens come; cancelling that ends it.
        is_cancelled: whether an administrator wants it ended.
    """

    request_id: str
    model: str = ""
    dialect: str = ""
    principal: Principal | None = None
    row_id: str = field(default_factory=lambda: new_id("inf"))
    is_stream: bool = False
    model_id: str | None = None
    arrived: float = field(default_factory=time.time)
    begun_at: float = field(default_factory=time.monotonic)
    submitted_at: float | None = None
    admitted_at: float | None = None
    first_token_at: float | None = None
    ended_at: float | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    read_tokens: int = 0
    completion_tokens: int = 0
    outcome: Phase | None = None
    detail: str = ""
    status: int | None = None
    captured: "CapturedText | None" = None
    span: "GenerationSpan | None" = None
    cache: CacheTrace | None = None
    task: "asyncio.Task[Any] | None" = None
    is_cancelled: bool = False

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

    @property
    def queue_s(self) -> float | None:
        """Seconds from its arrival until its model's engine began with it, a load in between included."""
        return None if self.admitted_at is None else self.admitted_at - self.begun_at

    @property
    def prefill_s(self) -> float | None:
        """Seconds from there to the first token."""
        if self.admitted_at is None or self.first_token_at is None:
            return None
        return self.first_token_at - self.admitted_at

    @property
    def first_token_s(self) -> float | None:
        """Seconds from its arrival to the first token."""
        return None if self.first_token_at is None else self.first_token_at - self.begun_at

    @property
    def total_s(self) -> float | None:
        """Seconds from its arrival to its end."""
        return None if self.ended_at is None else self.ended_at - self.begun_at

    @property
    def tokens_per_second(self) -> float | None:
        """Of the answer, after its first token."""
        if self.first_token_at is None or self.completion_tokens < 2:
            return None
        writing_s = (self.ended_at or time.monotonic()) - self.first_token_at
        return (self.completion_tokens - 1) / writing_s if writing_s > 0 else None

    def note_tokens(self, count: int) -> None:
        """So many tokens of the answer have come."""
        if count and self.first_token_at is None:
            self.first_token_at = time.monotonic()
            self.read_tokens = self.prompt_tokens
        self.completion_tokens = count

    def end(self, outcome: Phase, detail: str = "", status: int | None = None) -> None:
        """It is over; only the first end counts."""
        if self.outcome is None:
            self.outcome, self.detail, self.ended_at = outcome, detail, time.monotonic()
            self.status = status
            self.task = None
            if self.span is not None:
                self.span.end(self)

    def view(self) -> dict[str, Any]:
        """As JSON; durations in seconds, null before there is one."""
        now = time.monotonic() if self.ended_at is None else self.ended_at
        rate = self.tokens_per_second
        caller = self.principal
        return {
            "id": self.request_id,
            "row_id": self.row_id,
            "model": self.model,
            "model_id": self.model_id,
            "dialect": self.dialect,
            "is_stream": self.is_stream,
            "user_name": None if caller is None else caller.user_name,
            "key_id": None if caller is None else caller.key_id,
            "phase": self.phase.value,
            "is_running": self.outcome is None,
            "status": self.status,
            "arrived": self.arrived,
            "arrived_at": f"{datetime.fromtimestamp(self.arrived, UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "prompt_tokens": self.prompt_tokens,
            "cached_tokens": self.cached_tokens,
            "read_tokens": self.read_tokens,
            "completion_tokens": self.completion_tokens,
            "waited_s": round((self.submitted_at or now) - self.begun_at, 3),
            "queue_s": _rounded(self.queue_s),
            "prefill_s": _rounded(self.prefill_s),
            "time_to_first_token_s": _rounded(self.first_token_s),
            "tokens_per_second": None if rate is None else round(rate, 2),
            "total_s": round(now - self.begun_at, 3),
            "detail": self.detail,
        }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


@dataclass(slots=True)
class CapturedText:
    """The text of a request whose key has capture switched on.

    Attributes:
        prompt: as JSON, as it was sent.
        answers: pieces of each choice's text as they came.
    """

    prompt: str
    days: int
    answers: dict[int, list[str]] = field(default_factory=dict)

    def add(self, choice: int, text: str) -> None:
        """Take the next piece of a choice."""
        self.answers.setdefault(choice, []).append(text)

    @property
    def answer(self) -> str:
        """The text of all choices, in their order."""
        return "\n\n".join("".join(self.answers[choice]) for choice in sorted(self.answers))


class RequestObserver(Protocol):
    """Is told of each request when it arrives and when it is over. Must not block or raise."""

    def began(self, record: RequestRecord) -> None:
        """A request has come; little is known of it."""
        ...

    def ended(self, record: RequestRecord) -> None:
        """A request is over; its record does not change any more."""
        ...


class RequestLog:
    """The requests that run and the last hundred that have ended.

    Attributes:
        conversations: those that are kept for who asks of the prefix cache.
    """

    def __init__(self, observers: Sequence[RequestObserver] = ()) -> None:
        self.observers = list(observers)
        self._running: dict[RequestRecord, None] = {}
        self._ended: deque[RequestRecord] = deque()
        self._waiting: dict[RequestRecord, asyncio.Event] = {}
        self.conversations = KeptConversations()

    def begin(self, record: RequestRecord) -> RequestRecord:
        """A request has come."""
        self._running[record] = None
        for observer in self.observers:
            observer.began(record)
        return record

    def end(self, record: RequestRecord, outcome: Phase, detail: str = "", status: int | None = None) -> None:
        """A request is over; only the first end counts."""
        record.end(outcome, detail, status)
        if record in self._running:
            del self._running[record]
            if record.cache is not None and record.cache.restored is None:
                record.cache.close()
            self._ended.append(record)
            if len(self._ended) > _KEPT and (cache := self._ended.popleft().cache) is not None:
                cache.close()
            if (ended := self._waiting.pop(record, None)) is not None:
                ended.set()
            for observer in self.observers:
                observer.ended(record)

    async def wait_ended(self, record: RequestRecord, within_s: float) -> bool:
        """Wait until a request is over, but no longer than this; whether it is."""
        if record in self._running:
            ended = self._waiting.setdefault(record, asyncio.Event())
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), within_s)
        return record not in self._running

    def running(self) -> list[RequestRecord]:
        """Those that have not ended, oldest first."""
        return list(self._running)

    def records(self) -> list[RequestRecord]:
        """Those that have ended, oldest first, then those that run."""
        return [*self._ended, *self._running]
