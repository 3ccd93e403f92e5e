"""A manager that runs a server, for live tests."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import psutil

from tests.live.manager import Manager
from tests.live.server import DEADLINE_S, is_running, wait_until


class Supervised(Manager):
    """A manager with the server that it starts. Leaving the context ends both, also after a kill."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, folder / "home", {"MLX_MANAGER_START_SERVER": "true"} | dict(env or {}))
        self.server_url = ""
        self._seen: list[psutil.Process] = []

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def view(self) -> dict[str, Any]:
        """The server as the manager sees it."""
        answer = self.client.get("/api/v1/server")
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        if view["pid"] is not None and all(each.pid != view["pid"] for each in self._seen):
            self._seen.append(psutil.Process(view["pid"]))
        return view

    def wait_state(self, state: str) -> dict[str, Any]:
        """Wait until the server's process is in this state."""
        found: dict[str, Any] = wait_until(
            lambda: view if (view := self.view())["state"] == state else None, f"the server is {state}"
        )
        return found

    def wait_ready(self, other_than: int | None = None) -> dict[str, Any]:
        """Wait until the server answers with its model; another process than that one."""

        def is_ready() -> dict[str, Any] | None:
            view = self.view()
            ready = view["readiness"] is not None and view["readiness"]["status"] == "ready"
            return view if ready and view["pid"] != other_than else None

        found: dict[str, Any] = wait_until(is_ready, "the server is ready")
        return found

    def kill(self) -> None:
        """End the manager with SIGKILL; the server goes on."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End both."""
        super().end()
        for process in self._seen:
            if is_running(process):
                process.send_signal(signal.SIGTERM)
                process.wait(DEADLINE_S)
