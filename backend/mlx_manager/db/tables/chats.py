"""Conversations that users keep: folders, chats, their messages as a tree, and what is attached."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel

from mlx_manager.core.ids import new_id
from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class MessageStatus(StrEnum):
    """What has become of a message."""

    COMPLETE = "complete"
    WRITING = "writing"
    """The model writes it; what has come so far is in its pieces."""
    STOPPED = "stopped"
    """Somebody stopped it; what had come is kept."""
    INTERRUPTED = "interrupted"
    """The manager ended while it was written; what had come is kept."""
    FAILED = "failed"
    """The model's answer ended with an error; what had come is kept."""


class ChatFolder(SQLModel, table=True):
    """A folder of one user's chats."""

    __tablename__ = "chat_folders"

    id: str = Field(default_factory=lambda: new_id("fold"), primary_key=True)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Chat(SQLModel, table=True):
    """One conversation: a tree of messages, of which one path is shown.

    Attributes:
        folder_id: None for none.
        title: empty until there is one.
        model: whom the next message goes to.
        system_prompt: stands before every message; empty for none.
        parameters: of generation, by their names in OpenAI's chat completions.
        shown_message_id: the last message of the path that is shown; None while there is none.
        updated_at: when something was last said in it.
    """

    __tablename__ = "chats"

    id: str = Field(default_factory=lambda: new_id("chat"), primary_key=True)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    folder_id: str | None = Field(
        default=None, foreign_key="chat_folders.id", ondelete="SET NULL", index=True
    )
    title: str = ""
    model: str
    system_prompt: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    shown_message_id: str | None = None
    is_pinned: bool = False
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)


class ChatMessage(SQLModel, table=True):
    """One message. An edited or regenerated one is another child of the same parent.

    Attributes:
        parent_id: the message before it; None for a first one. Not a foreign key, so that rows can be
            restored in any order.
        role: user, assistant or tool.
        content: its text, once it has ended.
        reasoning: what the model thought, once it has ended; empty where it did not.
        tool_calls: as in OpenAI's chat completions; None for none.
        tool_call_id: of a tool's message, which call it answers.
        model: that wrote it; None for a user's.
        finish_reason: as the server said it.
        error: `{"code", "message"}` of one that failed.
        usage: tokens as the server counted them, and times in seconds.
    """

    __tablename__ = "chat_messages"

    id: str = Field(default_factory=lambda: new_id("msg"), primary_key=True)
    chat_id: str = Field(foreign_key="chats.id", ondelete="CASCADE", index=True)
    parent_id: str | None = Field(default=None, index=True)
    role: str
    status: str = Field(default=MessageStatus.COMPLETE.value, index=True)
    content: str = ""
    reasoning: str = ""
    tool_calls: list[dict[str, Any]] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    tool_call_id: str | None = None
    model: str | None = None
    finish_reason: str | None = None
    error: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    usage: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class ChatPiece(SQLModel, table=True):
    """A part of a message that is being written: on disk before anybody is shown it.

    When the message ends its pieces are joined in the message's own row, and go.

    Attributes:
        number: of the piece in its message, from 0.
        kind: content, reasoning or tool_calls.
        text: what it adds; of tool calls the deltas as JSON.
    """

    __tablename__ = "chat_pieces"

    message_id: str = Field(primary_key=True, foreign_key="chat_messages.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    kind: str
    text: str


class ChatAttachment(SQLModel, table=True):
    """A text file that was given along with a message, or is about to be.

    Attributes:
        message_id: None until it is sent with a message.
        size_bytes: of the text in UTF-8.
    """

    __tablename__ = "chat_attachments"

    id: str = Field(default_factory=lambda: new_id("att"), primary_key=True)
    chat_id: str = Field(foreign_key="chats.id", ondelete="CASCADE", index=True)
    message_id: str | None = Field(
        default=None, foreign_key="chat_messages.id", ondelete="CASCADE", index=True
    )
    name: str
    media_type: str
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str
    text: str
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
