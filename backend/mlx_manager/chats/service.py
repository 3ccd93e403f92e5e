"""Chats: found, listed, made, changed, deleted. Nothing here commits."""

from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats import messages
from mlx_manager.chats.bounds import MAX_CHATS
from mlx_manager.chats.folders import find_folder
from mlx_manager.chats.schemas import ChatChange, NewChat
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.times import utc_now
from mlx_manager.db.tables import Chat


async def find_chat(session: AsyncSession, user_id: str, chat_id: str) -> Chat:
    """A user's chat. Raises ApiError where it is none of theirs."""
    chat = await session.get(Chat, chat_id)
    if chat is None or chat.user_id != user_id:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such chat")
    return chat


async def add_chat(session: AsyncSession, chat: Chat) -> Chat:
    """Add a chat. Raises ApiError where there are too many, or its folder is not the user's."""
    query = select(func.count()).select_from(Chat).where(Chat.user_id == chat.user_id)
    if (await session.exec(query)).one() >= MAX_CHATS:
        raise ApiError(ErrorCode.INVALID_REQUEST, f"there are at most {MAX_CHATS} chats")
    if chat.folder_id is not None:
        await find_folder(session, chat.user_id, chat.folder_id)
    session.add(chat)
    await session.flush()  # its messages refer to it
    return chat


async def create_chat(session: AsyncSession, user_id: str, asked: NewChat) -> Chat:
    """Begin a chat. Raises ApiError as `add_chat` does."""
    chat = Chat(
        user_id=user_id,
        folder_id=asked.folder_id,
        title=asked.title or "",
        model=asked.model,
        system_prompt=asked.system_prompt,
        parameters=asked.parameters.stated(),
    )
    return await add_chat(session, chat)


async def change_chat(session: AsyncSession, chat: Chat, change: ChatChange) -> None:
    """Change what is stated. Raises ApiError for what is not there, and where null is no value."""
    stated = {name: getattr(change, name) for name in change.model_fields_set}
    for name in ("title", "model", "system_prompt", "is_pinned", "shown_message_id"):
        if name in stated and stated[name] is None:
            raise ApiError(ErrorCode.INVALID_REQUEST, f"{name} cannot be null", param=name)
    if (folder_id := stated.get("folder_id")) is not None:
        await find_folder(session, chat.user_id, folder_id)
    if "parameters" in stated:
        stated["parameters"] = {} if change.parameters is None else change.parameters.stated()
    if (message_id := stated.get("shown_message_id")) is not None:
        tree = await messages.read_tree(session, chat.id)
        if message_id not in tree.nodes:
            raise ApiError(ErrorCode.NOT_FOUND, "there is no such message", param="shown_message_id")
        stated["shown_message_id"] = tree.newest_leaf(message_id)
    for name, value in stated.items():
        setattr(chat, name, value)
    session.add(chat)


def touch(session: AsyncSession, chat: Chat) -> None:
    """Something was said in it."""
    chat.updated_at = utc_now()
    session.add(chat)
