"""Random numbers that a row's seed and position alone decide, whatever runs beside it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix64(value: int) -> int:
    """The SplitMix64 finaliser: neighbouring inputs give unrelated 64-bit outputs.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def mix64_array(values: Keys) -> Keys:
    """`mix64` of every element; numpy's unsigned arithmetic wraps as the formula wants."""
    mixed = values + np.uint64(_GOLDEN)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def mixed_seeds(seeds: Sequence[int]) -> Keys:
    """The part of the keys that stays the same from draw to draw. Shape: (B,)."""
    return mix64_array(np.array([seed & _MASK for seed in seeds], dtype=np.uint64))


def draw_keys(mixed: Keys, positions: Sequence[int]) -> Keys:
    """One key a row, from its mixed seed and the index of its draw. Shape: (B,)."""
    return mix64_array(mixed ^ np.array(positions, dtype=np.uint64))


def uniforms(keys: Keys, count: int) -> NDArray[np.float64]:
    """The SplitMix64 sequences that start at the keys, as numbers in [0, 1). Shape: (B, count)."""
    offsets = np.arange(count, dtype=np.uint64) * np.uint64(_GOLDEN)
    bits = mix64_array(keys[:, None] + offsets)
    return np.asarray((bits >> np.uint64(11)).astype(np.float64) * 2.0**-53)
