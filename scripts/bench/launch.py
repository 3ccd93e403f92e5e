"""Runs `mlx_lm.server` in a process that is set up as our own worker is: same BLAS, same device settings.

    python -m bench.launch --model FOLDER --port 8080

All arguments are `mlx_lm.server`'s own.
"""

import sys

from mlx_manager.mlx_server.engine.device import prepare_device, prepare_process


def prepare() -> None:
    """Give this process what our worker has, and `mx.compile` switched off on every device."""
    prepare_process()
    import mlx.core as mx

    prepare_device()
    mx.disable_compile()


def main() -> None:
    prepare()
    from mlx_lm import server

    sys.argv[0] = "mlx_lm.server"
    server.main()


if __name__ == "__main__":
    main()
