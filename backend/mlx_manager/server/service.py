"""What is told of the server, and where its log is."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from mlx_manager.core.errors import ApiError
from mlx_manager.core.paths import home_dir
from mlx_manager.core.running_program import MANAGER, SERVER, find_running
from mlx_manager.server.client import ServerClient
from mlx_manager.server.schemas import ServerEnding, ServerReadiness, ServerView
from mlx_manager.server.state import Snapshot
from mlx_manager.server.supervisor import Supervisor

_READY_WITHIN_S: Final = 5.0
_PERIOD_S: Final = 0.5


class Program(StrEnum):
    """One of the two."""

    SERVER = SERVER
    MANAGER = MANAGER


class ServerService:
    """The supervisor's view with the server's own word."""

    def __init__(self, supervisor: Supervisor, client: ServerClient) -> None:
        self.supervisor = supervisor
        self.client = client

    async def view(self) -> ServerView:
        """The server as it is now."""
        snapshot = self.supervisor.snapshot()
        readiness = await self._readiness() if snapshot.program is not None else None
        return _view(snapshot, readiness)

    async def views(self) -> AsyncGenerator[ServerView | None]:
        """Without end: the server as it is now, then again whenever it has changed; None where it has not."""
        told = ""
        while True:
            view = await self.view()
            payload = view.model_dump_json(exclude={"retry_at"})
            yield None if payload == told else view
            told = payload
            await asyncio.sleep(_PERIOD_S)

    async def _readiness(self) -> ServerReadiness | None:
        try:
            async with self.client.stream("GET", "/ready", timeout_s=_READY_WITHIN_S) as response:
                await response.aread()
                return ServerReadiness.model_validate(response.json())
        except (ApiError, ValueError):
            return None


def log_file(program: Program) -> Path:
    """The log of a program that runs now, or where its log usually is."""
    running = find_running(program)
    if running is not None and running.log is not None:
        return Path(running.log)
    return home_dir() / "logs" / f"{program}.log"


def _view(snapshot: Snapshot, readiness: ServerReadiness | None) -> ServerView:
    program, ending = snapshot.program, snapshot.ending
    return ServerView(
        state=snapshot.state,
        url=None if program is None else program.url,
        pid=None if program is None else program.pid,
        version=None if program is None else program.version,
        started_at=None if program is None else datetime.fromtimestamp(program.started_at, UTC),
        is_adopted=snapshot.is_adopted,
        is_answering=snapshot.is_answering,
        num_restarts=snapshot.num_restarts,
        retry_at=snapshot.retry_at,
        ending=None
        if ending is None
        else ServerEnding(at=ending.at, code=ending.code, reason=ending.reason, lines=list(ending.lines)),
        readiness=readiness,
    )
