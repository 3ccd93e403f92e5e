"""Rows with a small top_k: everything happens on their largest logits."""

import numpy as np
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.sampling.parameters import SMALL_TOP_K, Parameters
from mlx_manager.mlx_server.engine.sampling.sampler import check_finite
from mlx_manager.mlx_server.engine.sampling.select import Floats, Floats32, Ids, largest, pick, rows_of

# Some more than the largest top_k, so that most ties with the last one kept are among them.
_NUM_CANDIDATES = SMALL_TOP_K + 16


def draw_small_top_k(
    logits: Floats32, rows: Ids, parameters: Parameters, uniform: Floats
) -> tuple[Ids, NDArray[np.bool_]]:
    """Draw a token for some rows.

    The candidates stay in vocabulary order, so that a draw does not hang on the order that a
    partition leaves them in. Their number is the same for every top_k, so that rows are alike alone
    and together.

    Args:
        logits: shape (B, V), contiguous.
        rows: indices of R rows.
        parameters: those rows'; every top_k lies in 1..SMALL_TOP_K.
        uniform: in [0, 1). Shape: (R,).

    Returns:
        Token ids, and whether more tokens are tied with the last one kept than are looked at
        here; such a row's id means nothing. Shapes: (R,).

    Raises:
        LogitsError: where a row's largest logit is not finite.
    """
    ids, values = largest(rows_of(logits, rows), _NUM_CANDIDATES)
    temperature = parameters.temperature[:, None]
    descending = np.sort(values, axis=-1)[:, ::-1].astype(np.float64)
    check_finite(descending[:, 0], rows)
    scaled = (descending - descending[:, :1]) / temperature
    in_top_k = np.arange(scaled.shape[1]) < parameters.top_k[:, None]
    ranked = np.where(in_top_k, np.exp(scaled), 0.0)
    reached = np.cumsum(ranked, axis=-1)
    top_p = parameters.top_p[:, None]
    in_nucleus = in_top_k & ((top_p >= 1) | (reached - ranked < top_p * reached[:, -1:]))
    last = in_nucleus.sum(axis=-1, keepdims=True) - 1
    threshold = np.take_along_axis(scaled, last, axis=-1)
    in_order = (values.astype(np.float64) - descending[:, :1]) / temperature
    weights = np.exp(in_order)
    weights[(in_order < threshold) | (weights < parameters.min_p[:, None])] = 0.0
    tokens = np.take_along_axis(ids, pick(weights, uniform)[:, None], axis=-1)[:, 0]
    smallest = scaled[:, -1:]
    tied = (threshold == smallest) & (np.exp(smallest) > 0) & (values.shape[1] < logits.shape[1])
    return tokens, tied[:, 0]
