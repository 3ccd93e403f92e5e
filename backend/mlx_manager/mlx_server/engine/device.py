"""Everything that differs between Metal, CUDA and the CPU, in one place."""

import os
import sys
from typing import Any

from mlx_manager.mlx_server.engine.openblas import load_openblas


def prepare_process() -> None:
    """Do what must come before the first import of mlx.

    The Linux CPU wheel of MLX carries a reference BLAS. Loading OpenBLAS first makes fp32 matrix
    products thirty to a hundred times as fast; without the library MLX works all the same.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    if sys.platform == "linux":
        load_openblas()


def is_cpu() -> bool:
    """Whether MLX computes on the CPU."""
    import mlx.core as mx

    return bool(mx.default_device() == mx.Device(mx.cpu))


def prepare_device() -> None:
    """Set MLX up for this device, once, on the thread that owns it."""
    import mlx.core as mx

    if is_cpu():
        from mlx_manager.mlx_server.engine import cpu_attention

        # On the CPU mx.compile runs a C++ compiler for each new graph and wins nothing back.
        mx.disable_compile()
        cpu_attention.install()
    elif mx.metal.is_available():
        # Wired memory is not swapped out between requests; beyond this limit macOS refuses.
        mx.set_wired_limit(int(mx.device_info()["max_recommended_working_set_size"]))


def device_name() -> str:
    """The device's name as MLX gives it, such as `Apple M3 Max`."""
    import mlx.core as mx

    return str(mx.device_info().get("device_name", mx.default_device()))


def device_limit_bytes() -> int:
    """Most bytes that MLX should hold on this device."""
    import mlx.core as mx

    info: dict[str, Any] = mx.device_info()
    for key in ("max_recommended_working_set_size", "total_memory", "memory_size"):
        if (limit := int(info.get(key) or 0)) > 0:
            return limit
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def samples_on_host() -> bool:
    """Whether tokens are best drawn by the host.

    MLX's exponential, sort and categorical take ten to twenty times as long on the CPU as numpy's;
    on a GPU the logits stay where they are.
    """
    return is_cpu()


def compute_in_fp32(model: Any) -> None:
    """Hold half-precision weights as fp32 where the device has no fast half-precision arithmetic."""
    import mlx.core as mx

    if is_cpu():
        model.set_dtype(mx.float32)
