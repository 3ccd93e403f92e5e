"""The bodies, with the names that vLLM and llama.cpp have for their fields."""

from typing import Annotated

from pydantic import Field

from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.openai_chat.schema import ChatCompletionRequest

TokenId = Annotated[int, Field(ge=0, lt=2**31)]


class Wishes(WireModel):
    """How tokens are shown.

    Attributes:
        return_token_strs: also give each token's text.
        with_pieces: llama.cpp's name for that; its tokens then are objects.
    """

    return_token_strs: bool | None = None
    with_pieces: bool | None = None


class TokenizeRequest(Wishes):
    """A text: `prompt`, or `content` as llama.cpp calls it. A conversation is a chat completion's body.

    Attributes:
        add_special_tokens: whether the text gets what the tokenizer puts before a prompt, as it does in
            `/v1/completions`; llama.cpp calls it `add_special`.
    """

    model: str = Field(min_length=1, max_length=512)
    prompt: str | None = None
    content: str | None = None
    add_special_tokens: bool | None = None
    add_special: bool | None = None


class DetokenizeRequest(WireModel):
    """Tokens to turn into text."""

    model: str = Field(min_length=1, max_length=512)
    tokens: list[TokenId] = Field(max_length=2**21)


class ApplyTemplateRequest(ChatCompletionRequest):
    """A chat completion's body: the prompt of it is shown."""
