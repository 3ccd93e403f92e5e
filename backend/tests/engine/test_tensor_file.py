"""Files that safetensors itself reads."""

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from mlx_manager.mlx_server.engine.prefix_cache.tensor_file import DTYPES, pieces, save_file


@pytest.mark.parametrize("dtype", DTYPES.values())
def test_every_type_of_number(tmp_path: Path, dtype: type) -> None:
    random = np.random.default_rng(3)
    arrays = {
        "b": random.integers(0, 2, (3, 5)).astype(dtype),
        "a": np.zeros((2, 0, 4), dtype),
        "whole": random.integers(0, 2, (700, 700)).astype(dtype),
        "odd": np.ones(3, np.uint8),
        "turned": random.integers(0, 2, (4, 6)).astype(dtype).T,
    }
    path = tmp_path / "file.safetensors"
    path.touch()
    save_file(arrays, path, {"header": "ä\n", "format": "1"})
    found = load_file(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    with safe_open(path, "numpy") as file:
        assert file.metadata() == {"header": "ä\n", "format": "1"}


def test_pieces_are_the_whole() -> None:
    array = np.arange(200_000, dtype=np.float32).reshape(2, -1)
    assert b"".join(pieces(array, 0.0)) == array.tobytes()
    assert len(list(pieces(array, 1e-6))) == 4
