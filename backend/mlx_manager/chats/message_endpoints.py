"""`/api/v1/chats/{chat_id}/messages`: what is said, and the answers as they are written."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse
from starlette.requests import Request

from mlx_manager.chats import listening, messages, service
from mlx_manager.chats.beginning import begin
from mlx_manager.chats.dependencies import DatabaseDep, WriterDep
from mlx_manager.chats.message_schemas import Answering, EditedMessage, MessageView, NewMessage, SentMessage
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.session import Database
from mlx_manager.dependencies import AccountHolderDep, ReadingDep, RowId
from mlx_manager.server.caller import CallerHeaders

router = APIRouter(prefix="/api/v1/chats/{chat_id}/messages", tags=["chats"])

_EVENT_STREAM: Final[dict[int | str, dict[str, object]]] = {
    200: {"content": {"text/event-stream": {}}, "description": "Server-sent events."}
}
_MOST_PIECES: Final = 2**31 - 1
After = Annotated[
    int, Query(ge=-1, le=_MOST_PIECES, description="the number of the last piece that is known; -1 for none")
]
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="the same, as browsers send it; it wins over `after`"),
]


@router.post("", status_code=201)
async def send_message(
    chat_id: RowId,
    body: NewMessage,
    principal: AccountHolderDep,
    headers: CallerHeaders,
    database: DatabaseDep,
    writer: WriterDep,
) -> SentMessage:
    """Say something, or give a tool's result. The answer is written whoever listens, and whoever leaves."""
    user_id = principal.user_id
    return await begin(database, writer, user_id, chat_id, headers, lambda speaker: speaker.send(body))


@router.get("/{message_id}")
async def get_message(
    chat_id: RowId, message_id: RowId, principal: AccountHolderDep, session: ReadingDep
) -> MessageView:
    """One message."""
    chat = await service.find_chat(session, principal.user_id, chat_id)
    return await messages.view_message(session, await messages.find_message(session, chat, message_id))


@router.post("/{message_id}/edit", status_code=201)
async def edit_message(
    chat_id: RowId,
    message_id: RowId,
    body: EditedMessage,
    principal: AccountHolderDep,
    headers: CallerHeaders,
    database: DatabaseDep,
    writer: WriterDep,
) -> SentMessage:
    """Say one's message in other words. The old one stays beside it, with all that followed."""
    user_id = principal.user_id
    return await begin(
        database, writer, user_id, chat_id, headers, lambda speaker: speaker.edit(message_id, body)
    )


@router.post("/{message_id}/regenerate", status_code=201)
async def regenerate_message(
    chat_id: RowId,
    message_id: RowId,
    body: Answering,
    principal: AccountHolderDep,
    headers: CallerHeaders,
    database: DatabaseDep,
    writer: WriterDep,
) -> SentMessage:
    """Another answer beside this one; of a user's or a tool's message, an answer to it."""
    user_id = principal.user_id
    return await begin(
        database, writer, user_id, chat_id, headers, lambda speaker: speaker.regenerate(message_id, body)
    )


@router.post("/{message_id}/continue", status_code=201)
async def continue_message(
    chat_id: RowId,
    message_id: RowId,
    body: Answering,
    principal: AccountHolderDep,
    headers: CallerHeaders,
    database: DatabaseDep,
    writer: WriterDep,
) -> SentMessage:
    """Go on with an answer that was stopped, interrupted or cut off by its length, in the same message."""
    user_id = principal.user_id
    return await begin(
        database, writer, user_id, chat_id, headers, lambda speaker: speaker.go_on(message_id, body)
    )


@router.post("/{message_id}/stop")
async def stop_message(
    chat_id: RowId, message_id: RowId, principal: AccountHolderDep, database: DatabaseDep, writer: WriterDep
) -> MessageView:
    """Stop an answer and keep what has come of it. One that has ended is left as it is."""
    await _find(database, principal.user_id, chat_id, message_id)
    await writer.stop(message_id)
    return await _find(database, principal.user_id, chat_id, message_id)


@router.get("/{message_id}/events", response_class=EventSourceResponse, responses=_EVENT_STREAM)
async def watch_message(
    chat_id: RowId,
    message_id: RowId,
    request: Request,
    principal: AccountHolderDep,
    database: DatabaseDep,
    writer: WriterDep,
    after: After = -1,
    last_event_id: LastEventId = None,
) -> EventSourceResponse:
    """An answer as it is written: what there is after a piece, then what comes, then its end.

    Events are `piece` (`PieceEvent`, with its number as the event's id), `phase` (`PhaseEvent`), and one at
    the end: `end` (`MessageView`, the whole message) or `deleted` (`DeletedEvent`). Of a message that has
    ended there is the end alone. What a piece adds was stored before anybody is shown it.
    """
    await _find(database, principal.user_id, chat_id, message_id)
    number = after if last_event_id is None else _number_of(last_event_id)
    listener = listening.Listener(request)
    if (answer := writer.find(message_id)) is not None:
        return EventSourceResponse(listening.answer_events(answer, number, listener), sep="\n")
    return EventSourceResponse(listening.stored_events(database, message_id, number, listener), sep="\n")


async def _find(database: Database, user_id: str, chat_id: str, message_id: str) -> MessageView:
    async with database.reading() as session:
        chat = await service.find_chat(session, user_id, chat_id)
        return await messages.view_message(session, await messages.find_message(session, chat, message_id))


def _number_of(event_id: str) -> int:
    if not (event_id.isascii() and event_id.isdigit() and len(event_id) < 10):
        message = "Last-Event-ID must be the number of a piece"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="Last-Event-ID")
    return int(event_id)
