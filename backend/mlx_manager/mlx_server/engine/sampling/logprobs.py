"""Logprobs of the raw logits, for the rows that asked."""

from collections.abc import Sequence

import numpy as np

from mlx_manager.mlx_server.engine.sampling.row import SamplingRow
from mlx_manager.mlx_server.engine.sampling.select import Floats, Floats32, Ids, largest, rows_of
from mlx_manager.mlx_server.engine.sampling.weights import Weights, chunks
from mlx_manager.mlx_server.engine.wire import TokenLogprobs

MAX_TOP_LOGPROBS = 20


class LogprobRows:
    """Which rows of a batch asked for logprobs, and for how many.

    Attributes:
        rows: their indices, ascending. Shape: (R,).
        counts: `top_logprobs` of each.
    """

    def __init__(self, rows: Sequence[SamplingRow]) -> None:
        asked = [
            (index, row.request.top_logprobs)
            for index, row in enumerate(rows)
            if row.request.top_logprobs is not None
        ]
        self._num_rows = len(rows)
        self.rows = np.array([index for index, _ in asked], np.intp)
        self.counts = [min(count, MAX_TOP_LOGPROBS) for _, count in asked]

    def __bool__(self) -> bool:
        return bool(self.counts)

    def spread(self, drawn: Floats, top_ids: Ids, top: Floats) -> list[TokenLogprobs | None]:
        """One entry a row of the batch, None where none was asked for.

        Args:
            drawn: the drawn tokens' logprobs. Shape: (R,).
            top_ids, top: the likeliest tokens, descending, and theirs. Shapes: (R, at most MAX_TOP_LOGPROBS).
        """
        entries: list[TokenLogprobs | None] = [None] * self._num_rows
        told = zip(
            self.rows.tolist(), self.counts, drawn.tolist(), top_ids.tolist(), top.tolist(), strict=True
        )
        for row, count, logprob, ids, logprobs in told:
            entries[row] = TokenLogprobs(logprob, ids[:count], logprobs[:count])
        return entries


def host_logprobs(logits: Floats32, asked: LogprobRows, tokens: Ids) -> list[TokenLogprobs | None]:
    """Logprobs in numpy.

    Args:
        logits: raw. Shape: (B, V).
        tokens: drawn. Shape: (B,).
    """
    rows = asked.rows
    normaliser = np.empty(len(rows), np.float64)
    for span in chunks(len(rows), logits.shape[1]):
        weights = Weights.of(logits, rows[span])
        normaliser[span] = weights.peak + np.log(weights.totals())
    drawn = logits[rows, tokens[rows]] - normaliser
    # As many for every request, so that ties at the edge do not fall otherwise beside a neighbour.
    ids, values = largest(rows_of(logits, rows), MAX_TOP_LOGPROBS)
    order = np.argsort(-values, axis=-1, kind="stable")
    top_ids = np.take_along_axis(ids, order, axis=-1)
    top = np.take_along_axis(values, order, axis=-1) - normaliser[:, None]
    return asked.spread(drawn, top_ids, top)
