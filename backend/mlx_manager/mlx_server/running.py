"""A request whose tokens come: its choices become events, until the one end."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Self

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.backends.base import Broken, Restored, TokenEvent
from mlx_manager.mlx_server.choice import Choice, failure
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    Event,
    EventBatches,
    Failed,
    Finished,
    PrefillProgress,
    TextDelta,
    Timings,
    Usage,
)
from mlx_manager.mlx_server.request_log import BY_ADMIN, CLIENT_CLOSED_REQUEST, Phase, RequestRecord

logger = logging.getLogger(__name__)

_NOTHING_RESTORED = Restored(0, 0, ())


class RunningGeneration:
    """An accepted request: an async context manager, so that every way out frees what it holds.

    Args:
        choices: in the order of their numbers.
        record: of the request; it is kept up to date with what comes.
        explain: says where the first prompt left the prefix cache; None where nobody asked.

    Attributes:
        record: what is known of the request.
        prompt_tokens: tokens of the rendered prompts, each counted once.
        ignored: paths of the request's fields that turned out to have no effect on this model.
    """

    def __init__(
        self,
        choices: Sequence[Choice],
        record: RequestRecord,
        resources: AsyncExitStack,
        explain: Callable[[Restored], CacheReport] | None = None,
        ignored: Sequence[str] = (),
    ) -> None:
        self.prompt_tokens = record.prompt_tokens
        self.ignored = tuple(ignored)
        self.record = record
        self._choices = choices
        self._resources = resources
        self._explain = explain
        self._arriving: dict[asyncio.Task[list[TokenEvent]], Choice] = {}
        self._is_writing = False
        self._end: Finished | Failed | None = None
        self._broken: Broken | None = None
        self._closed = False
        self._expiry: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel the jobs that still run, and end the lease. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._expiry is not None:
            self._expiry.cancel()
        for task in self._arriving:
            task.cancel()
        for choice in self._choices:
            choice.stream.cancel()
        await self._resources.aclose()
        logger.info("%s %s: %s", self.record.request_id, self.record.model, self._summary())

    async def events(self) -> EventBatches:
        """Every event up to and with the one `Finished` or `Failed`. Iterate once."""
        while self._end is None:
            batch = self._advance(await self._arrivals())
            if self._end is not None:
                await self.close()  # the lease ends with the tokens, not with a slow reader
            if batch:
                yield batch

    def expire_at(self, deadline: float, message: str) -> None:
        """End it with an error if it still runs at this time of the event loop's clock."""
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_at(deadline, self.abort, ErrorCode.DEADLINE_EXCEEDED, message)

    def abort(self, code: ErrorCode, message: str, *, by_client: bool = False) -> None:
        """End it from outside with this error, as a shutdown does."""
        self._broken = Broken(code, message, by_client)
        for choice in self._choices:
            choice.stream.fail(self._broken)

    async def _arrivals(self) -> list[tuple[Choice, list[TokenEvent]]]:
        """What has come of any choice; waits until there is something."""
        if self._closed and self._broken is not None:
            return [(self._choices[0], [self._broken])]  # its reader was too slow to see it come
        if len(self._choices) == 1:
            return [(self._choices[0], await self._choices[0].stream.next())]
        waited_for = self._arriving.values()
        for choice in self._choices:
            if choice.finish is None and choice not in waited_for:
                self._arriving[asyncio.ensure_future(choice.stream.next())] = choice
        done, _ = await asyncio.wait(self._arriving, return_when=asyncio.FIRST_COMPLETED)
        return [(self._arriving.pop(task), task.result()) for task in done]

    def _advance(self, arrivals: Sequence[tuple[Choice, list[TokenEvent]]]) -> list[Event]:
        # Once for each token of each stream: what need not be looked at is not.
        events: list[Event] = []
        has_ended = False
        for choice, arrived in arrivals:
            events += choice.translate(arrived)
            has_ended = has_ended or choice.finish is not None
            if events and isinstance(events[-1], Failed):
                self._end = events[-1]
                break
        if not self._is_writing and (progress := self._note_reading()) is not None:
            events.insert(0, progress)
        self._note_writing(events)
        if has_ended and self._end is None and all(choice.finish is not None for choice in self._choices):
            self._end = self._finished()
            events.append(self._end)
        return events

    def _note_reading(self) -> PrefillProgress | None:
        """Keep the record up to date on the prompts; what there is to tell of them."""
        record = self.record
        if record.admitted_at is None and any(choice.restored is not None for choice in self._choices):
            record.admitted_at = time.monotonic()
        if record.cache is not None and record.cache.restored is None and self._choices[0].restored:
            record.cache.note(self._choices[0].restored)
        record.cached_tokens = self._cached_tokens()
        before, record.read_tokens = record.read_tokens, sum(choice.read_tokens for choice in self._firsts())
        self._is_writing = all(choice.drawn_tokens for choice in self._choices)
        if record.read_tokens <= before:
            return None
        return PrefillProgress(record.read_tokens, self.prompt_tokens)

    def _note_writing(self, events: Sequence[Event]) -> None:
        """Keep the record up to date on the answers."""
        self.record.note_tokens(self._drawn_tokens)
        if self.record.captured is not None:
            for event in events:
                if isinstance(event, TextDelta):
                    self.record.captured.add(event.choice, event.text)

    def _firsts(self) -> list[Choice]:
        """The first choice of each prompt."""
        return list({choice.prompt_index: choice for choice in reversed(self._choices)}.values())

    @property
    def _drawn_tokens(self) -> int:
        if len(self._choices) == 1:
            return self._choices[0].drawn_tokens
        return sum(choice.drawn_tokens for choice in self._choices)

    def _cached_tokens(self) -> int:
        """Tokens that the prefix cache held before: a prompt's choices find what the first of them read."""
        held: dict[int, int] = {}
        for choice in self._choices:
            if choice.restored is not None:
                cached = choice.restored.cached_tokens
                held[choice.prompt_index] = min(held.get(choice.prompt_index, cached), cached)
        return sum(held.values())

    def _finished(self) -> Finished:
        reasoning = sum(choice.reasoning_tokens for choice in self._choices)
        usage = Usage(self.prompt_tokens, self._drawn_tokens, reasoning, self._cached_tokens())
        first = self._choices[0].restored or _NOTHING_RESTORED
        report = None if self._explain is None else self._explain(first)
        if self.record.cache is not None:
            self.record.cache.report = report
        return Finished(usage, report, _timings(self.record))

    def outcome(self) -> tuple[Phase, str, int]:
        """How it ended, why, and the HTTP status that goes with it; a stream's was sent when it began."""
        end = self._end
        if end is None and self._broken is not None:
            end = failure(self._broken)
        match end:
            case Finished():
                return Phase.FINISHED, self._reason, 200
            case Failed(by_client=True):
                return Phase.CANCELLED, "on request", 200
            case Failed(code=code):
                status = 200 if self.record.is_stream else code.status
                if code is ErrorCode.CANCELLED:
                    return Phase.CANCELLED, BY_ADMIN, status
                return Phase.FAILED, code.value, status
            case _:
                return Phase.CANCELLED, "by the client", CLIENT_CLOSED_REQUEST

    @property
    def _reason(self) -> str:
        """Why the first choice ended."""
        finish = self._choices[0].finish
        return "" if finish is None else finish.value

    def _summary(self) -> str:
        counts = f"{self.prompt_tokens} prompt tokens, {self._drawn_tokens} drawn"
        match self._end:
            case Finished():
                return f"{self._reason}, {counts}"
            case Failed(by_client=True):
                return f"cancelled on request, {counts}"
            case Failed(code=ErrorCode.CANCELLED):
                return f"cancelled {BY_ADMIN}, {counts}"
            case Failed(code=code):
                return f"failed with {code.value}, {counts}"
            case _:
                return f"cancelled by the client, {counts}"


def _timings(record: RequestRecord) -> Timings | None:
    """Of a request whose last token has just come."""
    if record.first_token_s is None:
        return None
    return Timings(
        queue_s=record.queue_s or 0.0,
        prefill_s=record.prefill_s or 0.0,
        first_token_s=record.first_token_s,
        total_s=time.monotonic() - record.begun_at,
        tokens_per_second=record.tokens_per_second,
    )
