"""What MLX computes on here, as JSON. `python -m mlx_manager.mlx_server.engine.description` prints it.

A program of its own, because a broken MLX may take down the process that imports it.
"""

import json
import sys
from typing import Any

from mlx_manager.mlx_server.engine import device, openblas


def describe() -> dict[str, Any]:
    """The device that MLX has just computed something on. Raises whatever keeps MLX from it."""
    library = openblas.load_openblas() if sys.platform == "linux" else None
    device.prepare_process()
    import mlx.core as mx
    import mlx_lm  # noqa: F401 - a worker needs it, too

    if mx.array([1.0, 2.0]).sum().item() != 3.0:
        raise ArithmeticError("MLX says that 1 + 2 is not 3")
    info = {name: value for name, value in mx.device_info().items() if isinstance(value, str | int | float)}
    return {
        "device": device.device_name(),
        "limit_bytes": device.device_limit_bytes(),
        "is_cpu": device.is_cpu(),
        "has_metal": mx.metal.is_available(),
        "openblas": None if library is None else openblas.core_name(library).decode() or "unknown",
        "info": info,
    }


if __name__ == "__main__":
    print(json.dumps(describe()))
