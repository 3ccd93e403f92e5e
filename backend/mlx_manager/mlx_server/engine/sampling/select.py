"""The largest elements of each row without sorting it, in numpy."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ids = NDArray[np.intp]

_BLOCK_WIDTH = 16
# Below this many elements one pass of argpartition is faster than two stages.
_MIN_ELEMENTS_FOR_BLOCKS = 8192


def rows_of(values: Floats32, rows: Ids) -> Floats32:
    """Some rows, ascending, of an array; not copied where it is one row or all."""
    if len(rows) == len(values):
        return values
    return values[rows[0] : rows[0] + 1] if len(rows) == 1 else values[rows]


def largest(values: Floats32, count: int) -> tuple[Ids, Floats32]:
    """The `count` largest elements of every row, or all where there are fewer.

    Which of several equal elements at the edge are taken is not defined, but each row decides alone.

    Args:
        values: shape (R, V), contiguous.

    Returns:
        Their indices, ascending, and the elements. Shapes: (R, min(count, V)).
    """
    width = values.shape[1]
    if count >= width:
        return np.broadcast_to(np.arange(width), values.shape), values
    if width < max(_MIN_ELEMENTS_FOR_BLOCKS, 4 * count * _BLOCK_WIDTH):
        ids = np.argpartition(values, width - count, axis=-1)[:, width - count :]
    else:
        candidates = _block_candidates(values, count)
        found = _take(values, candidates)
        best = np.argpartition(found, found.shape[1] - count, axis=-1)[:, -count:]
        ids = np.take_along_axis(candidates, best, axis=-1)
    ids = np.sort(ids, axis=-1)
    return ids, _take(values, ids)


def _block_candidates(values: Floats32, count: int) -> Ids:
    """Indices that hold the `count` largest of every row: those of the blocks with the largest maxima.

    A block's elements lie one stride apart, so that the maxima of all blocks are taken at once,
    in vector instructions. What does not fill the blocks is a candidate, too.
    """
    num_rows, width = values.shape
    num_blocks = width // _BLOCK_WIDTH
    in_blocks = values[:, : num_blocks * _BLOCK_WIDTH].reshape(num_rows, _BLOCK_WIDTH, num_blocks)
    best = np.argpartition(in_blocks.max(axis=1), num_blocks - count, axis=-1)[:, num_blocks - count :]
    members = np.arange(_BLOCK_WIDTH) * num_blocks
    candidates = (best[:, None, :] + members[None, :, None]).reshape(num_rows, -1)
    rest = np.arange(num_blocks * _BLOCK_WIDTH, width)
    return np.concatenate([candidates, np.broadcast_to(rest, (num_rows, len(rest)))], axis=1)


def _take(values: Floats32, ids: Ids) -> Floats32:
    """`take_along_axis` along the last axis, at half its cost."""
    offsets = np.arange(len(values))[:, None] * values.shape[1]
    return np.asarray(values.reshape(-1).take(ids + offsets))


def pick(weights: Floats, uniform: Floats) -> Ids:
    """Draw an index a row with the probabilities of its weights; a weight of zero is never drawn.

    Args:
        weights: shape (R, N), at least one positive in each row.
        uniform: in [0, 1). Shape: (R,).
    """
    reached = np.cumsum(weights, axis=-1)
    total = reached[:, -1:]
    index = (reached <= uniform[:, None] * total).sum(axis=-1)
    # The product may round up to the total.
    return np.asarray(np.minimum(index, (reached < total).sum(axis=-1)))
