"""Named arrays, and their way between MLX and numpy."""

from typing import Any

import mlx.core as mx
import numpy as np

Arrays = dict[str, Any]
Signature = tuple[tuple[str, str, tuple[int, ...]], ...]

_BITS = {1: mx.uint8, 2: mx.uint16, 4: mx.uint32, 8: mx.uint64}


def fresh(array: Any) -> Any:
    """A copy bit by bit; `mx.contiguous` of a whole array would share its buffer."""
    bits = _BITS[array.dtype.size]
    return (mx.contiguous(array).view(bits) | mx.array(0, bits)).view(array.dtype)


def num_bytes(arrays: Arrays) -> int:
    """Their size, known before they are evaluated."""
    return sum(int(array.nbytes) for array in arrays.values())


def signature(arrays: Arrays) -> Signature:
    """Names, types and shapes of segments, whatever their length."""
    return tuple(
        (name, dtype_name(array), (*array.shape[:2], *array.shape[3:]))
        for name, array in sorted(arrays.items())
    )


def dtype_name(array: Any) -> str:
    """`float32`, `bfloat16` and so on."""
    return str(array.dtype).rpartition(".")[2]


def to_numpy(arrays: Arrays) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, str]]:
    """Views of evaluated, contiguous arrays without a copy, and their types: numpy has no bfloat16."""
    views = {
        name: array.view(mx.uint16) if array.dtype == mx.bfloat16 else array for name, array in arrays.items()
    }
    mx.eval(views)
    dtypes = {name: dtype_name(array) for name, array in arrays.items()}
    return {name: np.asarray(view) for name, view in views.items()}, dtypes


def from_numpy(views: dict[str, np.ndarray[Any, Any]], dtypes: dict[str, str]) -> Arrays:
    """Arrays of MLX's own; evaluated. Raises ValueError where a type is not what was said."""
    arrays: Arrays = {}
    for name, view in views.items():
        array = mx.array(view)
        if dtypes.get(name) == "bfloat16" and array.dtype == mx.uint16:
            array = array.view(mx.bfloat16)
        if dtype_name(array) != dtypes.get(name):
            raise ValueError(f"{name} is {dtype_name(array)} instead of {dtypes.get(name)}")
        arrays[name] = array
    mx.eval(arrays)
    return arrays
