"""The request's fields that are honoured."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from mlx_manager.mlx_server.protocols.anthropic_messages.blocks import (
    Block,
    CacheControl,
    TextBlock,
    as_blocks,
)
from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.format_fields import FormatFields
from mlx_manager.mlx_server.protocols.formats import FlatBody
from mlx_manager.mlx_server.protocols.openai import sampling
from mlx_manager.mlx_server.protocols.openai.sampling import Count, KeepAlive, Penalty, Repetition, Seconds
from mlx_manager.mlx_server.protocols.template_kwargs import TemplateKwargs
from mlx_manager.mlx_server.protocols.tools import MAX_TOOL_NAME_CHARS

# Each piece of text is searched for all of them.
_MAX_STOPS: Final = 64


class Message(WireModel):
    """One message; `content` is a string or a list of blocks."""

    role: Literal["user", "assistant", "system"]
    content: Annotated[list[Block], BeforeValidator(as_blocks)]


class CustomTool(WireModel):
    """A tool of the client's."""

    type: Literal["custom"] | None = None
    name: str = Field(min_length=1, max_length=MAX_TOOL_NAME_CHARS)
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    strict: bool | None = None
    cache_control: CacheControl | None = None


class ServerTool(WireModel):
    """A tool that the vendor's servers run, so it is not offered here."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    type: str


def _tool_kind(tool: Any) -> str:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return "<custom>" if kind in (None, "custom") else "<server>"


Tool = Annotated[
    Annotated[CustomTool, Tag("<custom>")] | Annotated[ServerTool, Tag("<server>")], Discriminator(_tool_kind)
]


class FreeChoice(WireModel):
    """Whether the model may call, or must."""

    type: Literal["auto", "none", "any"]
    disable_parallel_tool_use: bool | None = None


class NamedChoice(WireModel):
    """The model must call this tool."""

    type: Literal["tool"]
    name: str
    disable_parallel_tool_use: bool | None = None


def _choice_kind(choice: Any) -> str:
    kind = choice.get("type") if isinstance(choice, dict) else None
    return "<tool>" if kind == "tool" else "<free>"


ToolChoice = Annotated[
    Annotated[FreeChoice, Tag("<free>")] | Annotated[NamedChoice, Tag("<tool>")],
    Discriminator(_choice_kind),
]


class CountTokensRequest(FormatFields):
    """The body of `/v1/messages/count_tokens`: what is answered may be counted first, whatever it holds.

    `thinking` and `output_config` are hints of many shapes, so they are read by `hints`; the format in the
    latter by `output_format`, which is also the older name of the field. The last fields are ours, and mean
    what they mean in a chat completion.
    """

    model: str = Field(min_length=1, max_length=512)
    messages: list[Message] = Field(min_length=1)
    system: Annotated[list[TextBlock] | None, BeforeValidator(as_blocks)] = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Any = None
    output_config: Any = None
    output_format: FlatBody | None = None
    cache_control: CacheControl | None = None
    max_tokens: Count | None = Field(default=None, ge=1)
    stop_sequences: list[Annotated[str, Field(min_length=1)]] | None = Field(
        default=None, max_length=_MAX_STOPS
    )
    stream: bool | None = None
    temperature: float | None = Field(default=None, ge=0, le=1)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: Count | None = Field(default=None, ge=0)

    min_p: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    repetition_penalty: Repetition | None = None
    chat_template_kwargs: TemplateKwargs = None
    priority: Literal["interactive", "background"] | None = None
    cache_salt: str | None = Field(default=None, max_length=256)
    cache_debug: bool | None = None
    timeout: Seconds | None = None
    keep_alive: KeepAlive = None


class MessagesRequest(CountTokensRequest):
    """The body of `/v1/messages`."""

    max_tokens: Count = Field(ge=1)


# What would change the answer and is not built yet, also under the names of other dialects.
UNSUPPORTED: Final[dict[str, tuple[Any, ...]]] = sampling.UNSUPPORTED | {
    "n": (1,),
    "stop": ([],),
    "logit_bias": ({},),
    "response_format": ({"type": "text"},),
}
