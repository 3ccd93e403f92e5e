"""The request's fields that are honoured. Items and tools are read one by one, see `items` and `tools`."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.formats import FlatBody
from mlx_manager.mlx_server.protocols.openai import sampling
from mlx_manager.mlx_server.protocols.openai.sampling import MAX_TOP_LOGPROBS, Count, SamplingFields
from mlx_manager.mlx_server.protocols.reasoning_fields import ReasoningOptions
from mlx_manager.mlx_server.protocols.template_kwargs import TemplateKwargs

ENCRYPTED_REASONING: Final = "reasoning.encrypted_content"
LOGPROBS: Final = "message.output_text.logprobs"
_MAX_PAIRS: Final = 16
_MAX_KEY_CHARS: Final = 64
_MAX_VALUE_CHARS: Final = 512


def _as_items(value: Any) -> Any:
    """A plain string is one message of the user's."""
    return [{"role": "user", "content": value}] if isinstance(value, str) else value


class TextOptions(WireModel):
    """What the answer's text is to be."""

    format: FlatBody | None = None


class StreamOptions(WireModel):
    """Options of a stream; none of them has an effect, so that each is named."""


class ResponsesRequest(SamplingFields):
    """The body."""

    stream_options: StreamOptions | None = None  # type: ignore[assignment]  # the other dialects' have one
    input: Annotated[list[dict[str, Any]], BeforeValidator(_as_items)] = Field(default_factory=list)
    instructions: str | None = None
    previous_response_id: str | None = None
    max_output_tokens: Count | None = Field(default=None, ge=1)
    top_logprobs: int | None = Field(default=None, ge=0, le=MAX_TOP_LOGPROBS)
    include: list[str] | None = None
    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    chat_template_kwargs: TemplateKwargs | None = None

    @field_validator("metadata")
    @classmethod
    def _small(cls, metadata: dict[str, str] | None) -> dict[str, str] | None:
        pairs = metadata or {}
        if len(pairs) > _MAX_PAIRS:
            raise PydanticCustomError("metadata", "takes at most {most} pairs", {"most": _MAX_PAIRS})
        if any(len(key) > _MAX_KEY_CHARS or len(value) > _MAX_VALUE_CHARS for key, value in pairs.items()):
            limits = {"key": _MAX_KEY_CHARS, "value": _MAX_VALUE_CHARS}
            raise PydanticCustomError(
                "metadata", "takes keys of {key} and values of {value} characters", limits
            )
        return metadata

    @property
    def wants_logprobs(self) -> bool:
        """Whether each token's logprob is to be told."""
        return LOGPROBS in (self.include or ())

    @property
    def wants_encrypted_reasoning(self) -> bool:
        """Whether the client keeps the reasoning itself and is to be given it in one field."""
        return ENCRYPTED_REASONING in (self.include or ())

    @property
    def text_format(self) -> dict[str, Any]:
        """What the text is to be, to be given back."""
        stated = None if self.text is None else self.text.format
        return {"type": "text"} if stated is None else stated.model_dump(by_alias=True, exclude_unset=True)

    @property
    def verbosity(self) -> Any:
        """What was said of it, to be given back."""
        extra = None if self.text is None else self.text.model_extra
        return (extra or {}).get("verbosity")


UNSUPPORTED: dict[str, tuple[Any, ...]] = sampling.UNSUPPORTED | {
    "n": (1,),
    "background": (False,),
    "conversation": (),
    "prompt": (),
    "response_format": ({"type": "text"},),
}
