"""Content blocks of requests. Those that cannot be read are kept by their type, to be told apart later."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.tools import MAX_TOOL_NAME_CHARS

# Pydantic puts a union's tag into the path of a fault; no tag may look like a field of its block.
_OTHER: Final = "<other>"


class CacheControl(WireModel):
    """A mark: a prefix that ends here is worth keeping. How long is not the client's to say."""

    type: str


class TextBlock(WireModel):
    """Text of anybody's."""

    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None


class ThinkingBlock(WireModel):
    """What an assistant thought; whoever signed it."""

    type: Literal["thinking"]
    thinking: str
    signature: Any = None


class ToolUseBlock(WireModel):
    """A call that an assistant made."""

    type: Literal["tool_use"]
    id: str = Field(min_length=1)
    name: str = Field(min_length=1, max_length=MAX_TOOL_NAME_CHARS)
    input: dict[str, Any]
    cache_control: CacheControl | None = None


class ToolReferenceBlock(WireModel):
    """A tool that a search for tools has found, by its name."""

    type: Literal["tool_reference"]
    tool_name: str
    cache_control: CacheControl | None = None


class OtherBlock(WireModel):
    """A block that is left out or refused as a whole, so its fields are not named one by one."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    type: str


def _kind(block: Any) -> str:
    kind = block.get("type") if isinstance(block, dict) else None
    return f"<{kind}>" if kind in ("text", "thinking", "tool_use", "tool_result") else _OTHER


def _result_kind(block: Any) -> str:
    kind = block.get("type") if isinstance(block, dict) else None
    return f"<{kind}>" if kind in ("text", "tool_reference") else _OTHER


def as_blocks(content: Any) -> Any:
    """A plain string is one block, an empty one none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content


ResultBlock = Annotated[
    Annotated[TextBlock, Tag("<text>")]
    | Annotated[ToolReferenceBlock, Tag("<tool_reference>")]
    | Annotated[OtherBlock, Tag(_OTHER)],
    Discriminator(_result_kind),
]


class ToolResultBlock(WireModel):
    """What a call came to; `content` is a string, a list of blocks, or absent."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: Annotated[list[ResultBlock] | None, BeforeValidator(as_blocks)] = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


Block = Annotated[
    Annotated[TextBlock, Tag("<text>")]
    | Annotated[ThinkingBlock, Tag("<thinking>")]
    | Annotated[ToolUseBlock, Tag("<tool_use>")]
    | Annotated[ToolResultBlock, Tag("<tool_result>")]
    | Annotated[OtherBlock, Tag(_OTHER)],
    Discriminator(_kind),
]
