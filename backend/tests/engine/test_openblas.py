"""Which kernels MLX's matrix products run on."""

import ctypes.util
import subprocess
import sys

import pytest

from mlx_manager.mlx_server.engine.openblas import better_kernels

AVX2 = {"avx", "avx2", "fma"}
AVX512 = AVX2 | {"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"}


@pytest.mark.parametrize(
    ("chosen", "flags", "better"),
    [
        (b"Prescott", AVX512, "SkylakeX"),
        (b"Prescott", AVX2 | {"avx512f"}, "Haswell"),
        (b"Generic", AVX2, "Haswell"),
        (b"Prescott", {"sse2"}, ""),
        (b"Zen", AVX512, ""),
        (b"Cooperlake", AVX512, ""),
        (b"", AVX512, ""),
    ],
)
def test_only_the_oldest_kernels_are_replaced(chosen: bytes, flags: set[str], better: str) -> None:
    assert better_kernels(chosen, flags) == better


PROGRAM = """
import ctypes, os
from mlx_manager.mlx_server.engine import openblas
library = openblas.load_openblas()
import mlx.core as mx
import numpy as np
a, b = mx.random.normal((65, 300)), mx.random.normal((200, 300))
assert np.abs(np.array(a @ b.T) - np.array(a, np.float64) @ np.array(b, np.float64).T).max() < 1e-3
print(openblas.core_name(library).decode(), os.environ.get("OPENBLAS_CORETYPE"))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or ctypes.util.find_library("openblas") is None,
    reason="only where MLX computes with OpenBLAS",
)
@pytest.mark.parametrize("wish", ["", "Haswell"])
def test_mlx_multiplies_on_kernels_that_suit_the_processor(
    wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    if wish:
        monkeypatch.setenv("OPENBLAS_CORETYPE", wish)
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    core, variable = run.stdout.split()
    assert variable == (wish or "None")
    if not wish:
        assert core not in {"Prescott", "Generic", "Katmai"} or not _has("avx2")


def _has(flag: str) -> bool:
    with open("/proc/cpuinfo") as lines:
        return any(line.startswith("flags") and flag in line.split() for line in lines)
