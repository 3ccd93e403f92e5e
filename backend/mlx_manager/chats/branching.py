"""Copies of a path in a chat of its own. Nothing here commits."""

from collections.abc import Iterable

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats import messages, service
from mlx_manager.chats.attachments import copied
from mlx_manager.chats.schemas import NewBranch
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.ids import new_id
from mlx_manager.db.tables import Chat, ChatAttachment, ChatMessage
from mlx_manager.db.tables.chats import MessageStatus


async def branch(session: AsyncSession, chat: Chat, asked: NewBranch) -> Chat:
    """A new chat with the path up to and with a message.

    Raises:
        ApiError: there is no such message, or one of the path is still being written.
    """
    tree = await messages.read_tree(session, chat.id)
    if asked.message_id not in tree.nodes:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such message", param="message_id")
    path = tree.path(asked.message_id)
    if any(node.status == MessageStatus.WRITING for node in path):
        message = "the path is being written still; stop it, or wait until it has ended"
        raise ApiError(ErrorCode.CONFLICT, message, param="message_id")
    kept = chat.model_dump(include={"user_id", "folder_id", "model", "system_prompt", "parameters"})
    made = await service.add_chat(session, Chat(**kept, title=asked.title or chat.title))
    rows = await messages.read_messages(session, [node.id for node in path])
    new_ids = _copy_messages(session, made, rows)
    made.shown_message_id = new_ids[asked.message_id]
    await session.flush()  # attachments refer to their messages
    for file in await _files(session, chat, new_ids.keys()):
        session.add(copied(file, made.id, new_ids[str(file.message_id)]))
    return made


def _copy_messages(session: AsyncSession, chat: Chat, rows: Iterable[ChatMessage]) -> dict[str, str]:
    """Copies of a path; the new ids by the old ones."""
    new_ids: dict[str, str] = {}
    for row in rows:
        new_ids[row.id] = new_id("msg")
        changed = {"id": new_ids[row.id], "chat_id": chat.id, "parent_id": None}
        if row.parent_id is not None:
            changed["parent_id"] = new_ids[row.parent_id]
        session.add(ChatMessage(**(row.model_dump() | changed)))
    return new_ids


async def _files(session: AsyncSession, chat: Chat, message_ids: Iterable[str]) -> list[ChatAttachment]:
    wanted = set(message_ids)
    query = select(ChatAttachment).where(ChatAttachment.chat_id == chat.id)
    query = query.where(col(ChatAttachment.message_id).is_not(None))
    return [file for file in (await session.exec(query)).all() if file.message_id in wanted]
