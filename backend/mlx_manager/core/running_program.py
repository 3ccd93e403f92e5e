"""Where each program of a home runs, written down so that the others find it.

`run/server.json` and `run/manager.json` are written when a program listens and removed when it ends. One
that is left by a process that was killed is told by the process: its id, and when that one started.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from mlx_manager.core.paths import ensure_private, home_dir

SERVER: Final = "server"
MANAGER: Final = "manager"
# The operating system rounds when a process started.
_SAME_START_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class RunningProgram:
    """A program that listens.

    Attributes:
        url: by which it is called on this machine, without a slash at its end.
        pid: its process.
        started_at: when that process started, seconds since the epoch.
        version: of the package.
        certificate: the file of the TLS certificate that it shows, or None where it speaks plain HTTP.
        supervised: whether a manager started it.
    """

    url: str
    pid: int
    started_at: float
    version: str
    certificate: str | None = None
    supervised: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether the process that wrote this is there still."""
        try:
            process = psutil.Process(self.pid)
            return (
                abs(process.create_time() - self.started_at) < _SAME_START_S
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False


def local_url(host: str, port: int, *, is_tls: bool, root_path: str = "") -> str:
    """How this machine calls a program that listens there."""
    name = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    scheme = "https" if is_tls else "http"
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}{root_path}"


def write_running(name: str, program: RunningProgram) -> None:
    """Let others of this home find it. Whole or not at all."""
    file = _file(name)
    ensure_private(file.parent)
    partial = file.with_name(f".{file.name}.{program.pid}")
    descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with open(descriptor, "w") as stream:
        json.dump(asdict(program), stream)
    partial.replace(file)


def remove_running(name: str) -> None:
    """Take back what this process wrote; another's stays."""
    found = _read(name)
    if found is not None and found.pid == os.getpid():
        _file(name).unlink(missing_ok=True)


def find_running(name: str) -> RunningProgram | None:
    """The program of this home that runs now, or None."""
    found = _read(name)
    return found if found is not None and found.is_alive else None


def this_process_started_at() -> float:
    """When this process started, as `RunningProgram` has it."""
    return float(psutil.Process().create_time())


def _file(name: str) -> Path:
    return home_dir() / "run" / f"{name}.json"


def _read(name: str) -> RunningProgram | None:
    try:
        return RunningProgram(**json.loads(_file(name).read_text()))
    except (OSError, ValueError, TypeError):
        return None
