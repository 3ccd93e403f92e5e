"""Tokens that guides exclude, for a batch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.guiding.masks import Mask, excluded
from mlx_manager.mlx_server.engine.guiding.matching import GuideFault
from mlx_manager.mlx_server.engine.sampling.row import SamplingRow
from mlx_manager.mlx_server.engine.sampling.sampler import LogitsError


class GuidedRows:
    """The rows of a batch that have guides; false where there is none.

    What their masks cost is spent while the device computes the logits, where it has them to compute.
    """

    def __init__(self, rows: Sequence[SamplingRow]) -> None:
        self._num_rows = len(rows)
        self._guides = [(index, row.guide) for index, row in enumerate(rows) if row.guide is not None]

    def __bool__(self) -> bool:
        return bool(self._guides)

    def masks(self) -> list[tuple[int, Mask]]:
        """The masks of the rows that are not free now.

        Raises:
            LogitsError: for the rows of which nobody can tell what may come.
        """
        found: list[tuple[int, Mask]] = []
        faults: dict[int, str] = {}
        for index, guide in self._guides:
            try:
                mask = guide.mask()
            except GuideFault as fault:
                faults[index] = str(fault)
                continue
            if mask is not None:
                found.append((index, mask))
        if faults:
            raise LogitsError(list(faults), f"cannot be guided: {'; '.join(faults.values())}")
        return found

    def excluded(self, masks: Sequence[tuple[int, Mask]], vocab_size: int) -> NDArray[np.bool_]:
        """All rows' excluded tokens. Shape: (B, V)."""
        found = np.zeros((self._num_rows, vocab_size), np.bool_)
        for index, mask in masks:
            found[index] = excluded(mask, vocab_size)
        return found
