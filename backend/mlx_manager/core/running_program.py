"""Where each program of a home runs, written down so that the others find it.

`run/server.json` and `run/manager.json` are written when a program listens and removed when it ends. One
that is left by a process that was killed is told by the process: its id, and when that one started.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from mlx_manager.core.paths import ensure_private, home_dir

logger = logging.getLogger(__name__)

SERVER: Final = "server"
MANAGER: Final = "manager"
SUPERVISED: Final = "MLX_SUPERVISED"
"""Set in the environment of a server that a manager starts."""
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
        log: the file of its log, or None where it has none.
    """

    url: str
    pid: int
    started_at: float
    version: str
    certificate: str | None = None
    supervised: bool = False
    log: str | None = None

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


def _as_called_here(url: str) -> str:
    """A program that listens everywhere is called by the loopback address on this machine."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


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


@contextmanager
def announced(name: str, url: str, version: str, certificate: Path | None = None) -> Iterator[None]:
    """Let the others of this home know that this process listens there, as long as it does."""
    program = RunningProgram(
        url=_as_called_here(url),
        pid=os.getpid(),
        started_at=this_process_started_at(),
        version=version,
        certificate=None if certificate is None else str(certificate.absolute()),
        supervised=os.environ.get(SUPERVISED) == "1",
        log=_log_file(),
    )
    try:
        write_running(name, program)
    except OSError as error:
        logger.warning("others cannot be told where this program runs: %s", error)
    try:
        yield
    finally:
        remove_running(name)


def _log_file() -> str | None:
    handlers = logging.getLogger().handlers
    return next((each.baseFilename for each in handlers if isinstance(each, logging.FileHandler)), None)


def _file(name: str) -> Path:
    return home_dir() / "run" / f"{name}.json"


def _read(name: str) -> RunningProgram | None:
    try:
        return RunningProgram(**json.loads(_file(name).read_text()))
    except (OSError, ValueError, TypeError):
        return None
