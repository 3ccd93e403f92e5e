"""The `mlx-manager` command: starts either program, or runs a command on the database."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

PROGRAMS = {
    "serve": "mlx_manager.main",
    "server": "mlx_manager.mlx_server.main",
    "doctor": "mlx_manager.mlx_server.doctor",
}


def become(program: str, arguments: Sequence[str]) -> NoReturn:
    """Replace this process by the program, so that signals reach it and nothing stands between."""
    os.execv(sys.executable, [sys.executable, "-m", PROGRAMS[program], *arguments])


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] and sys.argv[1] in PROGRAMS:
        # Before anything is imported: what these take is their own affair, and so is how fast they start.
        become(sys.argv[1], sys.argv[2:])
    from mlx_manager.commands import app

    app(prog_name="mlx-manager")
