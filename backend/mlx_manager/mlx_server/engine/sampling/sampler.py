"""What the engine sees of a sampler."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.wire import TokenLogprobs

Collected: TypeAlias = tuple[list[int], list[TokenLogprobs | None]]


class LogitsError(ArithmeticError):
    """Logits from which nothing can be drawn: not a number, infinite, or every token excluded.

    Attributes:
        rows: indices in the batch.
    """

    def __init__(self, rows: Sequence[int], why: str = "are not finite") -> None:
        super().__init__(f"logits of row(s) {', '.join(map(str, rows))} {why}")
        self.rows = list(rows)


def check_finite(deciding: NDArray[np.floating[Any]], rows: NDArray[np.intp]) -> None:
    """Raise LogitsError for the rows whose deciding logit is not finite. Shapes: (R,)."""
    finite = np.isfinite(deciding)
    if not finite.all():
        raise LogitsError(rows[~finite].tolist())


class Draw(Protocol):
    """What one step drew, possibly not evaluated yet."""

    @property
    def token_ids(self) -> mx.array:
        """The next step's input. Shape: (B,), uint32."""

    @property
    def arrays(self) -> list[mx.array]:
        """Everything that must be evaluated before `collect`, for `mx.async_eval`; may be empty."""

    def collect(self) -> Collected:
        """Wait, and give the tokens and logprobs on the host, in the rows' order.

        Raises:
            LogitsError: where rows have no token; none of this step's tokens should be used then.
        """


class Sampler(Protocol):
    """Draws a token for every row of one batch.

    Attributes:
        can_pipeline: whether `draw` is lazy and needs no earlier token on the host, so that the
            next step may be launched before this one is collected.
    """

    can_pipeline: bool

    def draw(self, logits: mx.array) -> Draw:
        """Draw from logits of shape (B, V), any float type, and advance every row's position by one.

        A row's draw depends on its request, its position, its history and its own logits alone.

        Raises:
            LogitsError: see `Draw.collect`; a sampler that is not lazy raises here, and advances nothing.
        """
