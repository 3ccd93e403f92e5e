"""Keeps the inference server running: starts it, watches it, starts it again, adopts one that runs."""

import asyncio
import contextlib
import logging
import signal
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

import httpx

from mlx_manager.config import ManagerSettings
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.running_program import MANAGER, SERVER, RunningProgram, find_running
from mlx_manager.core.times import utc_now
from mlx_manager.server.process import last_lines, send_signal, spawn_server
from mlx_manager.server.restarts import Restarts
from mlx_manager.server.state import Ending, ServerState, Snapshot

logger = logging.getLogger(__name__)

_LOOK_S: Final = 0.25
_ASK_EVERY_S: Final = 2.0
_ANSWER_WITHIN_S: Final = 5.0
_KILL_AFTER_S: Final = 15.0


class Supervisor:
    """The server's process. An async context manager; leaving it ends a server that is the manager's.

    Args:
        output: the file that takes what the server writes.
    """

    def __init__(self, settings: ManagerSettings, output: Path) -> None:
        self._settings = settings
        self._output = output
        self._is_wanted = settings.start_server
        self._child: subprocess.Popen[bytes] | None = None
        self._program: RunningProgram | None = None
        self._is_adopted = False
        self._is_ours = False
        self._stopping_since: float | None = None
        self._ending: Ending | None = None
        self._restarts = Restarts()
        self._started_at = 0.0
        self._asked_at = 0.0
        self._answered_at = 0.0
        self._is_answering = False
        self._lock = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._http = httpx.AsyncClient(trust_env=False, verify=False, timeout=_ANSWER_WITHIN_S)

    async def __aenter__(self) -> Self:
        await self._look()
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        self._is_wanted = False
        if self._is_ours or self._child is not None:
            await self._end()
        await self._http.aclose()

    @property
    def program(self) -> RunningProgram | None:
        """Where the server listens, or None while it does not."""
        return self._program

    @property
    def state(self) -> ServerState:
        """What its process is doing."""
        if self._stopping_since is not None:
            return ServerState.STOPPING
        if self._program is not None:
            return ServerState.RUNNING
        if self._child is not None:
            return ServerState.STARTING
        if self._restarts.has_failed:
            return ServerState.FAILED
        return ServerState.WAITING if self._restarts.retry_at is not None else ServerState.STOPPED

    def snapshot(self) -> Snapshot:
        """All that is known of it now."""
        retry_at = self._restarts.retry_at
        wait_s = None if retry_at is None else max(retry_at - time.monotonic(), 0)
        return Snapshot(
            state=self.state,
            program=self._program,
            is_adopted=self._program is not None and self._is_adopted,
            is_answering=self._program is not None and self._is_answering,
            ending=self._ending,
            num_restarts=self._restarts.num,
            retry_at=None if wait_s is None else utc_now() + timedelta(seconds=wait_s),
        )

    def why_none(self) -> str:
        """Why there is no server to ask, and what to do."""
        reason = f": {self._ending.reason}" if self._ending is not None else ""
        match self.state:
            case ServerState.STARTING:
                return "the inference server is starting; try again in a moment"
            case ServerState.STOPPING:
                return "the inference server is stopping"
            case ServerState.WAITING:
                return f"the inference server has ended and is started again in a moment{reason}"
            case ServerState.FAILED:
                return f"the inference server has failed{reason}; start it again when that is mended"
            case _:
                return "the inference server is stopped; an administrator can start it"

    async def start(self) -> None:
        """Start the server, or start it again at once where it waits; nothing where it runs."""
        async with self._lock:
            self._is_wanted = True
            self._restarts.forget()
        await self._look()

    async def stop(self) -> None:
        """End the server, also one that was adopted; what runs in it has its grace.

        Raises:
            ApiError: it does not end.
        """
        self._is_wanted = False
        async with self._lock:
            self._restarts.forget()
            self._ending = None
            await self._end()

    async def restart(self) -> None:
        """End the server and start it again. Raises ApiError where it does not end."""
        await self.stop()
        await self.start()

    async def _watch(self) -> None:
        while True:
            try:
                await self._look()
                await self._ask()
            except Exception:
                logger.exception("the server cannot be watched")
            await asyncio.sleep(_LOOK_S)

    async def _look(self) -> None:
        """Find out what has become of it, and start it where it is to run."""
        async with self._lock:
            self._find()
            if self._child is not None and (code := self._child.poll()) is not None:
                self._child = None
                self._note_end(code)
            if self._should_start():
                self._start()

    def _find(self) -> None:
        found = find_running(SERVER)
        if found == self._program:
            return
        before, self._program = self._program, found
        if found is None:
            assert before is not None
            if self._child is None:
                self._note_end(None)
            return
        self._answered_at, self._is_answering = time.monotonic(), True
        self._is_adopted = self._child is None or self._child.pid != found.pid
        self._is_ours = not self._is_adopted or (found.supervised and not _is_another_managers())
        self._restarts.note_running()
        if self._is_adopted:
            logger.info("the inference server runs already at %s (pid %d)", found.url, found.pid)
        else:
            logger.info("the inference server runs at %s (pid %d)", found.url, found.pid)

    def _should_start(self) -> bool:
        if not self._is_wanted or self._program is not None or self._child is not None:
            return False
        return self._restarts.is_due(time.monotonic())

    def _start(self) -> None:
        self._restarts.note_start()
        self._started_at = time.monotonic()
        self._child = spawn_server(self._output)

    def _note_end(self, code: int | None) -> None:
        """It has ended: as it was told, or by itself."""
        self._program = None
        if not self._is_wanted:
            return
        lines = last_lines(self._output) if self._is_ours or not self._is_adopted else ()
        self._ending = Ending(utc_now(), code, lines)
        self._restarts.note_ending(time.monotonic(), may_restart=self._settings.restart_server)
        outlook = "it is not started again" if self._restarts.has_failed else "it is started again"
        logger.warning("the inference server: %s; %s", self._ending.reason, outlook)

    async def _ask(self) -> None:
        """See whether it answers, and end one that has not for too long."""
        program, now = self._program, time.monotonic()
        if program is None:
            is_stuck = self._child is not None and now - self._started_at > self._settings.server_hang_s
            if is_stuck and self._child is not None:
                logger.error("the inference server does not come to listen; ending it")
                self._child.kill()
            return
        if now - self._asked_at < _ASK_EVERY_S:
            return
        self._asked_at = now
        self._is_answering = await self._answers(program)
        if self._is_answering:
            self._answered_at = time.monotonic()
        elif time.monotonic() - self._answered_at > self._settings.server_hang_s and self._is_ours:
            logger.error("the inference server has not answered for too long; ending it")
            send_signal(program, signal.SIGKILL)

    async def _answers(self, program: RunningProgram) -> bool:
        try:
            return (await self._http.get(f"{program.url}/health")).status_code == 200
        except httpx.HTTPError:
            return False

    async def _end(self) -> None:
        """Tell it to end, and see that it does. Workers go with it."""
        program, child = self._program, self._child
        if program is None and child is None:
            return
        self._stopping_since = time.monotonic()
        try:
            self._signal(program, child, signal.SIGTERM)
            if not await self._has_ended(program, child, _KILL_AFTER_S):
                logger.error("the inference server does not end; killing it")
                self._signal(program, child, signal.SIGKILL)
                if not await self._has_ended(program, child, _KILL_AFTER_S):
                    raise ApiError(ErrorCode.CONFLICT, "the inference server does not end")
            self._program = self._child = None
        finally:
            self._stopping_since = None

    def _signal(
        self, program: RunningProgram | None, child: "subprocess.Popen[bytes] | None", number: signal.Signals
    ) -> None:
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(number)
        elif program is not None:
            send_signal(program, number)

    async def _has_ended(
        self, program: RunningProgram | None, child: "subprocess.Popen[bytes] | None", within_s: float
    ) -> bool:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            is_there = child.poll() is None if child is not None else program is not None and program.is_alive
            if not is_there:
                return True
            await asyncio.sleep(0.02)
        return False


def _is_another_managers() -> bool:
    """Whether a manager runs already, which the server may be the child of."""
    return find_running(MANAGER) is not None
