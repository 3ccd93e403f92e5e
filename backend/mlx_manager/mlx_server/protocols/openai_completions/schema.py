"""The request's fields that are honoured."""

from typing import Any, Final

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.formats import ResponseFormat
from mlx_manager.mlx_server.protocols.openai import sampling
from mlx_manager.mlx_server.protocols.openai.sampling import MAX_CHOICES, MAX_TOP_LOGPROBS, SamplingFields

_PROMPT: Final = "must be a string, a list of token ids, or a list of these"


class CompletionRequest(SamplingFields):
    """The body; `prompt` becomes a list of prompts, each a string or token ids.

    `response_format` is no field of OpenAI's here; other servers take it.
    """

    prompt: list[str | list[int]]
    best_of: int | None = None
    echo: bool | None = None
    suffix: str | None = None
    logprobs: int | None = Field(default=None, ge=0, le=MAX_TOP_LOGPROBS)
    response_format: ResponseFormat | None = None

    @field_validator("prompt", mode="before")
    @classmethod
    def _prompt_list(cls, prompt: Any) -> Any:
        if isinstance(prompt, str) or _are_token_ids(prompt):
            return [prompt]
        if not isinstance(prompt, list) or not prompt:
            raise PydanticCustomError("prompt", _PROMPT)
        if not all(isinstance(one, str) or _are_token_ids(one) for one in prompt):
            raise PydanticCustomError("prompt", _PROMPT)
        return prompt

    @field_validator("suffix")
    @classmethod
    def _one_gap(cls, suffix: str | None, info: ValidationInfo) -> str | None:
        prompt = info.data.get("prompt")
        if suffix and prompt is not None and any(not isinstance(one, str) for one in prompt):
            raise PydanticCustomError("suffix", "needs prompts of text")
        if suffix and info.data.get("echo"):
            raise PydanticCustomError("suffix", "cannot be combined with echo")
        return suffix

    @field_validator("logprobs")
    @classmethod
    def _of_the_answer(cls, count: int | None, info: ValidationInfo) -> int | None:
        if count is not None and info.data.get("echo"):
            message = "are told of the answer only, and not of a prompt that is echoed: leave one of them out"
            raise PydanticCustomError("logprobs", message)
        return count


def check_best_of(wire: CompletionRequest) -> None:
    """Choosing the best of several would hide what was generated and paid for. Raises ApiError."""
    if wire.best_of is not None and wire.best_of != wire.num_choices:
        message = "best_of must equal n: every choice is given back"
        raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param="best_of")


def check_count(wire: CompletionRequest) -> None:
    """Refuse more choices than a request may have. Raises ApiError."""
    wanted = len(wire.prompt) * wire.num_choices
    if wanted > MAX_CHOICES:
        asked = f"{len(wire.prompt)} prompts and n {wire.num_choices}"
        message = f"{asked} ask for {wanted} choices; {MAX_CHOICES} are the most"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="prompt")


def _are_token_ids(prompt: Any) -> bool:
    is_list = isinstance(prompt, list) and bool(prompt)
    return is_list and all(type(token) is int and token >= 0 for token in prompt)


UNSUPPORTED: dict[str, tuple[Any, ...]] = sampling.UNSUPPORTED | {
    "top_logprobs": (0,),
}
