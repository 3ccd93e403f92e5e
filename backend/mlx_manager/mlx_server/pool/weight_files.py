"""Which files hold a model's weights, and whether all of them are there."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatch
from itertools import count
from pathlib import Path
from typing import Final

from mlx_manager.mlx_server.pool.safetensors_header import read_header
from mlx_manager.mlx_server.pool.small_files import entries, read_object

_SHARD: Final = re.compile(r"model-(\d+)-of-(\d+)\.safetensors")
_OTHER_FORMATS: Final = ("pytorch_model*.bin", "*.gguf", "*.pth", "weights*.npz", "consolidated*.safetensors")


class UnusableError(Exception):
    """A folder holds a model that cannot be offered; the message says why.

    Attributes:
        is_incomplete: whether files of it are not there (yet).
    """

    def __init__(self, reason: str, *, is_incomplete: bool) -> None:
        super().__init__(reason)
        self.is_incomplete = is_incomplete


def weight_files(path: Path) -> list[Path]:
    """The files that mlx-lm loads: `model*.safetensors`, and what the index speaks of, by name.

    Returns:
        Nothing where the folder holds no weights at all.

    Raises:
        UnusableError: some are missing, or all are of another format.
    """
    names = [entry.name for entry in entries(path)]
    wanted = {name for name in names if name.startswith("model") and name.endswith(".safetensors")}
    index = read_object(path / "model.safetensors.index.json").get("weight_map")
    if isinstance(index, dict) and index:
        wanted |= {str(name) for name in index.values()}
    else:
        _check_shards(wanted)
    # A link into a cache may point at what is not downloaded yet.
    missing = sorted(name for name in wanted if not os.path.isfile(path / name))
    if missing:
        raise UnusableError(_missing(len(missing), len(wanted), missing[0]), is_incomplete=True)
    other = [name for name in names if any(fnmatch(name, pattern) for pattern in _OTHER_FORMATS)]
    if other and not wanted:
        raise UnusableError(f"its weights are in another format: {other[0]}", is_incomplete=False)
    return sorted(path / name for name in wanted)


def _check_shards(names: Iterable[str]) -> None:
    """Without an index the names say how many there are. Raises UnusableError."""
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    for name in names:
        if shard := _SHARD.fullmatch(name):
            found[len(shard[1]), shard[2]].add(int(shard[1]))
    for (digits, total), numbers in found.items():
        num_present = sum(1 <= number <= int(total) for number in numbers)
        if num_present < int(total):
            first = next(number for number in count(1) if number not in numbers)
            name = f"model-{first:0{digits}}-of-{total}.safetensors"
            raise UnusableError(_missing(int(total) - num_present, int(total), name), is_incomplete=True)


def _missing(num_missing: int, num_all: int, first: str) -> str:
    return f"{num_missing} of its {num_all} weight files are missing, such as {first}"


def check_weights(path: Path) -> None:
    """See whether the weights can be what their headers say. Reads the headers only.

    Raises:
        WeightsError: a file is damaged, and how.
        UnusableError: a file is missing.
        OSError: a file cannot be read.
    """
    for file in weight_files(path):
        read_header(file)
