"""Unnormalised probabilities over the whole vocabulary, for a few rows at a time."""

from collections.abc import Iterator

import numpy as np

from mlx_manager.mlx_server.engine.sampling.sampler import check_finite
from mlx_manager.mlx_server.engine.sampling.select import Floats, Floats32, Ids, pick, rows_of

_BLOCK_WIDTH = 64
# Rows that are worked on together: their weights stay in the second-level cache.
_CHUNK_ELEMENTS = 2**18


def chunks(num_rows: int, vocab_size: int) -> Iterator[slice]:
    """Spans of rows that are worked on together."""
    step = max(1, _CHUNK_ELEMENTS // vocab_size)
    return (slice(start, min(start + step, num_rows)) for start in range(0, num_rows, step))


class Weights:
    """`exp((logit - peak) / temperature)` of some rows, cut into blocks of `_BLOCK_WIDTH` tokens.

    A block's tokens lie `num_blocks` apart, so that all blocks are summed at once; zeros fill the end.
    Sums of blocks are float32, sums of those float64.

    Attributes:
        peak: each row's largest logit. Shape: (R,).
        values: shape (R, V), float32; 0 is excluded.
    """

    def __init__(self, peak: Floats32, padded: Floats32, vocab_size: int) -> None:
        """Take over weights in whole blocks. Shape: (R, num_blocks * _BLOCK_WIDTH)."""
        self.peak = peak
        self.values = padded[:, :vocab_size]
        self._padded = padded
        self._num_blocks = padded.shape[1] // _BLOCK_WIDTH
        self._sums: Floats | None = None

    @classmethod
    def of(cls, logits: Floats32, rows: Ids, temperature: Floats | None = None) -> "Weights":
        """The weights of some rows.

        Args:
            logits: shape (B, V).
            rows: indices of R rows.
            temperature: theirs; None is 1.

        Raises:
            LogitsError: where a peak is not finite.
        """
        chosen = rows_of(logits, rows)
        peak = chosen.max(axis=-1)
        check_finite(peak, rows)
        num_rows, vocab_size = chosen.shape
        padded = np.empty((num_rows, -(-vocab_size // _BLOCK_WIDTH) * _BLOCK_WIDTH), np.float32)
        padded[:, vocab_size:] = 0
        values = padded[:, :vocab_size]
        with np.errstate(over="ignore"):  # a logit may be the lowest float there is; its weight is 0
            np.subtract(chosen, peak[:, None], out=values)
            if temperature is not None:
                values *= (1.0 / temperature).astype(np.float32)[:, None]
        np.exp(values, out=values)
        return cls(peak, padded, vocab_size)

    def take(self, rows: Ids) -> "Weights":
        """Some rows, ascending; what is excluded there may be excluded here, too."""
        return Weights(self.peak[rows], rows_of(self._padded, rows), self.values.shape[1])

    def totals(self) -> Floats:
        """Each row's sum. Shape: (R,)."""
        return np.asarray(self._block_sums().sum(axis=-1))

    def totals_above(self, floors: Floats32) -> Floats:
        """Each row's sum of the weights above its floor. Shape: (R,)."""
        above = np.empty_like(self._padded)
        # Comparing into floats costs half of multiplying by a mask.
        np.greater(self._padded, floors[:, None], out=above, casting="unsafe")
        above *= self._padded
        return np.asarray(self._sum_blocks(above).sum(axis=-1))

    def exclude(self, below: Floats32) -> None:
        """Exclude the weights below each row's floor. Shape: (R,)."""
        self._padded *= self._padded >= below[:, None]
        self._sums = None

    def draw(self, uniform: Floats) -> Ids:
        """Draw a token a row: first the block, then the token in it.

        Args:
            uniform: in [0, 1). Shape: (R, 2).
        """
        block = pick(self._block_sums(), uniform[:, 0])
        ids = block[:, None] + np.arange(_BLOCK_WIDTH) * self._num_blocks
        members = np.take_along_axis(self._padded, ids, axis=-1).astype(np.float64)
        member = pick(members, uniform[:, 1])
        return np.asarray(block + member * self._num_blocks)

    def _block_sums(self) -> Floats:
        if self._sums is None:
            self._sums = self._sum_blocks(self._padded)
        return self._sums

    def _sum_blocks(self, padded: Floats32) -> Floats:
        in_blocks = padded.reshape(len(padded), _BLOCK_WIDTH, self._num_blocks)
        return np.asarray(in_blocks.sum(axis=1).astype(np.float64))
