"""A draw that MLX has yet to compute."""

from collections.abc import Callable

import mlx.core as mx
import numpy as np

from mlx_manager.mlx_server.engine.sampling.sampler import Collected, check_finite
from mlx_manager.mlx_server.engine.wire import TokenLogprobs

ReadLogprobs = Callable[[], list[TokenLogprobs | None]]


class LazyDraw:
    """Tokens in MLX's graph, with the logits that decided for them: not finite ones mean a broken model.

    Args:
        token_ids: shape (B,).
        logits: that the tokens were drawn from. Shape: (B, V).
        logprobs: arrays that `read_logprobs` brings to the host once they are evaluated.
    """

    def __init__(
        self,
        token_ids: mx.array,
        logits: mx.array,
        logprobs: list[mx.array] | None = None,
        read_logprobs: ReadLogprobs | None = None,
    ) -> None:
        self.token_ids = token_ids
        self._deciding = mx.take_along_axis(logits, token_ids[:, None], axis=-1)[:, 0].astype(mx.float32)
        self.arrays = [token_ids, self._deciding, *(logprobs or [])]
        self._read_logprobs = read_logprobs

    def collect(self) -> Collected:
        """See `Draw`."""
        mx.eval(self.arrays)
        tokens: list[int] = np.array(self.token_ids).tolist()
        check_finite(np.array(self._deciding), np.arange(len(tokens)))
        return tokens, self._read_logprobs() if self._read_logprobs else [None] * len(tokens)
