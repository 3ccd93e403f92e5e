"""The largest elements without a sort, and the inverse of a distribution function."""

import numpy as np
import pytest

from mlx_manager.mlx_server.engine.sampling.select import largest, pick


@pytest.mark.parametrize("width", [1, 80, 81, 1_000, 8_191, 8_192, 50_257])
@pytest.mark.parametrize("count", [1, 20, 80])
def test_the_largest_are_those_of_a_sort(width: int, count: int) -> None:
    random = np.random.default_rng(width)
    values = random.permutation(3 * width).reshape(3, width).astype(np.float32)
    values[1] = np.sort(values[1])
    ids, found = largest(values, count)
    assert ids.shape == found.shape == (3, min(count, width))
    for row in range(3):
        wanted = np.sort(np.argsort(-values[row])[:count])
        assert ids[row].tolist() == wanted.tolist()
        assert found[row].tolist() == values[row, wanted].tolist()


@pytest.mark.parametrize("width", [200, 9_000])
def test_equal_elements_do_not_hide_larger_ones(width: int) -> None:
    values = np.zeros((2, width), np.float32)
    values[:, [0, 77, width - 1]] = 1.0
    values[1, 5:] = np.nan  # not a number counts as the largest, so that it is noticed
    ids, found = largest(values, 20)
    assert set(ids[0].tolist()) >= {0, 77, width - 1}
    assert np.isnan(found[1]).all()


def test_a_weight_of_zero_is_never_picked() -> None:
    almost_one = np.nextafter(1.0, 0.0)
    weights = np.array([[0.0, 0.0, 2.0, 0.0, 1.0, 0.0]])
    for uniform, index in [(0.0, 2), (0.6, 2), (2 / 3 + 1e-12, 4), (almost_one, 4)]:
        assert pick(weights, np.array([uniform])).tolist() == [index]
    # Here the product of the largest number below 1 and the total is the total.
    weights = np.array([[0.0, 5e-324, 0.0]])
    assert pick(weights, np.array([almost_one])).tolist() == [1]
