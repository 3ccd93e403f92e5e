"""Folders of chats. Nothing here commits."""

from collections.abc import Sequence

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats.bounds import MAX_FOLDERS
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.tables import Chat, ChatFolder


async def list_folders(session: AsyncSession, user_id: str) -> Sequence[ChatFolder]:
    """A user's folders, by their names."""
    query = select(ChatFolder).where(ChatFolder.user_id == user_id)
    return (await session.exec(query.order_by(func.lower(ChatFolder.name), col(ChatFolder.id)))).all()


async def find_folder(session: AsyncSession, user_id: str, folder_id: str) -> ChatFolder:
    """A user's folder. Raises ApiError where it is none of theirs."""
    folder = await session.get(ChatFolder, folder_id)
    if folder is None or folder.user_id != user_id:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such folder", param="folder_id")
    return folder


async def create_folder(session: AsyncSession, user_id: str, name: str) -> ChatFolder:
    """Make a folder. Raises ApiError where there are too many."""
    query = select(func.count()).select_from(ChatFolder).where(ChatFolder.user_id == user_id)
    if (await session.exec(query)).one() >= MAX_FOLDERS:
        raise ApiError(ErrorCode.INVALID_REQUEST, f"there are at most {MAX_FOLDERS} folders", param="name")
    folder = ChatFolder(user_id=user_id, name=name)
    session.add(folder)
    return folder


async def delete_folder(session: AsyncSession, folder: ChatFolder, *, with_chats: bool) -> list[str]:
    """Delete a folder; the chats that went with it, or that are in no folder now."""
    query = select(Chat.id).where(Chat.user_id == folder.user_id, Chat.folder_id == folder.id)
    chat_ids = list((await session.exec(query)).all())
    if with_chats:
        await session.exec(
            delete(Chat).where(col(Chat.user_id) == folder.user_id, col(Chat.folder_id) == folder.id)
        )
    await session.delete(folder)
    return chat_ids
