"""Text files that are given along with messages. Nothing here commits."""

import hashlib
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats.bounds import MAX_UNSENT_ATTACHMENTS
from mlx_manager.chats.message_schemas import NewAttachment
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.tables import Chat, ChatAttachment, ChatMessage

_TEXT_TYPES: Final = """
ecmascript graphql javascript json jsonl rtf sql toml typescript xml yaml x-httpd-php x-javascript x-latex
x-ndjson x-python x-sh x-tex x-toml x-yaml
"""
_OTHER_TEXT: Final = frozenset(f"application/{name}" for name in _TEXT_TYPES.split())


WITHOUT_TEXT: Final = defer(ChatAttachment.text)  # type: ignore[arg-type]  # a column, whatever SQLModel says
"""Option of a query for what is shown of attachments: their texts may be many megabytes."""


def is_text(media_type: str) -> bool:
    """Whether a media type is one of text."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain.startswith("text/") or plain in _OTHER_TEXT or plain.endswith(("+json", "+xml", "+yaml"))


async def attach(session: AsyncSession, chat: Chat, asked: NewAttachment) -> ChatAttachment:
    """Keep a file for the next message. Raises ApiError for what is no text, and where there are too many."""
    if not is_text(asked.media_type):
        message = f"{asked.name}: files of type {asked.media_type[:64]!r} are not taken yet; text is"
        raise ApiError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message, param="media_type")
    query = select(func.count()).select_from(ChatAttachment)
    query = query.where(ChatAttachment.chat_id == chat.id, col(ChatAttachment.message_id).is_(None))
    if (await session.exec(query)).one() >= MAX_UNSENT_ATTACHMENTS:
        message = f"at most {MAX_UNSENT_ATTACHMENTS} attachments wait to be sent; delete one, or send them"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="name")
    row = make_attachment(chat.id, None, asked)
    session.add(row)
    return row


def make_attachment(chat_id: str, message_id: str | None, asked: NewAttachment) -> ChatAttachment:
    """The row of a file."""
    content = asked.text.encode()
    return ChatAttachment(
        chat_id=chat_id,
        message_id=message_id,
        name=asked.name,
        media_type=asked.media_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        text=asked.text,
    )


async def find_attachment(session: AsyncSession, chat: Chat, attachment_id: str) -> ChatAttachment:
    """An attachment of a chat. Raises ApiError where it is none of this chat's."""
    row = await session.get(ChatAttachment, attachment_id)
    if row is None or row.chat_id != chat.id:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such attachment")
    return row


async def list_attachments(session: AsyncSession, chat: Chat, *, with_text: bool) -> Sequence[ChatAttachment]:
    """A chat's attachments, the oldest first."""
    query = select(ChatAttachment).where(ChatAttachment.chat_id == chat.id)
    query = query.order_by(col(ChatAttachment.created_at), col(ChatAttachment.id))
    query = query if with_text else query.options(WITHOUT_TEXT)
    return (await session.exec(query)).all()


async def delete_attachment(session: AsyncSession, row: ChatAttachment) -> None:
    """Delete one that was not sent. Raises ApiError for one that was: the answer to it was made with it."""
    if row.message_id is not None:
        raise ApiError(ErrorCode.CONFLICT, f"{row.name} was sent and stays with its message")
    await session.delete(row)


async def send_attachments(
    session: AsyncSession, chat: Chat, message: ChatMessage, attachment_ids: Sequence[str]
) -> None:
    """Give a new message its attachments.

    Raises:
        ApiError: one is not this chat's or was named twice. One that was sent before is copied.
    """
    if len(set(attachment_ids)) < len(attachment_ids):
        raise ApiError(ErrorCode.INVALID_REQUEST, "an attachment is named twice", param="attachment_ids")
    for attachment_id in attachment_ids:
        row = await session.get(ChatAttachment, attachment_id)
        if row is None or row.chat_id != chat.id:
            raise ApiError(ErrorCode.NOT_FOUND, "there is no such attachment", param="attachment_ids")
        if row.message_id is None:
            row.message_id = message.id
            session.add(row)
        else:
            session.add(copied(row, chat.id, message.id))


def copied(row: ChatAttachment, chat_id: str, message_id: str) -> ChatAttachment:
    """The same file for another message."""
    kept = row.model_dump(include={"name", "media_type", "size_bytes", "sha256", "text", "created_at"})
    return ChatAttachment(chat_id=chat_id, message_id=message_id, **kept)
