"""The server's process: started in a session of its own, so that it outlives a manager that is killed."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from mlx_manager.core.paths import ensure_private
from mlx_manager.core.running_program import SUPERVISED, RunningProgram

_LAST_LINES: Final = 20
_LAST_BYTES: Final = 16_384


def spawn_server(output: Path) -> subprocess.Popen[bytes]:
    """Start the server with this process's environment.

    Args:
        output: what it writes goes here, in place of what the last one wrote; its log is apart.
    """
    ensure_private(output.parent)
    descriptor = os.open(output, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "mlx_manager.mlx_server.main"],
            env={**os.environ, SUPERVISED: "1"},
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            # Ctrl-C in the manager's terminal is the manager's: it lets the server finish.
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def last_lines(output: Path) -> tuple[str, ...]:
    """The last lines that a server wrote."""
    try:
        with output.open("rb") as file:
            file.seek(max(output.stat().st_size - _LAST_BYTES, 0))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    return tuple(line for line in text.splitlines()[-_LAST_LINES:] if line.strip())


def send_signal(program: RunningProgram, number: signal.Signals) -> None:
    """Signal that very process; nothing where it has ended and its id may be another's."""
    if program.is_alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(program.pid, number)
