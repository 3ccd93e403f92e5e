"""What a chat may say of how its answers are made, by the names of OpenAI's chat completions.

Ranges are the server's business: what it refuses becomes the error of the message that was asked for.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mlx_manager.chats.bounds import JsonObject, ShortText, check_json
from mlx_manager.users.schemas import Body

Number = Annotated[float, Field(allow_inf_nan=False)]
# PostgreSQL's and JavaScript's numbers end somewhere; the server's own ranges are narrower.
Whole = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]


class GenerationParameters(Body):
    """Null, or nothing at all, leaves a parameter to the model's own default."""

    temperature: Number | None = None
    top_p: Number | None = None
    top_k: Whole | None = None
    min_p: Number | None = None
    max_tokens: Whole | None = None
    max_completion_tokens: Whole | None = None
    seed: Whole | None = None
    stop: ShortText | Annotated[list[ShortText], Field(max_length=16)] | None = None
    presence_penalty: Number | None = None
    frequency_penalty: Number | None = None
    repetition_penalty: Number | None = None
    logit_bias: JsonObject | None = None
    reasoning_effort: ShortText | None = None
    enable_thinking: bool | None = None
    thinking_budget: Whole | None = None
    response_format: JsonObject | None = None
    tools: list[JsonObject] | None = None
    tool_choice: ShortText | JsonObject | None = None
    parallel_tool_calls: bool | None = None
    chat_template_kwargs: JsonObject | None = None
    ignore_eos: bool | None = None
    priority: Literal["interactive", "background"] | None = None
    timeout: Number | None = None
    keep_alive: Number | ShortText | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_json(self.stated())
        return self

    def stated(self) -> dict[str, Any]:
        """Those that say something, as they are stored and sent."""
        return self.model_dump(mode="json", exclude_none=True)


def merged(ours: dict[str, Any], theirs: GenerationParameters | None) -> dict[str, Any]:
    """A chat's parameters with those of one message over them."""
    return ours if theirs is None else ours | theirs.stated()
