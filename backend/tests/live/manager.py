"""A real manager as a child process."""

import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import httpx

from tests.live.server import DEADLINE_S, PLAIN, clean_environment, wait_until

_LISTENING = re.compile(r"MLX Manager listening on (https?://\S+)")


class Manager:
    """`python -m mlx_manager.main` on a free port; leaving the context ends it.

    Args:
        folder: for its log.
        home: which it may share with a server.
    """

    def __init__(self, folder: Path, home: Path, env: Mapping[str, str] | None = None) -> None:
        self._log_file = folder / "manager.log"
        self.home = home
        defaults = {
            "MLX_MANAGER_PORT": "0",
            "MLX_MANAGER_HOME": str(home),
            # Only tests of it want a server, and not at the port that everybody's has.
            "MLX_MANAGER_START_SERVER": "false",
            "MLX_SERVER_PORT": "0",
            "MLX_SERVER_SPARE_WORKER": "false",
        }
        self._env = defaults | dict(env or {})
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        with self._log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlx_manager.main"],
                env=clean_environment(self._env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            address: str = wait_until(self._address, "the manager listens")
            self.base_url: str = re.sub(r"//(0\.0\.0\.0|\[::\])", "//127.0.0.1", address)
            self.client = self.browser()
            wait_until(self._is_healthy, "the manager answers")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.end()

    @property
    def log(self) -> str:
        """Everything that it has written so far."""
        return self._log_file.read_text(errors="replace")

    def browser(self) -> httpx.Client:
        """A client with cookies of its own."""
        return httpx.Client(base_url=self.base_url, **PLAIN)

    def end(self) -> None:
        """End the process if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(DEADLINE_S)

    def _address(self) -> str | None:
        found = _LISTENING.search(self.log)
        if found is None and self.process.poll() is not None:
            raise AssertionError(f"the manager ended with {self.process.returncode}:\n{self.log}")
        return found.group(1) if found else None

    def _is_healthy(self) -> bool:
        try:
            return self.client.get("/health").status_code == 200
        except httpx.TransportError:
            return False
