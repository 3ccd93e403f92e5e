"""Statistics of the benchmark against cases whose answer is known."""

import math

import pytest
from bench.ratios import bootstrap_interval, paired_ratios, percentile, summarise


def exact_interval(count: int) -> tuple[int, int]:
    """Ranks of the bootstrap interval of the median of so many distinct values, an odd number.

    A resample's median lies at or below rank k if more than half of the draws do.
    """

    def at_most(rank: int) -> float:
        part = rank / count
        return sum(
            math.comb(count, hits) * part**hits * (1 - part) ** (count - hits)
            for hits in range(count // 2 + 1, count + 1)
        )

    ranks = range(1, count + 1)
    return next(k for k in ranks if at_most(k) >= 0.025), next(k for k in ranks if at_most(k) >= 0.975)


@pytest.mark.parametrize("count", [7, 11, 13])
def test_interval_is_the_exact_one(count: int) -> None:
    values = [float(rank) for rank in range(1, count + 1)]
    assert bootstrap_interval(values) == exact_interval(count)


def test_interval_shrinks_with_more_rounds() -> None:
    few, many = [1.0, 2.0, 3.0], [1.0, 2.0, 3.0] * 20
    assert bootstrap_interval(few) == (1.0, 3.0)
    assert bootstrap_interval(many) == (2.0, 2.0)


def test_interval_is_the_same_each_time() -> None:
    values = [0.91, 0.97, 0.95, 0.99, 0.9, 0.93, 0.96]
    assert bootstrap_interval(values) == bootstrap_interval(list(values))


def test_summary() -> None:
    summary = summarise([3.0, 1.0, 2.0, 2.0, 10.0, 2.0, 2.0])
    assert (summary.median, summary.smallest, summary.largest, summary.count) == (2.0, 1.0, 10.0, 7)
    assert summary.low <= summary.median <= summary.high
    with pytest.raises(ValueError, match="no values"):
        summarise([])


def test_ratios_pair_rounds_and_not_medians() -> None:
    """Drift that hits both alike leaves the ratio alone, where a ratio of medians would show it."""
    assert paired_ratios([90.0, 45.0, 9.0], [100.0, 50.0, 10.0]) == pytest.approx([0.9, 0.9, 0.9])
    with pytest.raises(ValueError, match="argument 2"):
        paired_ratios([1.0], [1.0, 2.0])


def test_percentile() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert percentile([1.0, 2.0, 3.0], 0.0) == 1.0
    assert percentile([1.0, 2.0, 3.0], 1.0) == 3.0
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([float(value) for value in range(101)], 0.99) == pytest.approx(99.0)
