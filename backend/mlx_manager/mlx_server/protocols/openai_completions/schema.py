"""The request's fields that are honoured."""

from typing import Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from mlx_manager.mlx_server.protocols.openai import sampling
from mlx_manager.mlx_server.protocols.openai.sampling import MAX_TOP_LOGPROBS, SamplingFields


class CompletionRequest(SamplingFields):
    """The body; `prompt` is a string or one list of token ids."""

    prompt: str | list[int]
    logprobs: int | None = Field(default=None, ge=0, le=MAX_TOP_LOGPROBS)

    @field_validator("prompt", mode="before")
    @classmethod
    def _one_prompt(cls, prompt: Any) -> Any:
        if isinstance(prompt, str):
            return prompt
        if isinstance(prompt, list) and len(prompt) == 1 and isinstance(prompt[0], str | list):
            prompt = prompt[0]  # a batch of one
        if isinstance(prompt, str):
            return prompt
        if isinstance(prompt, list) and prompt and all(type(token) is int and token >= 0 for token in prompt):
            return prompt
        raise PydanticCustomError(
            "prompt",
            "must be a string or a list of token ids; several prompts in one request are not supported yet",
        )


UNSUPPORTED: dict[str, tuple[Any, ...]] = sampling.UNSUPPORTED | {
    "top_logprobs": (0,),
    "echo": (False,),
    "suffix": ("",),
}
