"""The programs that `mlx-manager` starts."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

PROGRAMS = {
    "serve": "mlx_manager.main",
    "server": "mlx_manager.mlx_server.main",
    "doctor": "mlx_manager.doctor",
}


def become(program: str, arguments: Sequence[str]) -> NoReturn:
    """Replace this process by the program, so that signals reach it and nothing stands between."""
    os.execv(sys.executable, [sys.executable, "-m", PROGRAMS[program], *arguments])
