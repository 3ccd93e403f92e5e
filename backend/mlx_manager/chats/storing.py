"""How an answer that is being written is stored. Nothing here commits."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats.message_schemas import AnswerUsage, MessageError
from mlx_manager.chats.pieces import Joined, Piece, PieceKind, join
from mlx_manager.core.times import utc_now
from mlx_manager.db.tables import Chat, ChatMessage, ChatPiece, User, UserStatus
from mlx_manager.db.tables.chats import MessageStatus


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an answer ended."""

    status: MessageStatus
    finish_reason: str | None = None
    usage: AnswerUsage | None = None
    error: MessageError | None = None


async def beat(session: AsyncSession, message_ids: Collection[str]) -> set[str]:
    """Say of these that somebody writes them; those of which that is still true."""
    query = select(ChatMessage.id).where(
        col(ChatMessage.id).in_(message_ids), ChatMessage.status == MessageStatus.WRITING.value
    )
    written = set((await session.exec(query)).all())
    if written:
        await session.exec(
            update(ChatMessage).where(col(ChatMessage.id).in_(written)).values(updated_at=utc_now())
        )
    return written


async def drop_pieces(session: AsyncSession, message_id: str, number: int) -> None:
    """Take back pieces from that number on."""
    condition = col(ChatPiece.message_id) == message_id, col(ChatPiece.number) >= number
    await session.exec(delete(ChatPiece).where(*condition))


async def store_pieces(session: AsyncSession, pieces: Iterable[tuple[str, Piece]]) -> None:
    """Add pieces to their messages, which are there."""
    rows: list[dict[str, Any]] = [
        {"message_id": message_id, "number": piece.number, "kind": piece.kind.value, "text": piece.text}
        for message_id, piece in pieces
    ]
    if rows:
        await session.exec(insert(ChatPiece), params=rows)


async def read_pieces(
    session: AsyncSession, message_id: str, after: int = -1, limit: int | None = None
) -> list[Piece]:
    """What is stored of a message that is being written, after that number."""
    query = select(ChatPiece).where(ChatPiece.message_id == message_id, ChatPiece.number > after)
    query = query.order_by(col(ChatPiece.number)).limit(limit)
    return [Piece(row.number, PieceKind(row.kind), row.text) for row in (await session.exec(query)).all()]


async def end_message(
    session: AsyncSession, message_id: str, outcome: Outcome, pieces: Sequence[Piece] | None = None
) -> tuple[ChatMessage | None, bool]:
    """Join a message's pieces in its row.

    Args:
        pieces: all of them, where they are at hand.

    Returns:
        the message, None where it was deleted; and whether this was its end: another may have come first.
    """
    message = await session.get(ChatMessage, message_id)
    if message is None or message.status != MessageStatus.WRITING:
        return message, False
    joined = join(await read_pieces(session, message_id) if pieces is None else pieces)
    _fill(message, joined, outcome)
    session.add(message)
    await session.exec(delete(ChatPiece).where(col(ChatPiece.message_id) == message_id))
    return message, True


def _fill(message: ChatMessage, joined: Joined, outcome: Outcome) -> None:
    message.content, message.reasoning, message.tool_calls = (
        joined.content,
        joined.reasoning,
        joined.tool_calls,
    )
    message.status = outcome.status.value
    message.finish_reason = outcome.finish_reason
    message.usage = None if outcome.usage is None else outcome.usage.model_dump()
    message.error = None if outcome.error is None else outcome.error.model_dump()
    message.updated_at = utc_now()


async def find_forsaken(
    session: AsyncSession, before: datetime, but: Collection[str]
) -> list[tuple[str, str, str]]:
    """Messages that nobody has said for a while that they write: message, chat and user."""
    query = (
        select(ChatMessage.id, Chat.id, Chat.user_id)
        .join(Chat, col(Chat.id) == ChatMessage.chat_id)
        .where(ChatMessage.status == MessageStatus.WRITING.value, ChatMessage.updated_at < before)
    )
    return [row for row in (await session.exec(query)).all() if row[0] not in but]


async def kept_out(session: AsyncSession, user_ids: Collection[str]) -> set[str]:
    """Those of these users who may not come in."""
    query = select(User.id).where(col(User.id).in_(user_ids), User.status == UserStatus.ACTIVE.value)
    return set(user_ids) - set((await session.exec(query)).all())
