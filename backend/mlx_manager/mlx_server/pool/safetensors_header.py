"""What a safetensors file says it holds, checked against what is there. No tensor is read."""

import json
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_LENGTH_BYTES: Final = 8
# The format's own limit.
_MOST_HEADER_BYTES: Final = 100_000_000
_MOST_DIMENSIONS: Final = 64
_DTYPE_BITS: Final = {
    **{"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6},
    **{"BOOL": 8, "U8": 8, "I8": 8},
    **{"F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8},
    **{"U16": 16, "I16": 16, "F16": 16, "BF16": 16},
    **{"U32": 32, "I32": 32, "F32": 32},
    **{"U64": 64, "I64": 64, "F64": 64, "C64": 64},
}


class WeightsError(Exception):
    """A file is no safetensors file, or not a whole one; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of a header.

    Attributes:
        dtype: as the format spells it, such as `BF16`.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbits(self) -> int:
        """Bits of its elements."""
        return self.size * _DTYPE_BITS[self.dtype]


def read_header(file: Path) -> list[Tensor]:
    """The file's tensors, in the order of its header.

    Raises:
        WeightsError: the file is cut off, or its header lies about what follows.
        OSError: it cannot be read.
    """
    num_bytes = file.stat().st_size
    with file.open("rb") as stream:
        prefix = stream.read(_LENGTH_BYTES)
        if len(prefix) < _LENGTH_BYTES:
            raise WeightsError(f"{file.name} is no safetensors file: it has {len(prefix)} bytes")
        (length,) = struct.unpack("<Q", prefix)
        if length > min(_MOST_HEADER_BYTES, num_bytes - _LENGTH_BYTES):
            raise WeightsError(f"{file.name} is cut off or no safetensors file: its header does not fit")
        text = stream.read(length)
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise WeightsError(f"{file.name} is no safetensors file: its header is not JSON in UTF-8") from None
    if not isinstance(header, dict):
        raise WeightsError(f"{file.name} is no safetensors file: its header is no object")
    placed = [_placed(file, name, entry) for name, entry in header.items() if name != "__metadata__"]
    _check_places(file, placed, num_bytes - _LENGTH_BYTES - length)
    return [tensor for _, _, tensor in placed]


def _placed(file: Path, name: str, entry: Any) -> tuple[int, int, Tensor]:
    """A header's entry: where its bytes begin and end, and the tensor. Raises WeightsError."""
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [start, end]} if (
            dtype in _DTYPE_BITS
            and len(shape) <= _MOST_DIMENSIONS
            and all(_is_size(number) for number in (*shape, start, end))
        ):
            tensor = Tensor(name, dtype, tuple(shape))
        case _:
            raise WeightsError(f"{file.name}: the entry of {name!r} is not understood")
    if (end - start) * 8 != tensor.nbits:
        raise WeightsError(f"{file.name}: {name!r} has {end - start} bytes and needs {-(-tensor.nbits // 8)}")
    return start, end, tensor


def _check_places(file: Path, placed: Iterable[tuple[int, int, Tensor]], payload_bytes: int) -> None:
    """The format leaves no holes and lets nothing overlap. Raises WeightsError."""
    end_before = 0
    for start, end, tensor in sorted(placed, key=lambda one: one[:2]):
        if start != end_before:
            what = "overlaps the one before it" if start < end_before else "leaves a hole before it"
            raise WeightsError(f"{file.name}: {tensor.name!r} {what}")
        end_before = end
    if end_before != payload_bytes:
        raise WeightsError(
            f"{file.name} holds {payload_bytes} bytes of tensors and its header speaks of {end_before}"
        )


def _is_size(number: object) -> bool:
    return type(number) is int and 0 <= number < 2**63


def num_parameters(tensors: Iterable[Tensor], group_sizes: Mapping[str, int]) -> int:
    """How many weights the tensors stand for.

    A quantised matrix is packed: `X.weight` holds several weights in a word, and `X.scales` has one
    scale for each group of them. Scales and biases are no weights.

    Args:
        group_sizes: by module `X`; under the empty name those of all modules that have no entry.
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    total = 0
    for name, tensor in by_name.items():
        module, _, leaf = name.rpartition(".")
        weight, scales = by_name.get(f"{module}.weight"), by_name.get(f"{module}.scales")
        is_packed = weight is not None and weight.dtype == "U32" and scales is not None
        if not is_packed:
            total += tensor.size
        elif leaf == "scales":
            total += tensor.size * group_sizes.get(module, group_sizes.get("", 1))
        elif leaf not in ("weight", "biases"):
            total += tensor.size
    return total
