"""Paired ratios, their median and its interval."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_RESAMPLES = 10_000


@dataclass(frozen=True)
class Summary:
    """A sample's middle and spread.

    Attributes:
        low, high: 95 % percentile-bootstrap interval of the median.
    """

    median: float
    low: float
    high: float
    smallest: float
    largest: float
    count: int


def summarise(values: Sequence[float], seed: int = 0) -> Summary:
    """Median, spread and bootstrap interval. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values")
    low, high = bootstrap_interval(values, seed)
    return Summary(statistics.median(values), low, high, min(values), max(values), len(values))


def bootstrap_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of the medians of resamples with replacement."""
    choose = random.Random(seed)
    medians = sorted(statistics.median(choose.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return medians[round(0.025 * (_RESAMPLES - 1))], medians[round(0.975 * (_RESAMPLES - 1))]


def paired_ratios(tops: Sequence[float], bottoms: Sequence[float]) -> list[float]:
    """Ratio within each round. Raises ValueError where the rounds differ in number."""
    return [top / bottom for top, bottom in zip(tops, bottoms, strict=True)]


def percentile(values: Sequence[float], fraction: float) -> float:
    """Linear between the two nearest ranks. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    position = fraction * (len(ordered) - 1)
    lower = int(position)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (position - lower)
