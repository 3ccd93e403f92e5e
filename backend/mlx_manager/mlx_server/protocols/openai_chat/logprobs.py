"""A chat answer's logprobs in OpenAI's shape."""

from collections.abc import Iterable

from msgspec import Struct

from mlx_manager.mlx_server.domain.events import TokenAlternative, TokenLogprob
from mlx_manager.mlx_server.protocols.openai.wire import finite


class TopLogprob(Struct, frozen=True):
    """A token that could have been drawn."""

    token: str
    logprob: float
    bytes: list[int]


class ContentLogprob(Struct, frozen=True):
    """A token that was drawn, with the likeliest alternatives."""

    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: list[TopLogprob]


class ChoiceLogprobs(Struct, frozen=True):
    """The `logprobs` of a choice: one entry for each token of its content."""

    content: list[ContentLogprob]
    refusal: None = None


def logprobs_body(entries: Iterable[TokenLogprob]) -> ChoiceLogprobs:
    """The entries in OpenAI's shape."""
    return ChoiceLogprobs([_content(entry) for entry in entries])


def _content(entry: TokenLogprob) -> ContentLogprob:
    token = entry.token
    top = [_top(alternative) for alternative in entry.top]
    return ContentLogprob(token.text, finite(token.logprob), list(token.token_bytes), top)


def _top(token: TokenAlternative) -> TopLogprob:
    return TopLogprob(token.text, finite(token.logprob), list(token.token_bytes))
