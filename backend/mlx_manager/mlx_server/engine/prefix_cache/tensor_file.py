"""Writing a safetensors file without keeping other threads from their work."""

import itertools
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

DTYPES: Final = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "I64": np.int64,
    "U64": np.uint64,
    "I32": np.int32,
    "U32": np.uint32,
    "I16": np.int16,
    "U16": np.uint16,
    "I8": np.int8,
    "U8": np.uint8,
    "BOOL": np.bool_,
    "C64": np.complex64,
}
_NAMES: Final = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
_ALIGNMENT: Final = 8
_PIECE_BYTES: Final = 2**18
# Between the pieces of what nobody waits for.
PAUSE_S: Final = 0.0005


def pieces(view: np.ndarray[Any, Any], pause_s: float) -> Iterator[memoryview]:
    """The array's bytes, a fraction of a millisecond's work at a time, with a pause after each.

    A thread that keeps a core busy for longer delays every matrix product that has its other half there.
    """
    data = np.ascontiguousarray(view).reshape(-1).view(np.uint8).data
    for start in range(0, len(data), _PIECE_BYTES):
        yield data[start : start + _PIECE_BYTES]
        if pause_s:
            time.sleep(pause_s)


def save_file(views: Mapping[str, np.ndarray[Any, Any]], path: Path, metadata: Mapping[str, str]) -> None:
    """Write arrays to a file that is there already, in its own place. Raises OSError.

    Not safetensors' own writer: that one holds the interpreter's lock for as long as it writes, and
    the thread that owns MLX waits for it.
    """
    # Widest first, as safetensors does it, so that every array is aligned.
    ordered = sorted(views.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    ends = list(itertools.accumulate((view.nbytes for _, view in ordered), initial=0))
    table: dict[str, Any] = {"__metadata__": dict(metadata)}
    for (name, view), offsets in zip(ordered, itertools.pairwise(ends), strict=True):
        table[name] = {"dtype": _NAMES[view.dtype], "shape": view.shape, "data_offsets": offsets}
    text = msgspec.json.encode(table)
    text += b" " * (-len(text) % _ALIGNMENT)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for _, view in ordered:
            for piece in pieces(view, PAUSE_S):
                file.write(piece)
