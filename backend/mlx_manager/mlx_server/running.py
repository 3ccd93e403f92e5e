"""A request whose tokens come: they become text and events, until the one end."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.backends.base import (
    Broken,
    Read,
    Restored,
    Token,
    TokenEvent,
    TokenStream,
)
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    Event,
    EventBatches,
    Failed,
    Finished,
    FinishReason,
    PrefillProgress,
    TextDelta,
    Usage,
)
from mlx_manager.mlx_server.request_log import CLIENT_CLOSED_REQUEST, Phase, RequestRecord
from mlx_manager.mlx_server.text.output import OutputText

logger = logging.getLogger(__name__)


class RunningGeneration:
    """An accepted request: an async context manager, so that every way out frees what it holds.

    Args:
        record: is kept up to date with what comes.
        explain: says where the prompt left the prefix cache; None where nobody asked.

    Attributes:
        prompt_tokens: tokens of the rendered prompt.
    """

    def __init__(
        self,
        stream: TokenStream,
        output: OutputText,
        record: RequestRecord,
        resources: AsyncExitStack,
        explain: Callable[[Restored], CacheReport] | None = None,
    ) -> None:
        self.prompt_tokens = record.prompt_tokens
        self._record = record
        self._stream = stream
        self._output = output
        self._resources = resources
        self._drawn = 0
        self._restored = Restored(0, 0, ())
        self._explain = explain
        self._end: Finished | Failed | None = None
        self._closed = False
        self._expiry: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel the job if it still runs, and end the lease. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._expiry is not None:
            self._expiry.cancel()
        self._stream.cancel()
        await self._resources.aclose()
        logger.info("%s %s: %s", self._record.request_id, self._record.model, self._summary())

    async def events(self) -> EventBatches:
        """Every event up to and with the one `Finished` or `Failed`. Iterate once."""
        while self._end is None:
            batch = self._translate(await self._stream.next())
            self._record.note_tokens(self._drawn)
            if self._record.captured is not None:
                self._record.captured.answer += [
                    event.text for event in batch if isinstance(event, TextDelta)
                ]
            if batch and isinstance(end := batch[-1], Finished | Failed):
                self._end = end
                await self.close()  # the lease ends with the tokens, not with a slow reader
            if batch:
                yield batch

    def expire_at(self, deadline: float, message: str) -> None:
        """End it with an error if it still runs at this time of the event loop's clock."""
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_at(deadline, self.abort, ErrorCode.DEADLINE_EXCEEDED, message)

    def abort(self, code: ErrorCode, message: str) -> None:
        """End it from outside with this error, as a shutdown does."""
        self._stream.fail(Broken(code, message))

    def _translate(self, arrived: list[TokenEvent]) -> list[Event]:
        events: list[Event] = []
        for item in arrived:
            match item:
                case Restored():
                    self._restored = item
                    self._record.admitted_at = time.monotonic()
                    self._record.cached_tokens = self._record.read_tokens = item.cached_tokens
                case Read(done_tokens=done):
                    self._record.read_tokens = done
                    events.append(PrefillProgress(done, self.prompt_tokens))
                case Broken(code=code, message=message):
                    events.append(Failed(code, message))
                    break
                case Token(token_id=token_id, finish=finish, logprobs=logprobs):
                    self._drawn += 1
                    # The token that ends the sequence is a mark, not text.
                    if finish is not FinishReason.STOP:
                        events += self._output.push(token_id, logprobs)
                    if self._output.stopped or finish is not None:
                        events += self._finish(finish)
                        break
        return events

    def _finish(self, finish: FinishReason | None) -> list[Event]:
        deltas = self._output.finish()
        reason = FinishReason.STOP if self._output.stopped or finish is None else finish
        cached = self._restored.cached_tokens
        usage = Usage(self.prompt_tokens, self._drawn, self._output.reasoning_tokens, cached)
        report = None if self._explain is None else self._explain(self._restored)
        return [*deltas, Finished(reason, usage, report)]

    def outcome(self) -> tuple[Phase, str, int]:
        """How it ended, why, and the HTTP status that goes with it; a stream's was sent when it began."""
        match self._end:
            case Finished(reason=reason):
                return Phase.FINISHED, reason.value, 200
            case Failed(code=code):
                return Phase.FAILED, code.value, 200 if self._record.is_stream else code.status
            case _:
                return Phase.CANCELLED, "by the client", CLIENT_CLOSED_REQUEST

    def _summary(self) -> str:
        counts = f"{self.prompt_tokens} prompt tokens, {self._drawn} drawn"
        match self._end:
            case Finished(reason=reason):
                return f"{reason.value}, {counts}"
            case Failed(code=code):
                return f"failed with {code.value}, {counts}"
            case _:
                return f"cancelled by the client, {counts}"
