"""A text completion's logprobs in OpenAI's older shape: parallel lists."""

from collections.abc import Sequence

from msgspec import Struct

from mlx_manager.mlx_server.domain.events import TokenAlternative, TokenLogprob
from mlx_manager.mlx_server.protocols.openai.wire import finite


class CompletionLogprobs(Struct, frozen=True):
    """The `logprobs` of a choice.

    Attributes:
        top_logprobs: for each token the likeliest ones, the drawn one among them in any case.
        text_offset: for each token the place in the whole text at which it begins, in characters.
    """

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


def logprobs_body(entries: Sequence[TokenLogprob]) -> CompletionLogprobs:
    """The entries in OpenAI's shape."""
    return CompletionLogprobs(
        tokens=[_name(entry.token) for entry in entries],
        token_logprobs=[finite(entry.token.logprob) for entry in entries],
        top_logprobs=[_top(entry) for entry in entries],
        text_offset=[entry.text_offset for entry in entries],
    )


def _top(entry: TokenLogprob) -> dict[str, float]:
    # Two tokens may have one text: the drawn one keeps the name, else the likelier one.
    descending = {_name(token): finite(token.logprob) for token in reversed(entry.top)}
    return dict(reversed(descending.items())) | {_name(entry.token): finite(entry.token.logprob)}


def _name(token: TokenAlternative) -> str:
    """The token's text; OpenAI writes bytes that are no whole character this way, so that they differ."""
    try:
        token.token_bytes.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in token.token_bytes)
    return token.text
