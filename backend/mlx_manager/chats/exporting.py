"""From rows to a chat as a file, and back. Nothing here commits."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats import messages, service, storing
from mlx_manager.chats.attachments import list_attachments, make_attachment
from mlx_manager.chats.bounds import MAX_SIBLINGS
from mlx_manager.chats.export_schemas import ExportedChat, ExportedMessage
from mlx_manager.chats.pieces import join
from mlx_manager.chats.tree import Node, Tree
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.ids import new_id
from mlx_manager.core.times import utc_now
from mlx_manager.db.tables import Chat, ChatAttachment, ChatMessage
from mlx_manager.db.tables.chats import MessageStatus

_ROW_FIELDS: Final = """
id parent_id role status content reasoning tool_calls tool_call_id model finish_reason error usage created_at
"""


@dataclass(frozen=True, slots=True)
class ReadChat:
    """A chat with the messages that are exported, each after the one that it follows."""

    chat: Chat
    rows: Sequence[ChatMessage]
    files: dict[str | None, list[ChatAttachment]] = field(default_factory=dict)


async def read_chat(session: AsyncSession, chat: Chat, *, everything: bool) -> ReadChat:
    """The path that is shown, or every branch. An answer that is being written is as if it were cut off."""
    tree = await messages.read_tree(session, chat.id)
    shown = chat.shown_message_id if chat.shown_message_id in tree.nodes else None
    nodes = list(_downwards(tree)) if everything else tree.path(shown)
    rows = await messages.read_messages(session, [node.id for node in nodes])
    session.expunge_all()
    for row in rows:
        if row.status == MessageStatus.WRITING:
            joined = join(await storing.read_pieces(session, row.id))
            row.status = MessageStatus.INTERRUPTED.value
            row.content, row.reasoning, row.tool_calls = joined.content, joined.reasoning, joined.tool_calls
    files: dict[str | None, list[ChatAttachment]] = {}
    for file in await list_attachments(session, chat, with_text=True):
        files.setdefault(file.message_id, []).append(file)
    return ReadChat(chat, rows, files)


def _downwards(tree: Tree) -> Iterator[Node]:
    """Every message after its parent, the oldest branch first."""
    waiting = tree.children(None)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += tree.children(node.id)[::-1]


def export_json(read: ReadChat) -> str:
    """The file's text."""
    chat = read.chat
    exported: dict[str, object] = {
        "format": "mlx-manager.chat",
        "version": 1,
        "title": chat.title,
        "model": chat.model,
        "system_prompt": chat.system_prompt,
        "parameters": chat.parameters,
        "created_at": chat.created_at,
        "shown_message_id": chat.shown_message_id,
        "messages": [_exported(row, read.files.get(row.id, [])) for row in read.rows],
    }
    return _Anything.model_validate(exported).model_dump_json(indent=2) + "\n"


class _Anything(BaseModel, extra="allow"):
    """Rows are what they are: an export must not fail of a bound that came later."""


def _exported(row: ChatMessage, files: Sequence[ChatAttachment]) -> dict[str, object]:
    kept = {name: getattr(row, name) for name in _ROW_FIELDS.split()}
    named = [{"name": file.name, "media_type": file.media_type, "text": file.text} for file in files]
    return kept | {"attachments": named}


async def import_chat(session: AsyncSession, user_id: str, asked: ExportedChat) -> Chat:
    """A chat as it was exported, with ids of its own. Raises ApiError where its messages are no tree."""
    chat = Chat(
        user_id=user_id,
        title=asked.title,
        model=asked.model,
        system_prompt=asked.system_prompt,
        parameters=asked.parameters.stated(),
        created_at=asked.created_at,
    )
    await service.add_chat(session, chat)
    # Siblings of the same time stand in the order of their ids.
    fresh = sorted(new_id("msg") for _ in asked.messages)
    new_ids: dict[str, str] = {}
    followers: Counter[str | None] = Counter()
    for index, message in enumerate(asked.messages):
        _check_place(message, new_ids, f"messages.{index}")
        followers[message.parent_id] += 1
        if followers[message.parent_id] > MAX_SIBLINGS:
            raise _fault(f"messages.{index}.parent_id", f"has more than {MAX_SIBLINGS} messages that follow")
        new_ids[message.id] = fresh[index]
        session.add(_row(chat, message, new_ids))
    if asked.shown_message_id is not None and asked.shown_message_id not in new_ids:
        raise _fault("shown_message_id", "is none of the messages")
    chat.shown_message_id = None if asked.shown_message_id is None else new_ids[asked.shown_message_id]
    await session.flush()  # attachments refer to their messages
    for message in asked.messages:
        session.add_all(make_attachment(chat.id, new_ids[message.id], file) for file in message.attachments)
    return chat


def _check_place(message: ExportedMessage, known: Collection[str], path: str) -> None:
    if message.id in known:
        raise _fault(f"{path}.id", "is another message's, too")
    if message.parent_id is not None and message.parent_id not in known:
        raise _fault(f"{path}.parent_id", "is no message before it")


def _row(chat: Chat, message: ExportedMessage, new_ids: Mapping[str, str]) -> ChatMessage:
    status = MessageStatus.INTERRUPTED if message.status is MessageStatus.WRITING else message.status
    stated = message.model_dump(mode="json", exclude={"created_at", "attachments"}) | {
        "id": new_ids[message.id],
        "chat_id": chat.id,
        "parent_id": None if message.parent_id is None else new_ids[message.parent_id],
        "status": status.value,
        "tool_calls": _calls(message),
        "created_at": message.created_at,
        "updated_at": utc_now(),
    }
    return ChatMessage(**stated)


def _calls(message: ExportedMessage) -> list[dict[str, object]] | None:
    if message.tool_calls is None:
        return None
    return [call.model_dump(mode="json", exclude_none=True) for call in message.tool_calls]


def _fault(path: str, what: str) -> ApiError:
    return ApiError(ErrorCode.INVALID_REQUEST, f"{path}: {what}", param=path)
