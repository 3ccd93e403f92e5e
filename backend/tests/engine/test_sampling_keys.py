"""Keys: SplitMix64, the same in Python and in numpy."""

import numpy as np

from mlx_manager.mlx_server.engine.sampling.keys import draw_keys, mix64, mix64_array, mixed_seeds, uniforms

SEEDS = [0, 1, 2, 3, -1, 2**62, 2**63 - 1, -(2**63)]


def test_mix64_is_splitmix64() -> None:
    # The first outputs of SplitMix64 seeded with 0, from its authors' C code.
    assert mix64(0) == 0xE220A8397B1DCDAF
    assert mix64(0x9E3779B97F4A7C15) == 0x6E789E6AA1B965F4


def test_arrays_are_mixed_alike() -> None:
    values = [0, 1, 0x9E3779B97F4A7C15, 2**63, 2**64 - 1]
    assert mix64_array(np.array(values, np.uint64)).tolist() == [mix64(value) for value in values]
    keys = draw_keys(mixed_seeds(SEEDS), [5] * len(SEEDS))
    assert keys.tolist() == [mix64(mix64(seed % 2**64) ^ 5) for seed in SEEDS]


def test_keys_are_distinct() -> None:
    mixed = mixed_seeds([seed for seed in SEEDS for _ in range(2_000)])
    keys = draw_keys(mixed, [*range(2_000)] * len(SEEDS))
    assert len(set(keys.tolist())) == 16_000


def test_uniforms_fill_the_unit_interval() -> None:
    numbers = uniforms(draw_keys(mixed_seeds(range(5_000)), [0] * 5_000), 4)
    assert numbers.shape == (5_000, 4)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    for column in numbers.T:
        assert np.abs(np.histogram(column, 10, (0, 1))[0] - 500).max() < 90
    assert np.abs(np.corrcoef(numbers.T) - np.eye(4)).max() < 0.05
    assert uniforms(np.array([2**64 - 1], np.uint64), 1)[0, 0] < 1
