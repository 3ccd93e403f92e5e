"""Streams of events: an answer's, and a user's.

A listener asks for what is new by its number, so a slow one makes nobody keep anything for it.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Final

from pydantic import BaseModel
from sse_starlette import ServerSentEvent
from starlette.requests import Request

from mlx_manager.chats import storing
from mlx_manager.chats.answer import Answer
from mlx_manager.chats.changes import ChangeHub
from mlx_manager.chats.event_schemas import ChangeEvent, DeletedEvent, PieceEvent, ResyncEvent, phase_event
from mlx_manager.chats.messages import view_message
from mlx_manager.chats.pieces import Piece
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ChatMessage
from mlx_manager.db.tables.chats import MessageStatus

_ASK_S: Final = 1.0
"""How often it is asked whether a listener may still listen."""
_POLL_S: Final = 0.5
_POLLED_PIECES: Final = 200


class Listener:
    """Whoever made a request that is answered with events."""

    def __init__(self, request: Request) -> None:
        self._stopping: asyncio.Event = request.app.state.stopping
        self._may_go_on = request.state.may_go_on
        self._asked_at = time.monotonic()

    async def may_go_on(self) -> bool:
        """Whether they may still listen. The credential is looked at now and then: it may be a query."""
        if self._stopping.is_set():
            return False
        if time.monotonic() - self._asked_at < _ASK_S:
            return True
        self._asked_at = time.monotonic()
        return bool(await self._may_go_on())


async def answer_events(answer: Answer, after: int, listener: Listener) -> AsyncIterator[ServerSentEvent]:
    """An answer that this program writes: its pieces after that number, how far it is, and its end."""
    told = None
    while True:
        # Which comes first: the end is stored together with the last pieces.
        is_over, progress = answer.is_over, answer.progress
        if progress is not told and not is_over:
            told = progress
            yield _event("phase", phase_event(progress))
        if after + 1 < len(answer.pieces):
            after += 1
            yield _piece(answer.pieces[after])
        elif is_over:
            yield _end(answer)
            return
        elif progress is answer.progress and not answer.is_over:
            await answer.wait_for_change(_ASK_S)
            if not await listener.may_go_on():
                return


async def stored_events(
    database: Database, message_id: str, after: int, listener: Listener
) -> AsyncIterator[ServerSentEvent]:
    """A message that has ended, or that another manager writes."""
    while await listener.may_go_on():
        async with database.reading() as session:
            message = await session.get(ChatMessage, message_id)
            pieces: Sequence[Piece] = ()
            view = None
            if message is not None and message.status == MessageStatus.WRITING:
                pieces = await storing.read_pieces(session, message_id, after, _POLLED_PIECES)
            elif message is not None:
                view = await view_message(session, message)
        if message is None:
            yield _event("deleted", DeletedEvent(message_id=message_id))
            return
        if view is not None:
            yield _event("end", view)
            return
        for piece in pieces:
            after = piece.number
            yield _piece(piece)
        if len(pieces) < _POLLED_PIECES:
            await asyncio.sleep(_POLL_S)


async def user_events(
    hub: ChangeHub, user_id: str, last_event_id: str, listener: Listener
) -> AsyncIterator[ServerSentEvent]:
    """What changes of a user's chats, for as long as they listen."""
    async for number, change in user_changes(hub, user_id, _number_in(hub, last_event_id)):
        name = "resync" if isinstance(change, ResyncEvent) else "change"
        if change is not None:
            yield _event(name, change, f"{hub.epoch}-{number}")
        elif not await listener.may_go_on():
            return


async def user_changes(
    hub: ChangeHub, user_id: str, number: int | None = None
) -> AsyncGenerator[tuple[int, ChangeEvent | ResyncEvent | None]]:
    """Without end: a user's changes after that number, each with its own; None before it waits.

    It begins with a resync where no number is given, or some of what came after it is not kept any more.
    """
    while True:
        changes = None if number is None else hub.since(user_id, number)
        if changes is None:
            number = hub.last_number(user_id)
            yield number, ResyncEvent()
            continue
        for change in changes:
            number = change.number
            yield number, ChangeEvent(kind=change.kind, chat_id=change.chat_id, message_id=change.message_id)
        assert number is not None
        yield number, None
        await hub.wait(user_id, number, _ASK_S)


def _number_in(hub: ChangeHub, event_id: str) -> int | None:
    """The number in an event's id; None for one of another run, and for none."""
    epoch, _, number = event_id.partition("-")
    return int(number) if epoch == hub.epoch and number.isascii() and number.isdigit() else None


def _piece(piece: Piece) -> ServerSentEvent:
    return _event("piece", PieceEvent.model_validate(piece), str(piece.number))


def _end(answer: Answer) -> ServerSentEvent:
    if answer.ended is None:
        return _event("deleted", DeletedEvent(message_id=answer.job.message_id))
    return _event("end", answer.ended)


def _event(name: str, body: BaseModel, event_id: str | None = None) -> ServerSentEvent:
    return ServerSentEvent(body.model_dump_json(), event=name, id=event_id, sep="\n")
