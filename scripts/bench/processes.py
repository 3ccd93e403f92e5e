"""Contenders as child processes: their environment, start, CPU use and end."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.answers import BenchError

SCRIPTS = Path(__file__).resolve().parents[1]
BACKEND = SCRIPTS.parent / "backend"
START_DEADLINE_S = 180.0
STOP_DEADLINE_S = 60.0

_LISTENING = re.compile(r"MLX Server listening on (http://\S+)")
_SETTINGS = ("MLX_SERVER_", "MLX_MANAGER_", "LOGFIRE_", "MAKE", "MFLAGS")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every contender: none of a developer's settings, `mx.compile` off for all."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(_SETTINGS)}
    paths = [str(BACKEND), str(SCRIPTS), inherited.get("PYTHONPATH", "")]
    ours = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "MLX_DISABLE_COMPILE": "1"}
    return inherited | ours | {"HF_HUB_OFFLINE": "1"} | dict(extra or {})


def free_port() -> int:
    """A port on which nobody listened a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], what: str, deadline_s: float) -> Any:
    """The condition's first true value. Raises BenchError when the deadline passes without one."""
    end = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() > end:
            raise BenchError(f"{what}: not within {deadline_s:.0f} s")
        time.sleep(0.05)
    return value


class Child:
    """A process with a log, and all that it starts.

    Args:
        log: the file that takes its output, and stdout, too, unless that is piped.
    """

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, *, piped: bool = False
    ) -> None:
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                list(command),
                env=environment(env),
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else file,
                stderr=file,
                text=True,
                # Its own process group: Ctrl-C reaches us alone, and we end it.
                process_group=0,
            )

    def check(self) -> None:
        """Raises BenchError with the end of its log where the process has ended."""
        if (code := self.process.poll()) is not None:
            raise BenchError(f"{self.process.args!r} ended with {code}:\n{self.read_log()[-2000:]}")

    def read_log(self) -> str:
        """Everything that it has written so far."""
        return self.log.read_text(errors="replace")

    def cpu_s(self) -> float:
        """CPU seconds that it and its children have used so far."""
        total = 0.0
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def libraries(self) -> list[str]:
        """BLAS libraries beside MLX's own that its processes have mapped; Linux tells, macOS does not."""
        found: set[str] = set()
        for process in self._tree():
            with contextlib.suppress(OSError):
                mapped = Path(f"/proc/{process.pid}/maps").read_text()
                # numpy brings one of its own, which MLX does not use.
                names = (line.rpartition("/")[2] for line in mapped.splitlines() if "numpy" not in line)
                found.update(name for name in names if "blas" in name.lower())
        return sorted(found)

    def end(self) -> None:
        """End it and wait for it; what it started ends, too."""
        tree = self._tree()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_DEADLINE_S)
        _, alive = psutil.wait_procs(tree, timeout=5)
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _tree(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        return []


def address_of(child: Child) -> str | None:
    """Where our server listens, once it has said so. Raises BenchError where it has ended."""
    child.check()
    found = _LISTENING.search(child.read_log())
    return found[1] if found else None


def start_ours(model: Path, home: Path, log: Path, env: Mapping[str, str]) -> tuple[Child, str]:
    """Our server with this model preloaded, ready; returns its process and URL."""
    settings = {
        "MLX_SERVER_PORT": "0",
        "MLX_MANAGER_HOME": str(home),
        "MLX_SERVER_MODEL_DIRS": json.dumps([str(model)]),
        "MLX_SERVER_PRELOAD": json.dumps([model.name]),
    }
    child = Child([sys.executable, "-m", "mlx_manager.mlx_server.main"], log, settings | dict(env))
    try:
        url = str(wait_until(lambda: address_of(child), "our server listens", START_DEADLINE_S))
        wait_answering(child, f"{url}/ready")
    except BaseException:
        child.end()
        raise
    return child, url


def start_command(command: Sequence[str], url: str, log: Path) -> Child:
    """A server by its command line, answering."""
    child = Child(command, log)
    try:
        wait_answering(child, f"{url}/v1/models")
    except BaseException:
        child.end()
        raise
    return child


def mlx_lm_command(model: Path, port: int) -> list[str]:
    """How `mlx_lm.server` is started."""
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "WARNING"]
    return [sys.executable, "-m", "bench.launch", "--model", str(model), *options]


def wait_answering(child: Child | None, url: str) -> None:
    """Wait until this address answers 200."""
    parts = urlsplit(url)

    def answers() -> bool:
        if child is not None:
            child.check()
        connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=30)
        try:
            connection.request("GET", parts.path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    wait_until(answers, f"{url} answers", START_DEADLINE_S)
