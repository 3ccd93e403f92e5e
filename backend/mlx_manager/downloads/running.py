"""A download that a worker is at."""

import logging
from collections.abc import Awaitable, Callable

from mlx_manager.core.errors import ErrorCode
from mlx_manager.downloads.job import Failed, FileDone, Job, Progress, Published
from mlx_manager.downloads.process import WorkerProcess
from mlx_manager.downloads.speed import SpeedMeter

logger = logging.getLogger(__name__)


class Running:
    """Follows one worker from its start to its end.

    Args:
        partials: bytes of unverified files by path; kept up to date.
        file_done: called with each file that is verified, before anything else is told of it.
        changed: called whenever there is news.
    """

    def __init__(
        self,
        download_id: str,
        job: Job,
        position: int,
        partials: dict[str, int],
        *,
        file_done: Callable[[str, str], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        self.download_id = download_id
        self.repo_id = job.repo_id
        self.position = position
        self.meter = SpeedMeter()
        self.num_files_done = 0
        self.is_stopped = False
        self._job = job
        self._sizes = {file.path: file.size_bytes for file in job.files}
        self._partials = partials
        self._file_done = file_done
        self._changed = changed
        self._worker: WorkerProcess | None = None

    async def follow(self) -> Published | Failed | None:
        """How it ended; None where it was stopped."""
        try:
            self._worker = await WorkerProcess.start(self._job)
        except Exception as error:
            # Counted like any failure: what cannot start once must not be started again and again.
            logger.exception("no process could be started for %s", self.download_id)
            return Failed(ErrorCode.INTERNAL_ERROR.value, f"no process could be started: {error}")
        if self.is_stopped:  # while it started
            await self._worker.end()
        last: Published | Failed | None = None
        async for report in self._worker.reports():
            match report:
                case Progress(path, done_bytes):
                    self._progress(path, done_bytes)
                case FileDone(path):
                    await self._done(path)
                case Published() | Failed():
                    last = report
        if last is None and not self.is_stopped:
            return Failed(ErrorCode.INTERNAL_ERROR.value, "the download's process ended without a word")
        return last if isinstance(last, Published) or not self.is_stopped else None

    async def stop(self) -> None:
        """End the worker; `follow` returns soon."""
        self.is_stopped = True
        if self._worker is not None:
            await self._worker.end()

    def _progress(self, path: str, done_bytes: int) -> None:
        before = self._partials.get(path, 0)
        self._partials[path] = done_bytes
        if done_bytes > before:
            self.meter.add(done_bytes - before)
        self._changed()

    async def _done(self, path: str) -> None:
        await self._file_done(self.download_id, path)
        # One of which nothing was told was there already, or is too small to count.
        if (before := self._partials.pop(path, None)) is not None:
            self.meter.add(max(self._sizes[path] - before, 0))
            self.num_files_done += 1
        self._changed()
