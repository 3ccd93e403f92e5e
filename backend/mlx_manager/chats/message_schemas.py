"""What is said about messages and attachments on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mlx_manager.chats.bounds import (
    MAX_UNSENT_ATTACHMENTS,
    Content,
    Id,
    JsonObject,
    ModelName,
    Name,
    ShortText,
)
from mlx_manager.chats.described import DescribedBy, ToolCall
from mlx_manager.chats.parameters import GenerationParameters
from mlx_manager.db.tables.chats import MessageStatus
from mlx_manager.users.schemas import Body, Row

AttachmentIds = Annotated[list[Id], Field(max_length=MAX_UNSENT_ATTACHMENTS)]


class AttachmentView(Row):
    """A text file that goes along with a message; its name is a name and never a path."""

    id: str
    message_id: str | None = Field(description="Null until it is sent.")
    name: str
    media_type: str
    size_bytes: int = Field(description="Of the text in UTF-8.")
    sha256: str
    created_at: datetime


class AttachmentWithText(AttachmentView):
    """An attachment with its text."""

    text: str


class AttachmentList(BaseModel):
    """A chat's attachments, the oldest first."""

    data: list[AttachmentView]


class NewAttachment(Body):
    """A text file to be attached. Only text is taken: the media type says so."""

    name: Name
    media_type: ShortText
    text: Content


class MessageError(BaseModel):
    """Why an answer failed."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    code: str = Field(description="One of the codes of docs/errors.md.")
    message: str
    param: str | None = None


class AnswerUsage(BaseModel):
    """What an answer took, as the server counted it; null is what it did not say."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    prompt_tokens: int | None = None
    cached_tokens: int | None = Field(None, description="Of the prompt, those that need not be read.")
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    queue_s: float | None = None
    prefill_s: float | None = None
    time_to_first_token_s: float | None = None
    total_s: float | None = None
    tokens_per_second: float | None = None


class MessageView(Row):
    """A message. While `status` is `writing`, its text so far comes by its events."""

    id: str
    chat_id: str
    parent_id: str | None
    role: Literal["user", "assistant", "tool"]
    status: MessageStatus
    content: str
    reasoning: str
    tool_calls: list[Annotated[dict[str, Any], DescribedBy(ToolCall)]] | None
    tool_call_id: str | None = Field(description="Of a tool's message: which call it answers.")
    model: str | None
    finish_reason: str | None = Field(description="stop, length or tool_calls, as the server said it.")
    error: MessageError | None
    usage: AnswerUsage | None
    created_at: datetime
    updated_at: datetime
    attachments: list[AttachmentView] = Field([])
    sibling_ids: list[str] = Field(
        [], description="Messages that follow the same one, this one included, the oldest first."
    )
    sibling_index: int = Field(0, description="This one's place among them, from 0.")


class NewMessage(Body):
    """What somebody says, or a tool's result.

    `parent_id` is the message it follows; left out it follows what is shown, and null begins anew. While an
    answer is being written a message without `parent_id` stands beside the one that it answers.
    `model`, `parameters`, `tools` and `tool_choice` hold for the answer to this message, over the chat's.
    """

    role: Literal["user", "tool"] = "user"
    content: Content
    attachment_ids: AttachmentIds = Field([])
    parent_id: Id | None = None
    tool_call_id: ShortText | None = None
    model: ModelName | None = None
    parameters: GenerationParameters | None = None
    tools: list[JsonObject] | None = None
    tool_choice: ShortText | JsonObject | None = None

    @property
    def own_parameters(self) -> GenerationParameters:
        """Its parameters, with the tools that are named beside them."""
        beside = {"tools": self.tools, "tool_choice": self.tool_choice}
        stated = {name: value for name, value in beside.items() if value is not None}
        return (self.parameters or GenerationParameters()).model_copy(update=stated)


class Answering(Body):
    """How an answer is to be made once more; what is left out is the chat's."""

    model: ModelName | None = None
    parameters: GenerationParameters | None = None


class EditedMessage(Answering):
    """A user's message in other words. Its attachments go along unless others are named."""

    content: Content
    attachment_ids: AttachmentIds | None = None


class SentMessage(BaseModel):
    """A message that was stored, and the answer that is being written.

    `answer` is null for a tool's result while other calls of the same message wait for theirs.
    """

    message: MessageView
    answer: MessageView | None
