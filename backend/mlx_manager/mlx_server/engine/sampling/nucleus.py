"""Rows with any parameters, drawn from the whole vocabulary without sorting it."""

import numpy as np

from mlx_manager.mlx_server.engine.sampling.parameters import Parameters
from mlx_manager.mlx_server.engine.sampling.select import Floats, Floats32, Ids
from mlx_manager.mlx_server.engine.sampling.weights import Weights, chunks

_NUM_ATTEMPTS = 8
NUM_UNIFORMS = 2 * _NUM_ATTEMPTS  # of a row


def draw_any(logits: Floats32, rows: Ids, parameters: Parameters, uniform: Floats) -> Ids:
    """Draw a token for some rows.

    Args:
        logits: shape (B, V).
        rows: indices of R rows.
        parameters: those rows'.
        uniform: in [0, 1). Shape: (R, NUM_UNIFORMS).

    Returns:
        Token ids. Shape: (R,).

    Raises:
        LogitsError: where a row's largest logit is not finite.
    """
    drawn = np.empty(len(rows), np.intp)
    for span in chunks(len(rows), logits.shape[1]):
        weights = Weights.of(logits, rows[span], parameters.temperature[span])
        drawn[span] = _draw_chunk(weights, parameters.take(span), uniform[span])
    return drawn


def _draw_chunk(weights: Weights, parameters: Parameters, uniform: Floats) -> Ids:
    """Draw from all that top_k and min_p leave, and again while the token is not in the nucleus.

    A token is in the nucleus if the tokens above it weigh less than `top_p` of the whole. Drawing
    until that holds draws from the nucleus as it is, at the cost of a sum instead of a sort: a
    refused token shows that what weighs as much or less is outside, too, and halves, on average,
    what may be refused next. Before the last attempt what is left is sorted, so that it is the last.
    """
    limit = _cut(weights, parameters)
    tokens = weights.draw(uniform[:, :2])
    if np.isinf(limit).all():
        return tokens
    pending = np.arange(len(tokens))
    for attempt in range(1, _NUM_ATTEMPTS):
        drawn = np.take_along_axis(weights.values, tokens[pending, None], axis=-1)[:, 0]
        refused = np.flatnonzero(weights.totals_above(drawn) >= limit)
        if not len(refused):
            break
        weights, limit, pending = weights.take(refused), limit[refused], pending[refused]
        weights.exclude(below=np.nextafter(drawn[refused], np.float32(np.inf)))
        if attempt == _NUM_ATTEMPTS - 1:
            weights.exclude(below=_nucleus_floors(weights, limit))
        tokens[pending] = weights.draw(uniform[pending, 2 * attempt : 2 * attempt + 2])
    return tokens


def _cut(weights: Weights, parameters: Parameters) -> Floats:
    """Exclude what top_k and min_p exclude.

    Returns:
        What the tokens above one in the nucleus weigh at most: `top_p` of what top_k leaves, not
        of what min_p leaves; infinity where there is no top_p. Shape: (R,).
    """
    total = weights.totals()
    floors = parameters.min_p.astype(np.float32)
    for row in np.flatnonzero((parameters.top_k > 0) & (parameters.top_k < weights.values.shape[1])):
        smallest, total[row] = _cut_top_k(weights.values[row], int(parameters.top_k[row]))
        floors[row] = max(floors[row], smallest)
    if (floors > 0).any():
        weights.exclude(below=floors)
    return np.where(parameters.top_p < 1, parameters.top_p * total, np.inf)


def _cut_top_k(weights: Floats32, top_k: int) -> tuple[np.float32, float]:
    """The smallest of the `top_k` largest weights, and the sum of exactly so many."""
    smallest: np.float32 = np.partition(weights, len(weights) - top_k)[len(weights) - top_k]
    above = weights[weights > smallest]
    return smallest, float(above.sum(dtype=np.float64)) + float(smallest) * (top_k - len(above))


def _nucleus_floors(weights: Weights, limit: Floats) -> Floats32:
    """The smallest weight of each row that has less than the limit above it. Shape: (R,)."""
    descending = np.sort(weights.values, axis=-1)[:, ::-1]
    before = np.cumsum(descending, axis=-1, dtype=np.float64) - descending
    num_kept = (before < limit[:, None]).sum(axis=-1)
    return np.asarray(descending[np.arange(len(limit)), num_kept - 1])
