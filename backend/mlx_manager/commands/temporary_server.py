"""An inference server for the time of one command, where none runs."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO, TYPE_CHECKING, Final

from mlx_manager.core.running_program import SERVER, find_running
from mlx_manager.terminal import fail

if TYPE_CHECKING:
    from mlx_manager.api_client import Target

_LISTENING: Final = re.compile(r"MLX Server listening on (https?://\S+)")
_POLL_S: Final = 0.1
_START_WITHIN_S: Final = 120.0
_ANNOUNCED_WITHIN_S: Final = 2.0
# The server gives running requests 4 s.
_END_WITHIN_S: Final = 15.0


class _Log(threading.Thread):
    """Reads what the server writes, for its address and its last words."""

    def __init__(self, pipe: IO[str]) -> None:
        super().__init__(name="server-log", daemon=True)
        self.address: str | None = None
        self.heard_at = 0.0
        self.last_lines: deque[str] = deque(maxlen=5)
        self._pipe = pipe

    def run(self) -> None:
        for line in self._pipe:
            self.last_lines.append(line.strip())
            if found := _LISTENING.search(line):
                self.heard_at = time.monotonic()
                self.address = found[1]


@contextmanager
def temporary_server(model: str) -> "Iterator[Target]":
    """Start a server on a free port of this machine alone that loads the model; end it at the end.

    It ends with the command, also when that is told to end. Where it does not start, the command fails.
    """
    from mlx_manager.commands.progress import waiting

    with _ended_by_signals() as signals:
        process = _start(model)
        try:
            signals.heed()
            assert process.stdout is not None
            log = _Log(process.stdout)
            log.start()
            with waiting("Starting an inference server for this command"):
                target = _wait(process, log)
            yield target
        finally:
            _end(process)


def _start(model: str) -> "subprocess.Popen[str]":
    flags = {
        "host": "127.0.0.1",
        "port": "0",
        "preload": json.dumps([model]),
        "spare-worker": "false",
        "log-level": "INFO",
    }
    stated = [part for name, value in flags.items() for part in (f"--{name}", value)]
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "mlx_manager.mlx_server.main", *stated],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        # A group of its own: Ctrl-C stops an answer, not the server.
        process_group=0,
    )


def _wait(process: "subprocess.Popen[str]", log: _Log) -> "Target":
    from mlx_manager.api_client import Target, target_of

    deadline = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            log.join(1.0)
            said = log.last_lines[-1] if log.last_lines else f"status {process.returncode}"
            fail(f"the inference server ended: {said}")
        if (running := find_running(SERVER)) is not None and running.pid == process.pid:
            return target_of(SERVER, running)
        if log.address is not None and time.monotonic() > log.heard_at + _ANNOUNCED_WITHIN_S:
            # Another server of this home is the one that is found.
            return Target(log.address, SERVER, is_own=True)
        time.sleep(_POLL_S)
    fail(f"the inference server did not start within {_START_WITHIN_S:.0f} s")


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Signals:
    """What tells the command to end; it waits until there is somebody who ends the server."""

    def __init__(self) -> None:
        self._is_heeded = False
        self._last: int | None = None
        numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        self._before = {number: signal.signal(number, self._take) for number in numbers}

    def heed(self) -> None:
        """Unwind the command now if it has been told to end, and from now on when it is."""
        self._is_heeded = True
        # Ctrl-C is the command's own affair from here on.
        signal.signal(signal.SIGINT, self._before[signal.SIGINT])
        if self._last == signal.SIGINT:
            raise KeyboardInterrupt
        if self._last is not None:
            raise SystemExit(128 + self._last)

    def restore(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _: FrameType | None) -> None:
        self._last = number
        if self._is_heeded:
            raise SystemExit(128 + number)


@contextmanager
def _ended_by_signals() -> Iterator[_Signals]:
    """Let what tells the command to end unwind it, so that the server ends with it."""
    signals = _Signals()
    try:
        yield signals
    finally:
        signals.restore()
