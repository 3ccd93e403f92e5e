"""Headers that are true are read exactly; all others are refused, whatever they say."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from mlx_manager.mlx_server.pool.safetensors_header import Tensor, WeightsError, num_parameters, read_header

FUZZ = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(path: Path, header: Any, payload: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + payload)
    return path


def entry(dtype: str, shape: list[Any], start: Any, end: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_a_true_file_is_read_exactly(tmp_path: Path) -> None:
    arrays = {
        "a": np.zeros((2, 3), np.float32),
        "b.weight": np.zeros((4, 1, 5), np.float16),
        "empty": np.zeros((0, 7), np.int64),
        "scalar": np.array(1, np.uint8),
        "日本": np.zeros(3, np.bool_),
    }
    save_file(arrays, tmp_path / "x", metadata={"format": "mlx"})
    found = {tensor.name: tensor for tensor in read_header(tmp_path / "x")}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].shape == array.shape
        assert (found[name].size, found[name].nbits) == (array.size, array.nbytes * 8)
    assert [found[name].dtype for name in arrays] == ["F32", "F16", "I64", "U8", "BOOL"]


def test_a_file_that_is_cut_off_anywhere(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6, dtype=np.float32), "b": np.arange(4, dtype=np.int8).reshape(2, 2)}
    save_file(arrays, tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    assert len(read_header(tmp_path / "whole")) == 2
    for length in range(len(content)):
        (tmp_path / "cut").write_bytes(content[:length])
        with pytest.raises(WeightsError, match="cut"):
            read_header(tmp_path / "cut")
    (tmp_path / "longer").write_bytes(content + b"x")
    with pytest.raises(WeightsError, match="holds 29 bytes of tensors and its header speaks of 28"):
        read_header(tmp_path / "longer")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ([], "no object"),
        (b"{", "not JSON"),
        (b'\xef\xbb\xbf{"a":1}', "not JSON"),
        ('{"a": 1}'.encode("utf-16"), "not JSON"),
        (b"[" * 10_000, "not JSON"),
        ({}, "holds 8 bytes of tensors and its header speaks of 0"),
        ({"a": 1}, "not understood"),
        ({"a": {"dtype": "F32", "shape": [2]}}, "not understood"),
        ({"a": entry("F31", [2], 0, 8)}, "not understood"),
        ({"a": entry("F32", [True, 2], 0, 8)}, "not understood"),
        ({"a": entry("F32", [2.0], 0, 8)}, "not understood"),
        ({"a": entry("F32", [-1, -2], 0, 8)}, "not understood"),
        ({"a": entry("F32", [2], False, 8)}, "not understood"),
        ({"a": entry("F32", [2], -8, 0)}, "not understood"),
        ({"a": entry("F32", [2**63], 0, 8)}, "not understood"),
        ({"a": entry("F32", [1] * 65, 0, 4)}, "not understood"),
        ({"a": entry("F32", [2**62] * 64, 0, 8)}, "needs"),
        ({"a": entry("F32", [2], 8, 0)}, "has -8 bytes and needs 8"),
        ({"a": entry("F32", [3], 0, 8)}, "has 8 bytes and needs 12"),
        ({"a": entry("F4", [3], 0, 8)}, "needs 2"),
        ({"a": entry("F32", [2], 8, 16)}, "leaves a hole"),
        ({"a": entry("F32", [1], 0, 4), "b": entry("U8", [2], 6, 8)}, "'b' leaves a hole"),
        ({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 0, 4)}, "'b' overlaps"),
        ({"b": entry("U8", [6], 2, 8), "a": entry("F32", [1], 0, 4)}, "'b' overlaps"),
        ({"a": entry("F32", [4], 0, 16)}, "holds 8 bytes of tensors and its header speaks of 16"),
    ],
)
def test_a_header_that_lies(tmp_path: Path, header: Any, reason: str) -> None:
    with pytest.raises(WeightsError, match=reason):
        read_header(written(tmp_path / "x", header, b"12345678"))


def test_numbers_of_fewer_than_eight_bits_and_any_order(tmp_path: Path) -> None:
    header = {"b": entry("F4", [3, 4], 4, 10), "__metadata__": 5, "a": entry("BF16", [2], 0, 4)}
    assert read_header(written(tmp_path / "x", header, b"0123456789")) == [
        Tensor("b", "F4", (3, 4)),
        Tensor("a", "BF16", (2,)),
    ]


def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(WeightsError, match="does not fit"):
        read_header(tmp_path / "x")


@FUZZ
@given(content=st.binary(max_size=64) | st.binary(max_size=40).map(lambda b: struct.pack("<Q", len(b)) + b))
def test_random_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    try:
        tensors = read_header(tmp_path / "x")
    except WeightsError:
        return
    assert tensors == []  # the one true file that is so short: an empty object


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["F32", "U8"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {
        "dtype": JSON | st.sampled_from(["F32", "U8"]),
        "shape": JSON | st.lists(st.integers(-1, 4), max_size=3),
        "data_offsets": JSON | st.tuples(st.integers(-1, 20), st.integers(-1, 20)),
    }
)


@FUZZ
@given(header=st.dictionaries(st.text(max_size=5), JSON | ENTRIES, max_size=3), num_bytes=st.integers(0, 20))
def test_random_headers_are_refused_or_true(tmp_path: Path, header: Any, num_bytes: int) -> None:
    try:
        tensors = read_header(written(tmp_path / "x", header, b"x" * num_bytes))
    except WeightsError:
        return
    assert sum(tensor.nbits for tensor in tensors) == num_bytes * 8


def packed(module: str, rows: int, columns: int, bits: int, group_size: int) -> list[Tensor]:
    """A matrix as MLX packs it."""
    groups = (rows, columns // group_size)
    return [
        Tensor(f"{module}.weight", "U32", (rows, columns * bits // 32)),
        Tensor(f"{module}.scales", "BF16", groups),
        Tensor(f"{module}.biases", "BF16", groups),
    ]


@pytest.mark.parametrize(("bits", "group_size"), [(4, 64), (8, 64), (4, 32), (3, 128), (6, 64)])
def test_packed_weights_are_counted_as_what_they_stand_for(bits: int, group_size: int) -> None:
    tensors = [
        *packed("a", 10, 256, bits, group_size),
        Tensor("a.bias", "BF16", (10,)),
        *packed("own", 10, 256, 8, 32),
        Tensor("norm.weight", "BF16", (7,)),
        Tensor("rope.scales", "F32", (3,)),
    ]
    assert num_parameters(tensors, {"": group_size, "own": 32}) == 2 * 2560 + 10 + 7 + 3
