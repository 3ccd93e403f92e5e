"""An answer that is being written: what has come, how far it is, and who waits to hear of it."""

import asyncio
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from mlx_manager.chats.message_schemas import MessageView
from mlx_manager.chats.pieces import PendingPieces, Piece, PieceKind
from mlx_manager.db.tables.chats import MessageStatus


class AnswerPhase(StrEnum):
    """What the server does for an answer."""

    QUEUED = "queued"
    """It waits: for its model to be loaded, or for its turn."""
    READING = "reading"
    THINKING = "thinking"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an answer is. Numbers are the server's; None is what it has not said yet."""

    phase: AnswerPhase = AnswerPhase.QUEUED
    prompt_tokens: int | None = None
    read_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_per_second: float | None = None
    time_to_first_token_s: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What an answer is made of.

    Attributes:
        headers: the caller's own credential.
        last_id: the last message of the prompt.
        body: of the request, without its messages.
    """

    message_id: str
    chat_id: str
    user_id: str
    headers: dict[str, str] = field(repr=False)
    system_prompt: str
    last_id: str
    body: dict[str, Any]


class Answer:
    """One answer. Only the event loop's own thread touches it.

    Args:
        pieces: what has been stored of it already.

    Attributes:
        pieces: all that is stored, in order: what a listener may be shown.
        ended: the message once its end is stored.
        is_gone: it was deleted meanwhile.
        has_begun: its task runs; before that it cannot catch being cancelled.
        is_cancelled: somebody wants no more of it.
        end_as: what it becomes then.
    """

    def __init__(self, job: Job, pieces: list[Piece] | None = None) -> None:
        self.job = job
        self.pieces: list[Piece] = pieces or []
        self._pending = PendingPieces()
        self._unsaved: list[Piece] = []
        self.progress = Progress()
        self.ended: MessageView | None = None
        self.is_gone = False
        self.has_begun = False
        self.is_ending = False
        self.is_cancelled = False
        self.end_as = MessageStatus.INTERRUPTED
        self._changed = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.is_gone or self.ended is not None

    def take(self, kind: PieceKind, part: Any) -> None:
        """Something has come of the server."""
        self._pending.add(kind, part)
        phase = AnswerPhase.THINKING if kind is PieceKind.REASONING else AnswerPhase.WRITING
        if self.progress.phase is not phase:
            self.note(replace(self.progress, phase=phase))

    def note(self, progress: Progress) -> None:
        """It has come so far."""
        if progress != self.progress:
            self.progress = progress
            self.tell()

    @property
    def has_unsaved(self) -> bool:
        """Whether there is anything to store."""
        return bool(self._unsaved or self._pending)

    def unsaved(self) -> list[Piece]:
        """What is to be stored; the same again, and more, until it is published."""
        self._unsaved += self._pending.take(len(self.pieces) + len(self._unsaved))
        return list(self._unsaved)

    def publish(self, pieces: list[Piece]) -> None:
        """These, the first of what was unsaved, are stored now."""
        self.pieces += pieces
        del self._unsaved[: len(pieces)]
        self.tell()

    def end(self, message: MessageView | None) -> None:
        """Its end is stored; None where it was deleted."""
        self.ended, self.is_gone = message, message is None
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits."""
        event, self._changed = self._changed, asyncio.Event()
        event.set()

    async def wait_for_change(self, timeout_s: float) -> None:
        """Wait for anything new, at most so long. Nothing may be awaited between a look and this."""
        event = self._changed
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            pass

    async def wait_until_over(self) -> None:
        """Wait for its end to be stored."""
        while not self.is_over:
            await self._changed.wait()
