"""A chat's messages as they are stored. Nothing here commits."""

from collections.abc import Iterable, Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats.attachments import WITHOUT_TEXT
from mlx_manager.chats.bounds import MAX_MESSAGES, MAX_SIBLINGS
from mlx_manager.chats.message_schemas import AttachmentView, MessageView
from mlx_manager.chats.tree import Node, Tree
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.tables import Chat, ChatAttachment, ChatMessage

# A statement's variables are limited, in PostgreSQL's protocol to 32,767.
_IDS_AT_ONCE = 5_000


async def read_tree(session: AsyncSession, chat_id: str) -> Tree:
    """All of a chat's messages, without their text."""
    table = ChatMessage
    columns = table.id, table.parent_id, table.role, table.status, table.created_at
    query = select(*columns).where(table.chat_id == chat_id)  # type: ignore[call-overload]  # more than four
    return Tree(Node(*row) for row in (await session.exec(query)).all())


async def read_messages(session: AsyncSession, message_ids: Sequence[str]) -> list[ChatMessage]:
    """These messages, in this order."""
    found: dict[str, ChatMessage] = {}
    for start in range(0, len(message_ids), _IDS_AT_ONCE):
        query = select(ChatMessage).where(col(ChatMessage.id).in_(message_ids[start : start + _IDS_AT_ONCE]))
        found |= {row.id: row for row in (await session.exec(query)).all()}
    return [found[message_id] for message_id in message_ids]


async def find_message(session: AsyncSession, chat: Chat, message_id: str) -> ChatMessage:
    """A message of a chat. Raises ApiError where it is none of this chat's."""
    message = await session.get(ChatMessage, message_id)
    if message is None or message.chat_id != chat.id:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such message")
    return message


def check_room(tree: Tree, num_more: int, parent_id: str | None) -> None:
    """Refuse messages that would be too many, in the chat or beside each other. Raises ApiError."""
    if len(tree.children(parent_id)) >= MAX_SIBLINGS:
        message = f"at most {MAX_SIBLINGS} messages follow the same one; branch the chat instead"
        raise ApiError(ErrorCode.INVALID_REQUEST, message)
    if len(tree.nodes) + num_more > MAX_MESSAGES:
        message = f"a chat has at most {MAX_MESSAGES} messages, and this one has {len(tree.nodes)}"
        raise ApiError(ErrorCode.INVALID_REQUEST, message)


async def view_message(session: AsyncSession, message: ChatMessage) -> MessageView:
    """A message with its attachments and its place among its siblings."""
    tree = await read_tree(session, message.chat_id)
    return (await view_messages(session, message.chat_id, [message], tree))[0]


async def view_messages(
    session: AsyncSession, chat_id: str, rows: Iterable[ChatMessage], tree: Tree
) -> list[MessageView]:
    """Messages of one chat as they are shown."""
    query = (
        select(ChatAttachment)
        .where(ChatAttachment.chat_id == chat_id, col(ChatAttachment.message_id).is_not(None))
        .order_by(col(ChatAttachment.created_at), col(ChatAttachment.id))
        .options(WITHOUT_TEXT)
    )
    attached: dict[str | None, list[AttachmentView]] = {}
    for row in (await session.exec(query)).all():
        attached.setdefault(row.message_id, []).append(AttachmentView.model_validate(row))
    views = []
    for message in rows:
        view = MessageView.model_validate(message)
        view.attachments = attached.get(message.id, [])
        view.sibling_ids = tree.siblings(message.id)
        view.sibling_index = view.sibling_ids.index(message.id)
        views.append(view)
    return views
