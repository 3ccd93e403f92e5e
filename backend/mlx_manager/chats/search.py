"""Lists of chats: by page, and by words in their titles and in what was said."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats.schemas import ChatMatch, ListedChat
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.tables import Chat, ChatMessage

NO_FOLDER: Final = "none"
_ESCAPED: Final = re.compile(r"[\\%_]")
_CONTEXT_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class ChatFilter:
    """Which chats.

    Attributes:
        folder_id: `none` for those in no folder.
        search: what the title or a message holds, in whatever case of ASCII letters.
    """

    folder_id: str | None = None
    is_pinned: bool | None = None
    search: str = ""


async def list_chats(
    session: AsyncSession, user_id: str, wanted: ChatFilter, limit: int, cursor: str | None
) -> tuple[list[ListedChat], str | None]:
    """A page of a user's chats, the newest first, and the next cursor. Raises ApiError for a bad one."""
    query = select(Chat).where(Chat.user_id == user_id, *_conditions(wanted))
    if cursor is not None:
        at, chat_id = _read_cursor(cursor)
        older = and_(col(Chat.updated_at) == at, col(Chat.id) < chat_id)
        query = query.where(or_(col(Chat.updated_at) < at, older))
    query = query.order_by(col(Chat.updated_at).desc(), col(Chat.id).desc()).limit(limit + 1)
    rows = (await session.exec(query)).all()
    page = [ListedChat.model_validate(row) for row in rows[:limit]]
    if wanted.search:
        for chat in page:
            chat.match = await _match(session, chat.id, wanted.search)
    return page, _cursor(rows[limit - 1]) if len(rows) > limit else None


def _conditions(wanted: ChatFilter) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.folder_id == NO_FOLDER:
        found.append(col(Chat.folder_id).is_(None))
    elif wanted.folder_id is not None:
        found.append(col(Chat.folder_id) == wanted.folder_id)
    if wanted.is_pinned is not None:
        found.append(col(Chat.is_pinned).is_(wanted.is_pinned))
    if wanted.search:
        said = exists().where(
            col(ChatMessage.chat_id) == col(Chat.id), _holds(ChatMessage.content, wanted.search)
        )
        found.append(or_(_holds(Chat.title, wanted.search), said))
    return found


def _holds(column: Any, text: str) -> ColumnElement[bool]:
    pattern = _ESCAPED.sub(r"\\\g<0>", text)
    condition: ColumnElement[bool] = col(column).ilike(f"%{pattern}%", escape="\\")
    return condition


async def _match(session: AsyncSession, chat_id: str, text: str) -> ChatMatch | None:
    query = select(ChatMessage.id, ChatMessage.content)
    query = query.where(ChatMessage.chat_id == chat_id, _holds(ChatMessage.content, text))
    query = query.order_by(col(ChatMessage.created_at), col(ChatMessage.id)).limit(1)
    found = (await session.exec(query)).first()
    return None if found is None else ChatMatch(message_id=found[0], snippet=snippet(found[1], text))


def snippet(content: str, text: str) -> str:
    """The first place of a text with what stands around it, in one line."""
    found = re.search(re.escape(text), content, re.IGNORECASE)
    start, end = found.span() if found else (0, 0)
    begin, stop = max(0, start - _CONTEXT_CHARS), min(len(content), end + _CONTEXT_CHARS)
    line = " ".join(content[begin:stop].split())
    return f"{'…' if begin else ''}{line}{'…' if stop < len(content) else ''}"


def _cursor(chat: Chat) -> str:
    return base64.urlsafe_b64encode(f"{chat.updated_at.isoformat()} {chat.id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        time, _, chat_id = text.partition(" ")
        at = datetime.fromisoformat(time)
        if at.tzinfo is None or not re.fullmatch(r"chat_[0-9a-f]{32}", chat_id):
            raise ValueError
    except (ValueError, binascii.Error):
        raise ApiError(ErrorCode.INVALID_REQUEST, "this is no cursor of a page", param="cursor") from None
    return at, chat_id
