"""A chat as a file: what is exported, and taken again by an import."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from mlx_manager.chats.bounds import (
    MAX_MESSAGES,
    MAX_UNSENT_ATTACHMENTS,
    Content,
    ModelName,
    ShortText,
    SystemPrompt,
    Title,
    check_text,
)
from mlx_manager.chats.message_schemas import NewAttachment
from mlx_manager.chats.parameters import GenerationParameters
from mlx_manager.db.tables.chats import MessageStatus
from mlx_manager.users.schemas import Body

FORMAT: Final = "mlx-manager.chat"
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(3000, 1, 1, tzinfo=UTC)


def _check_time(time: datetime) -> datetime:
    if not _FIRST <= time < _LAST:
        raise ValueError("must be a time from 1970 to 2999")
    return time


Time = Annotated[AwareDatetime, AfterValidator(_check_time)]
Text = Annotated[str, AfterValidator(check_text)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ExportedFunction(Body):
    """What a call calls, with its arguments as the model wrote them."""

    name: Text
    arguments: Content


class ExportedCustom(Body):
    """The same of a tool that is given text."""

    name: Text
    input: Content


class ExportedCall(Body):
    """A tool call, as in OpenAI's chat completions."""

    id: ShortText
    type: Literal["function", "custom"] = "function"
    function: ExportedFunction | None = None
    custom: ExportedCustom | None = None


class ExportedError(Body):
    """Why an answer failed."""

    code: ShortText
    message: Content
    param: Text | None = None


class ExportedUsage(Body):
    """What an answer took; see `AnswerUsage`."""

    prompt_tokens: Count | None = None
    cached_tokens: Count | None = None
    completion_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    queue_s: Amount | None = None
    prefill_s: Amount | None = None
    time_to_first_token_s: Amount | None = None
    total_s: Amount | None = None
    tokens_per_second: Amount | None = None


class ExportedMessage(Body):
    """A message; its id means something within the file only."""

    id: ShortText
    parent_id: ShortText | None = None
    role: Literal["user", "assistant", "tool"]
    status: MessageStatus = MessageStatus.COMPLETE
    content: Content = ""
    reasoning: Content = ""
    tool_calls: list[ExportedCall] | None = None
    tool_call_id: ShortText | None = None
    model: ModelName | None = None
    finish_reason: ShortText | None = None
    error: ExportedError | None = None
    usage: ExportedUsage | None = None
    created_at: Time
    attachments: list[NewAttachment] = Field([], max_length=MAX_UNSENT_ATTACHMENTS)


class ExportedChat(Body):
    """A chat; each message stands after the one that it follows."""

    format: Literal["mlx-manager.chat"] = "mlx-manager.chat"
    version: Literal[1] = 1
    title: Title | Literal[""] = ""
    model: ModelName
    system_prompt: SystemPrompt = ""
    parameters: GenerationParameters = GenerationParameters()
    created_at: Time
    shown_message_id: ShortText | None = None
    messages: list[ExportedMessage] = Field([], max_length=MAX_MESSAGES)
