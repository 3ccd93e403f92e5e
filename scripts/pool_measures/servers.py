"""A server of ours with several models, none of them loaded at first, and what `/admin` says of it."""

import http.client
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from bench.answers import BenchError
from bench.client import Endpoint
from bench.processes import Child, start_ours, wait_until

from mlx_manager.core.process import footprint_bytes

_WORKER = "mlx_manager.mlx_server.engine.worker"
_SPARE_DEADLINE_S = 60.0
_QUIET_WINDOW_S = 0.4
_REQUEST_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Footprint:
    """Bytes of the server's own process, and of all its workers."""

    server: int
    workers: int

    @property
    def total(self) -> int:
        """Of the process tree."""
        return self.server + self.workers


class PoolServer:
    """A running server.

    Attributes:
        home: its `MLX_MANAGER_HOME`.
    """

    def __init__(self, child: Child, url: str, home: Path) -> None:
        self._child = child
        self.url = url
        self.home = home

    def endpoint(self, model: str) -> Endpoint:
        """Its completions of a model."""
        return Endpoint(self.url, model)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """A request's status and the JSON that answered it. Raises BenchError where there is none."""
        self._child.check()
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=_REQUEST_TIMEOUT_S)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (http.client.HTTPException, ValueError) as error:
            raise BenchError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()

    def admin(self, method: str, path: str) -> Any:
        """The JSON of `/admin/…`. Raises BenchError where the answer is no 200."""
        status, body = self.call(method, f"/admin/{path}")
        if status != 200:
            raise BenchError(f"{method} /admin/{path}: {status} {body}")
        return body

    def load(self, model: str) -> float:
        """Load a model; returns the seconds that it took. Its earlier deaths are forgotten."""
        began = time.perf_counter()
        self.admin("POST", f"models/{model}/load")
        return time.perf_counter() - began

    def unload(self, model: str) -> None:
        """Unload a model."""
        self.admin("POST", f"models/{model}/unload")

    def pid(self, model: str) -> int:
        """The worker of a resident model. Raises BenchError where it is not resident."""
        pids = {view["id"]: view.get("pid") for view in self.admin("GET", "models")["data"]}
        if not pids.get(model):
            raise BenchError(f"{model} is not loaded")
        return int(pids[model])

    def wait_spare(self) -> None:
        """Wait until a spare worker has done its imports. Raises BenchError where none does."""
        wait_until(self._has_spare, "a spare worker is ready", _SPARE_DEADLINE_S)

    def footprint(self) -> Footprint:
        """What its processes hold, by the operating system's account."""
        workers = sum(footprint_bytes(worker.pid) or 0 for worker in self._workers())
        return Footprint(footprint_bytes(self._child.process.pid) or 0, workers)

    def _has_spare(self) -> bool:
        if self.admin("GET", "memory")["spare_worker"] is None:
            return False
        resident = {view.get("pid") for view in self.admin("GET", "models")["data"]}
        spares = [worker for worker in self._workers() if worker.pid not in resident]
        if len(spares) != 1:
            return False
        with suppress(psutil.Error):
            return _is_quiet(spares[0])
        return False

    def _workers(self) -> list[psutil.Process]:
        found = []
        for child in psutil.Process(self._child.process.pid).children():
            with suppress(psutil.Error):
                if _WORKER in child.cmdline():
                    found.append(child)
        return found


def _is_quiet(process: psutil.Process) -> bool:
    """Whether it waits for something to do, as a worker does that has done its imports."""

    def waits() -> bool:
        # One that is kept from computing by others does not use any CPU time either; macOS does not tell.
        return sys.platform == "darwin" or process.status() == psutil.STATUS_SLEEPING

    before, waited = process.cpu_times(), waits()
    time.sleep(_QUIET_WINDOW_S)
    return waited and waits() and process.cpu_times()[:2] == before[:2]


@contextmanager
def running(
    models: Sequence[Path], work: Path, settings: Mapping[str, str] | None = None
) -> Iterator[PoolServer]:
    """A server that offers these folders, ready, and ended on leaving.

    Args:
        work: a folder that is made for its home and its log.
    """
    work.mkdir(parents=True)
    own = {
        "MLX_SERVER_MODEL_DIRS": json.dumps([str(model) for model in models]),
        "MLX_SERVER_PRELOAD": "[]",
        "MLX_SERVER_USE_HF_CACHE": "false",
    }
    child, url = start_ours(models[0], work / "home", work / "log", own | dict(settings or {}))
    try:
        yield PoolServer(child, url, work / "home")
    finally:
        child.end()


def kill(pid: int) -> float:
    """`kill -9`; returns when, by `time.perf_counter`."""
    os.kill(pid, 9)
    return time.perf_counter()
