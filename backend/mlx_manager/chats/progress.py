"""How far the server is with answers, as its own events tell.

The stream of an answer says nothing while its prompt is read; the server's events do, of every request. Only
what the manager itself has asked for is looked at: an answer's request has its message's id.
"""

from contextlib import ExitStack
from dataclasses import replace

import msgspec
from msgspec import Struct

from mlx_manager.chats.answer import Answer, AnswerPhase
from mlx_manager.server.server_events import ServerEvents


class _Record(Struct):
    """What is used of an event `request`."""

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

    def __init__(self, events: ServerEvents) -> None:
        self._events = events
        self._answers: dict[str, Answer] = {}
        self._listening = ExitStack()

    def watch(self, answer: Answer) -> None:
        """Tell an answer how far it is from now on."""
        if not self._answers:
            self._listening.enter_context(self._events.listening(self._take))
        self._answers[answer.job.message_id] = answer

    def forget(self, message_id: str) -> None:
        """It has ended."""
        self._answers.pop(message_id, None)
        if not self._answers:
            self._listening.close()

    def _take(self, name: str, data: bytes) -> None:
        if name != "request":
            return
        record = _decode(data)
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
