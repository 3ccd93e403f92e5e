"""The doctor in a process of its own: it imports MLX, which the manager does not, and takes seconds."""

import asyncio
import json
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE
from typing import Any, Final

from mlx_manager.about.schemas import DoctorReport
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.times import utc_now

logger = logging.getLogger(__name__)

_COMMAND: Final = (sys.executable, "-m", "mlx_manager.doctor", "--json")
_WITHIN_S: Final = 300.0
_ENDS_WITHIN_S: Final = 5.0


class Examining:
    """One examination at a time, whoever asks, and the last one's report. An async context manager."""

    def __init__(self, command: tuple[str, ...] = _COMMAND) -> None:
        self._command = command
        self._running: asyncio.Task[DoctorReport] | None = None
        self.last: DoctorReport | None = None

    async def __aenter__(self) -> "Examining":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def report(self) -> DoctorReport:
        """The last one, or where there is none a new one. Raises ApiError."""
        return self.last or await self.examine()

    async def examine(self) -> DoctorReport:
        """A new report; where one is being made, that. It is made to its end, whoever waits for it.

        Raises:
            ApiError: the doctor failed.
        """
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="doctor")
            self._running.add_done_callback(self._ended)
        return await asyncio.shield(self._running)

    def _ended(self, task: asyncio.Task[DoctorReport]) -> None:
        self._running = None
        if not task.cancelled() and task.exception() is None:
            self.last = task.result()

    async def _run(self) -> DoctorReport:
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )
        try:
            async with asyncio.timeout(_WITHIN_S):
                output, errors = await process.communicate()
        except TimeoutError:
            raise _failed(f"it had not ended after {_WITHIN_S:.0f} s") from None
        finally:
            await _end(process)
        try:
            body: dict[str, Any] = json.loads(output)
            return DoctorReport(examined_at=utc_now(), **body)
        except (ValueError, TypeError):
            # Its words are for the log: a traceback may hold anything.
            logger.error("the doctor ended with %s: %s", process.returncode, errors.decode(errors="replace"))
            raise _failed(f"it ended with {process.returncode} and no report") from None


async def _end(process: asyncio.subprocess.Process) -> None:
    """See that it has ended; its workers end with it."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_ENDS_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _failed(why: str) -> ApiError:
    return ApiError(ErrorCode.INTERNAL_ERROR, f"the doctor failed: {why}; see the manager's log")
