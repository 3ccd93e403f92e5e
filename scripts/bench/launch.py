"""Runs `mlx_lm.server` in a process with the BLAS that our own worker has, and `mx.compile` off as there.

    python -m bench.launch --model FOLDER --port 8080

All arguments are `mlx_lm.server`'s own.
"""

import sys

from mlx_manager.mlx_server.engine.device import prepare_process


def prepare() -> None:
    """Give this process our BLAS, and switch `mx.compile` off."""
    prepare_process()
    import mlx.core as mx

    mx.disable_compile()


def main() -> None:
    prepare()
    from mlx_lm import server

    sys.argv[0] = "mlx_lm.server"
    server.main()


if __name__ == "__main__":
    main()
