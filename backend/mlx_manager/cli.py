"""The `mlx-manager` command: starts either program."""

import argparse
import os
import sys

from mlx_manager import __version__

PROGRAMS = {
    "serve": "mlx_manager.main",
    "server": "mlx_manager.mlx_server.main",
    "doctor": "mlx_manager.mlx_server.doctor",
}


def main() -> None:
    """Replace this process by the chosen program, so that signals reach it and nothing stands between."""
    parser = argparse.ArgumentParser(prog="mlx-manager", description="Run local MLX models.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="the manager, on port 8080", add_help=False)
    commands.add_parser("server", help="the inference server, on port 8000", add_help=False)
    commands.add_parser(
        "doctor", help="load models and say what this machine can do with them", add_help=False
    )
    arguments, rest = parser.parse_known_args()
    program = PROGRAMS[arguments.command]
    os.execv(sys.executable, [sys.executable, "-m", program, *rest])
