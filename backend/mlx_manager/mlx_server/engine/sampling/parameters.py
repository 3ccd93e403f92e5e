"""The parameters of a batch as vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlx_manager.mlx_server.engine.sampling.row import SamplingRow

# Below this float32 has no room for the scaled logits, and every draw is greedy anyway.
_MIN_TEMPERATURE = 1e-6
# Keeps the likeliest token in the nucleus, whatever the request says.
_MIN_TOP_P = 1e-12
# What the two-stage selection serves; larger ones are rare.
SMALL_TOP_K = 64


@dataclass(frozen=True)
class Parameters:
    """One element a row. `top_k` is 0, and `top_p` 1 or more, where nothing is to be cut."""

    greedy: NDArray[np.bool_]
    temperature: NDArray[np.float64]
    top_k: NDArray[np.int64]
    top_p: NDArray[np.float64]
    min_p: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Sequence[SamplingRow]) -> "Parameters":
        """The requests' parameters, made safe to compute with."""
        requests = [row.request for row in rows]
        temperature = np.array([request.temperature for request in requests], np.float64)
        return cls(
            greedy=temperature <= 0,
            temperature=np.maximum(temperature, _MIN_TEMPERATURE),
            top_k=np.array([min(max(request.top_k, 0), 2**31 - 1) for request in requests], np.int64),
            top_p=np.maximum(np.array([request.top_p for request in requests], np.float64), _MIN_TOP_P),
            min_p=np.array([request.min_p for request in requests], np.float64),
        )

    def take(self, rows: NDArray[np.intp] | slice) -> "Parameters":
        """Those of some rows."""
        return Parameters(
            self.greedy[rows], self.temperature[rows], self.top_k[rows], self.top_p[rows], self.min_p[rows]
        )

    @property
    def small_top_k(self) -> NDArray[np.bool_]:
        """The sampled rows that the two-stage selection serves."""
        return ~self.greedy & (self.top_k > 0) & (self.top_k <= SMALL_TOP_K)
