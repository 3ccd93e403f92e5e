"""The request's fields that are honoured."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.formats import ResponseFormat
from mlx_manager.mlx_server.protocols.openai import sampling
from mlx_manager.mlx_server.protocols.openai.sampling import MAX_TOP_LOGPROBS, Count, SamplingFields
from mlx_manager.mlx_server.protocols.openai_chat.tools import Choice, CustomTool, Tool
from mlx_manager.mlx_server.protocols.reasoning_fields import ReasoningFields
from mlx_manager.mlx_server.protocols.template_kwargs import TemplateKwargs


class FunctionCall(WireModel):
    """What an assistant called."""

    name: str
    arguments: str


class FunctionToolCall(WireModel):
    """A call in an assistant's message; some clients leave out its type."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class CustomCall(WireModel):
    """What an assistant called with text."""

    name: str
    input: str


class CustomToolCall(WireModel):
    """A call of a tool that is given text."""

    id: str
    type: Literal["custom"]
    custom: CustomCall


def _call_kind(call: Any) -> str:
    """The tag of a call's type. Pydantic puts it into paths, so it must look like no field."""
    return "<custom>" if isinstance(call, dict) and call.get("type") == "custom" else "<function>"


ToolCall = Annotated[
    Annotated[FunctionToolCall, Tag("<function>")] | Annotated[CustomToolCall, Tag("<custom>")],
    Discriminator(_call_kind),
]


class TextPart(WireModel):
    """A part of a message's content; other types than text cannot be read yet."""

    type: Literal["text"]
    text: str


def _as_parts(content: Any) -> Any:
    """A plain string is one part. Parts of other types are refused by name; nothing is dropped."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        if kind != "text":
            raise PydanticCustomError("part", "parts of type {kind} are not supported", {"kind": repr(kind)})
    return content


class Message(WireModel):
    """One message; `content` is a string, a list of text parts, or null."""

    role: Literal["developer", "system", "user", "assistant", "tool"]
    content: Annotated[list[TextPart] | None, BeforeValidator(_as_parts)] = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None
    reasoning_content: str | None = None

    @property
    def text(self) -> str:
        """The content as one string; empty where it is null."""
        return "".join(part.text for part in self.content or ())


class ChatCompletionRequest(ReasoningFields, SamplingFields):
    """The body."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: Count | None = Field(default=None, ge=1)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=MAX_TOP_LOGPROBS)
    chat_template_kwargs: TemplateKwargs = None
    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None
    tools: list[Tool] | None = None
    tool_choice: Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None

    @field_validator("top_logprobs")
    @classmethod
    def _only_with_logprobs(cls, count: int | None, info: ValidationInfo) -> int | None:
        # Some clients send 0 with every request; it asks for nothing.
        if count and not info.data.get("logprobs"):
            raise PydanticCustomError("top_logprobs", "needs logprobs to be true")
        return count

    @field_validator("continue_final_message")
    @classmethod
    def _has_something_to_continue(cls, wanted: bool | None, info: ValidationInfo) -> bool | None:
        messages = info.data.get("messages")
        if wanted and messages and (messages[-1].role != "assistant" or messages[-1].tool_calls):
            raise PydanticCustomError("continue", "needs an assistant's text as the last message")
        return wanted

    @field_validator("add_generation_prompt")
    @classmethod
    def _always_an_answer(cls, wanted: bool | None, info: ValidationInfo) -> bool | None:
        """A prompt either begins the assistant's turn or goes on with it."""
        if wanted is not None and wanted == bool(info.data.get("continue_final_message")):
            raise PydanticCustomError("generation", "must be the opposite of continue_final_message")
        return wanted

    @property
    def text_tools(self) -> frozenset[str]:
        """Names of the tools that are given text."""
        return frozenset(tool.custom.name for tool in self.tools or () if isinstance(tool, CustomTool))


UNSUPPORTED: dict[str, tuple[Any, ...]] = sampling.UNSUPPORTED | {
    "best_of": (1,),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "audio": (),
    "web_search_options": (),
}
