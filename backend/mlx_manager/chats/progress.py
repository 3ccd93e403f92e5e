"""How far the server is with answers, as its own events tell.

The stream of an answer says nothing while its prompt is read; `/admin/events` does, of every request. It is
asked on the manager's own account, once for all answers, and only what the manager itself has asked for is
looked at: an answer's request has its message's id.
"""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from typing import Final

import msgspec
from msgspec import Struct

from mlx_manager.chats.answer import Answer, AnswerPhase
from mlx_manager.chats.server_stream import payloads
from mlx_manager.core.errors import ApiError
from mlx_manager.server.client import ServerClient, refusal

logger = logging.getLogger(__name__)

_RETRY_S: Final = 2.0


class _Record(Struct):
    """What is used of an event `request`; other events have no `phase`."""

    id: str = ""
    phase: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    read_tokens: int = 0
    completion_tokens: int = 0
    time_to_first_token_s: float | None = None
    tokens_per_second: float | None = None


_decode = msgspec.json.Decoder(_Record).decode


class ProgressWatch:
    """Listens to the server while there are answers to watch."""

    def __init__(self, server: ServerClient) -> None:
        self._server = server
        self._answers: dict[str, Answer] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(self, answer: Answer) -> None:
        """Tell an answer how far it is from now on."""
        self._answers[answer.job.message_id] = answer
        if self._task is None:
            self._task = asyncio.create_task(self._listen())

    def forget(self, message_id: str) -> None:
        """It has ended."""
        self._answers.pop(message_id, None)
        if not self._answers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._follow()
            except ApiError as error:
                logger.debug("the server does not say how far answers are: %s", error)
            except Exception:
                logger.exception("following the server's events failed")
            await asyncio.sleep(_RETRY_S)

    async def _follow(self) -> None:
        async with self._server.stream("GET", "/admin/events") as response:
            if response.is_error:
                await response.aread()
                raise refusal(response)
            async with aclosing(payloads(response.aiter_bytes())) as events:
                async for payload in events:
                    self._take(payload)

    def _take(self, payload: bytes) -> None:
        try:
            record = _decode(payload)
        except msgspec.DecodeError:
            return  # of an event of another kind
        if (answer := self._answers.get(record.id)) is not None and record.phase:
            _note(answer, record)


def _note(answer: Answer, record: _Record) -> None:
    before = answer.progress
    phase = before.phase
    if phase in (AnswerPhase.QUEUED, AnswerPhase.READING):
        # Once tokens are drawn, what they are is told by the answer's own stream.
        phase = AnswerPhase.READING if record.read_tokens else AnswerPhase.QUEUED
    answer.note(
        replace(
            before,
            phase=phase,
            prompt_tokens=record.prompt_tokens or None,
            read_tokens=record.read_tokens,
            cached_tokens=record.cached_tokens,
            completion_tokens=record.completion_tokens,
            tokens_per_second=record.tokens_per_second,
            time_to_first_token_s=record.time_to_first_token_s,
        )
    )
