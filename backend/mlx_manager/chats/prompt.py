"""From a chat's path to the messages that the server is sent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.chats.messages import read_messages, read_tree
from mlx_manager.db.tables import ChatAttachment, ChatMessage
from mlx_manager.db.tables.chats import MessageStatus

_BACKTICKS: Final = re.compile("`+")


async def read_prompt(
    session: AsyncSession, chat_id: str, system_prompt: str, last_id: str
) -> list[dict[str, Any]]:
    """The messages of a path, up to and with the last one, in OpenAI's shape."""
    tree = await read_tree(session, chat_id)
    rows = await read_messages(session, [node.id for node in tree.path(last_id)])
    query = select(ChatAttachment).where(
        ChatAttachment.chat_id == chat_id, col(ChatAttachment.message_id).is_not(None)
    )
    query = query.order_by(col(ChatAttachment.created_at), col(ChatAttachment.id))
    attached: dict[str | None, list[ChatAttachment]] = {}
    for file in (await session.exec(query)).all():
        attached.setdefault(file.message_id, []).append(file)
    return prompt_messages(system_prompt, rows, attached)


def prompt_messages(
    system_prompt: str,
    rows: Iterable[ChatMessage],
    attached: Mapping[str | None, Sequence[ChatAttachment]],
) -> list[dict[str, Any]]:
    """The messages in OpenAI's shape.

    An answer that failed before its first word stays, empty: many templates want turns to alternate.
    """
    system = [{"role": "system", "content": system_prompt}] if system_prompt else []
    return [*system, *(_message(row, attached.get(row.id, ())) for row in rows)]


def _message(row: ChatMessage, files: Sequence[ChatAttachment]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": row.role, "content": with_files(row.content, files)}
    if row.role == "tool":
        message["tool_call_id"] = row.tool_call_id
    if row.role == "assistant":
        if row.reasoning:
            message["reasoning_content"] = row.reasoning
        # The calls of an answer that was cut off may be cut off themselves, and nobody has answered them.
        if row.tool_calls and row.status == MessageStatus.COMPLETE:
            message["tool_calls"] = row.tool_calls
    return message


def with_files(content: str, files: Sequence[ChatAttachment]) -> str:
    """A message's text after its files: of each its name, then its text as a code block."""
    parts = [f"File: {file.name}\n{fenced(file.text)}" for file in files]
    return "\n\n".join([*parts, content] if content else parts)


def fenced(text: str, language: str = "") -> str:
    """Text as a code block of Markdown that nothing within can end."""
    fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{fence}{language}\n{text}{end}{fence}"
