"""The repository from outside: where it is, a clean environment, a server as its users start it."""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[3]
BACKEND = ROOT / "backend"
LISTENING = re.compile(r"MLX Server listening on (http://\S+)")
DEADLINE_S = 240.0


def clean_environment(**added: str) -> dict[str, str]:
    """The environment without the developer's settings and without those of the make that runs us."""
    ours = ("MLX_SERVER_", "MLX_MANAGER_", "MAKE", "MFLAGS", "PYTEST_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | added


class RunningServer:
    """The server in a process of its own, its log kept for the message of a failing test."""

    def __init__(self, env: Mapping[str, str], home: Path) -> None:
        settings = {"MLX_SERVER_PORT": "0", "MLX_MANAGER_HOME": str(home), **env}
        self.log: list[str] = []
        self._address: str | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mlx_manager.mlx_server.main"],
            cwd=BACKEND,
            env=clean_environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.log.append(line)
            if found := LISTENING.search(line):
                self._address = found[1]

    def url_when_ready(self) -> str:
        """The server's base URL, once its default model answers."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            state = readiness(self._address) if self._address is not None else None
            if self._address is not None and state == "ready":
                return self._address
            if state == "failed":
                break
            time.sleep(0.1)
        self.stop()
        pytest.fail("the server did not become ready; its log:\n" + "".join(self.log))

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)


def readiness(url: str) -> str | None:
    """What `/ready` says of the server, or None while nobody answers. Goes through no proxy."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", "/ready")
        return str(json.loads(connection.getresponse().read())["status"])
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
