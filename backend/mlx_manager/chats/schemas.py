"""What is said about chats and their folders on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from mlx_manager.chats.bounds import Id, ModelName, Name, SystemPrompt, Title
from mlx_manager.chats.described import DescribedBy
from mlx_manager.chats.message_schemas import MessageView
from mlx_manager.chats.parameters import GenerationParameters
from mlx_manager.users.schemas import Body, Row


class FolderView(Row):
    """A folder of chats."""

    id: str
    name: str
    created_at: datetime


class FolderList(BaseModel):
    """One's folders, by their names."""

    data: list[FolderView]


class FolderChange(Body):
    """A folder's name, for a new one or an old one."""

    name: Name


class ChatMatch(BaseModel):
    """Where a search found something in what was said."""

    message_id: str
    snippet: str = Field(description="The place with some words around it, in one line.")


class ChatView(Row):
    """A chat without its messages."""

    id: str
    folder_id: str | None
    title: str = Field(description="Empty until something was said, unless one was given.")
    model: str = Field(description="Whom the next message goes to.")
    system_prompt: str
    parameters: Annotated[dict[str, Any], DescribedBy(GenerationParameters)]
    shown_message_id: str | None = Field(description="The last message of the path that is shown.")
    is_pinned: bool
    created_at: datetime
    updated_at: datetime = Field(description="When something was last said in it.")


class ListedChat(ChatView):
    """A chat of a list; `match` is there where a search found it by what was said."""

    match: ChatMatch | None = None


class ChatList(BaseModel):
    """A page of one's chats, the newest first."""

    data: list[ListedChat]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class ChatWithMessages(ChatView):
    """A chat with the messages of the shown path in their order, or with all of them, the oldest first."""

    messages: list[MessageView]


class NewChat(Body):
    """A chat to be begun."""

    model: ModelName
    title: Title | None = None
    folder_id: Id | None = None
    system_prompt: SystemPrompt = ""
    parameters: GenerationParameters = GenerationParameters()


class ChatChange(Body):
    """What can be changed about a chat; what is left out stays.

    `parameters` replaces all of them. `shown_message_id` may be any message: the newest end of what follows
    it is shown.
    """

    title: Title | None = None
    folder_id: Id | None = None
    model: ModelName | None = None
    system_prompt: SystemPrompt | None = None
    parameters: GenerationParameters | None = None
    is_pinned: bool | None = None
    shown_message_id: Id | None = None


class NewBranch(Body):
    """A copy to be made of a path, up to and with one message."""

    message_id: Id
    title: Title | None = None


WhatOfChats = Literal["keep", "delete"]
