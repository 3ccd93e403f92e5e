"""OpenBLAS for MLX's CPU build on Linux, with kernels that suit the processor."""

import contextlib
import ctypes
import ctypes.util
import os
from pathlib import Path
from typing import Final

_CORE_VARIABLE: Final = "OPENBLAS_CORETYPE"
# What a build for many processors falls back to on x86 where it knows none: SSE3 at best.
_FALLBACKS: Final = {b"Generic", b"Katmai", b"Prescott", b"Core2"}
# Best first; each with the instructions that its kernels are made of.
_KERNELS: Final = (
    ("SkylakeX", {"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"}),
    ("Haswell", {"avx2", "fma"}),
)


def load_openblas() -> ctypes.CDLL | None:
    """Load OpenBLAS with global symbols, so that MLX finds it; must come before the first import of mlx.

    The library looks its processor up by model number. One that is older than the processor takes
    the kernels of twenty years ago, a quarter as fast as those that the processor could run, so it
    is loaded again and told which. `OPENBLAS_CORETYPE`, where it is set, is left to decide.

    Returns:
        The library, or None where the system has none.
    """
    for name in ("libopenblas.so.0", ctypes.util.find_library("openblas")):
        with contextlib.suppress(OSError, TypeError):
            library = ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
            kernels = better_kernels(core_name(library), _processor_flags())
            if not kernels or os.environ.get(_CORE_VARIABLE):
                return library
            return _reload(str(name), library, kernels)
    return None


def core_name(library: ctypes.CDLL) -> bytes:
    """The processor that the library has chosen its kernels for; empty where it does not tell."""
    try:
        function = library.openblas_get_corename
    except AttributeError:
        return b""
    function.restype = ctypes.c_char_p
    return bytes(function() or b"")


def better_kernels(chosen: bytes, flags: set[str]) -> str:
    """The kernels that the processor could run, where the library fell back to its oldest; else empty."""
    if chosen not in _FALLBACKS:
        return ""
    return next((name for name, needed in _KERNELS if needed <= flags), "")


def _reload(name: str, library: ctypes.CDLL, kernels: str) -> ctypes.CDLL:
    import _ctypes

    _ctypes.dlclose(library._handle)
    os.environ[_CORE_VARIABLE] = kernels
    try:
        return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    finally:
        # For this library only: another copy in the process, such as numpy's, chooses for itself.
        del os.environ[_CORE_VARIABLE]


def _processor_flags() -> set[str]:
    """What an x86 processor can do; empty on others."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                return set(line.partition(":")[2].split())
    return set()
