"""The answers."""

from msgspec import UNSET, Struct, UnsetType


class Piece(Struct, frozen=True):
    """A token with its text, as llama.cpp gives it."""

    id: int
    piece: str


class Tokens(Struct, frozen=True):
    """A text in tokens.

    Attributes:
        max_model_len: the model's window, None where its config is silent.
    """

    count: int
    max_model_len: int | None
    tokens: list[int] | list[Piece]
    token_strs: list[str] | UnsetType = UNSET


class Text(Struct, frozen=True):
    """Tokens as text: `prompt` is vLLM's name for it, `content` llama.cpp's."""

    prompt: str
    content: str


class Rendered(Struct, frozen=True):
    """A conversation as the model reads it."""

    prompt: str
    count: int
    max_model_len: int | None
