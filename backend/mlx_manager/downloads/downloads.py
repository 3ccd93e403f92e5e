"""The queue of downloads, as long as the manager runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.config import ManagerSettings
from mlx_manager.core.changes import Changes
from mlx_manager.core.errors import ApiError
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables import Download, DownloadFile, DownloadStatus
from mlx_manager.downloads import ending, places, service
from mlx_manager.downloads.backoff import Backoff
from mlx_manager.downloads.job import Failed, Job, JobFile, Published
from mlx_manager.downloads.room import check_room, job_file, missing_bytes
from mlx_manager.downloads.running import Running
from mlx_manager.hub.files import HubFile
from mlx_manager.hub.service import Hub

logger = logging.getLogger(__name__)

_LOOK_AT_SETTINGS_S: Final = 1.0
_AFTER_FAULT_S: Final = 2.0
Change = Callable[[AsyncSession, Download], Awaitable[None] | None]


class Downloads:
    """Runs downloads, so many at once as the settings say. An async context manager.

    Whatever the end of the program, a start takes up what was under way.

    Args:
        settings: read at each use.
        cache: Hugging Face's, where models are published.
        backoff: when something that may pass is tried again.
        published: told of each model that has come.
    """

    def __init__(
        self,
        database: Database,
        hub: Hub,
        settings: ManagerSettings,
        cache: Path,
        *,
        backoff: Backoff | None = None,
        published: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.database = database
        self.hub = hub
        self.settings = settings
        self.cache = cache
        self.changes = Changes()
        self.is_closing = False
        self._backoff = backoff or Backoff()
        self._published = published
        self._running: dict[str, Running] = {}
        self._followers: dict[str, asyncio.Task[None]] = {}
        self._partials: dict[str, dict[str, int]] = {}
        # One decision about what runs at a time: an action of somebody's, or the queue's own.
        self._deciding = asyncio.Lock()
        self._wake = asyncio.Event()
        # Whether rows say that they run, and none of our workers is at them.
        self._has_lost = True
        self._loop: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._look_at_disk()
        self._loop = asyncio.create_task(self._schedule(), name="downloads")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_closing = True
        self._news()
        # Not cancelled: within a unit of the database that would leave its write lock with nobody.
        if self._loop is not None:
            await self._loop
        async with self._deciding:
            await asyncio.gather(*(self._stop(download_id) for download_id in list(self._running)))

    def live(self, download_id: str) -> tuple[Mapping[str, int], Running | None]:
        """Bytes of a download's unverified files by path, and its worker where it runs."""
        return self._partials.get(download_id, {}), self._running.get(download_id)

    async def add(self, row: Download, files: Sequence[HubFile]) -> None:
        """Put a download into the queue.

        Raises:
            ApiError: the same is under way, or the disk has too little room.
        """
        wanted = [job_file(file) for file in files]
        row.total_bytes = sum(file.size_bytes for file in wanted)
        missing = await asyncio.to_thread(missing_bytes, self.cache, row, wanted)
        async with self.database.reading() as session:
            others = await service.remaining_bytes(session)
        check_room(self.cache, missing, self._floor_bytes, others_bytes=others)
        async with self.database.session() as session:
            await service.add(session, row, files)
        self._news()

    async def change(self, download_id: str, change: Change, *, ends_worker: bool = False) -> Download:
        """Let one of `service`'s changes happen to a download.

        Args:
            ends_worker: end its worker before.

        Raises:
            ApiError: there is no such download, or it is not in a state for that; then it goes on.
        """
        async with self._deciding:
            try:
                if ends_worker:
                    await self._stop(download_id)
                async with self.database.session() as session:
                    row = await service.find(session, download_id)
                    if (awaitable := change(session, row)) is not None:
                        await awaitable
            except BaseException:
                if ends_worker:
                    self._has_lost = True
                raise
            if row.status == DownloadStatus.CANCELLED:
                await self._throw_away(download_id)
        self._news()
        return row

    async def forget(self, download_id: str) -> None:
        """Remove a finished download. Raises ApiError as `change` does."""
        await self.change(download_id, service.forget)
        await self._throw_away(download_id)

    @property
    def _floor_bytes(self) -> int:
        return int(self.settings.disk_floor_gb * 2**30)

    def _news(self) -> None:
        self._wake.set()
        self.changes.tell()

    async def _throw_away(self, download_id: str) -> None:
        self._partials.pop(download_id, None)
        await asyncio.to_thread(places.remove_staging, self.cache, download_id)

    async def _look_at_disk(self) -> None:
        """What is there of the unfinished downloads; what belongs to none is removed."""
        async with self.database.reading() as session:
            rows = await service.list_all(session)
            files = {
                row.id: [
                    job_file(file) for file in await service.files_of(session, row.id) if not file.is_done
                ]
                for row in rows
                if row.status not in (DownloadStatus.COMPLETED, DownloadStatus.CANCELLED)
            }
        for download_id, listed in files.items():
            staging = places.staging_folder(self.cache, download_id)
            self._partials[download_id] = await asyncio.to_thread(places.partial_bytes, staging, listed)
        for download_id in await asyncio.to_thread(places.orphans, self.cache, set(files)):
            await asyncio.to_thread(places.remove_staging, self.cache, download_id)

    async def _schedule(self) -> None:
        while not self.is_closing:
            try:
                parallel = self.settings.max_parallel_downloads
                await self._start_due(parallel)
                await self._wait(parallel)
            except Exception:
                # The database may be away for a while; the queue outlives that.
                logger.exception("the queue of downloads could not be looked at")
                await asyncio.sleep(_AFTER_FAULT_S)

    async def _wait(self, parallel: int) -> None:
        """Until somebody has news, a retry is due, or so many are not the setting any more."""
        retry_at = None
        if len(self._running) < parallel:  # else it waits for one of them
            async with self.database.reading() as session:
                retry_at = await service.next_retry_at(session)
        while parallel == self.settings.max_parallel_downloads:
            left_s = _LOOK_AT_SETTINGS_S
            if retry_at is not None:
                left_s = min(left_s, (retry_at - utc_now()).total_seconds())
            if left_s <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), left_s)
                self._wake.clear()
                return

    async def _start_due(self, parallel: int) -> None:
        async with self._deciding:
            by_position = sorted(self._running.values(), key=lambda running: running.position)
            for running in by_position[parallel:]:
                await self._stop(running.download_id)
                self._has_lost = True
            if self._has_lost:
                async with self.database.session() as session:
                    await service.requeue_running(session, but=list(self._running))
                self._has_lost = False
            if len(self._running) >= parallel:
                return
            async with self.database.reading() as session:
                due = await service.due(session, utc_now())
                waiting = [(row, await service.files_of(session, row.id)) for row in due[:parallel]]
            for row, files in waiting[: parallel - len(self._running)]:
                if not self.is_closing:
                    await self._start(row, files)

    async def _start(self, row: Download, files: Sequence[DownloadFile]) -> None:
        listed = [job_file(file) for file in files]
        missing = await asyncio.to_thread(missing_bytes, self.cache, row, listed)
        try:
            check_room(self.cache, missing, self._floor_bytes)
        except ApiError as error:
            async with self.database.session() as session:
                await ending.fail(session, row.id, error)
            self._news()
            return
        job = await self._job(row, listed)
        async with self.database.session() as session:
            service.set_status(session, await service.find(session, row.id), DownloadStatus.RUNNING)
        running = Running(
            row.id,
            job,
            row.position,
            self._partials.setdefault(row.id, {}),
            file_done=self._file_done,
            changed=self.changes.tell,
        )
        self._running[row.id] = running
        self._followers[row.id] = asyncio.create_task(self._follow(running), name=f"download {row.id}")
        self.changes.tell()

    async def _job(self, row: Download, files: Sequence[JobFile]) -> Job:
        assert row.commit_hash is not None
        site = await self.hub.site()
        return Job(
            endpoint=site.endpoint,
            token=site.token,
            repo_id=row.repo_id,
            revision=row.revision,
            commit_hash=row.commit_hash,
            files=list(files),
            staging=places.staging_folder(self.cache, row.id),
            repo_folder=places.repo_folder(self.cache, row.repo_id),
            disk_floor_bytes=self._floor_bytes,
        )

    async def _file_done(self, download_id: str, path: str) -> None:
        async with self.database.session() as session:
            await service.file_done(session, download_id, path)

    async def _follow(self, running: Running) -> None:
        """From a worker's start to what became of it."""
        try:
            outcome = await running.follow()
            if outcome is not None:
                await self._end(running, outcome)
        except Exception:
            # The database is away, say. The queue looks at it again, but not one worker after the other.
            logger.exception("%s: what became of it could not be noted", running.download_id)
            await running.stop()
            self._has_lost = True
            await asyncio.sleep(_AFTER_FAULT_S)
        finally:
            self._running.pop(running.download_id, None)
            self._followers.pop(running.download_id, None)
            self._news()

    async def _end(self, running: Running, outcome: Published | Failed) -> None:
        retries = self.settings.download_retries
        async with self.database.session() as session:
            status = await ending.end(session, running, outcome, self._backoff, retries)
        if status is DownloadStatus.COMPLETED:
            self._published(running.repo_id)
            await self._throw_away(running.download_id)

    async def _stop(self, download_id: str) -> None:
        """End a download's worker, if it has one, and let what it told come to its end."""
        running, follower = self._running.get(download_id), self._followers.get(download_id)
        if running is not None and follower is not None:
            await running.stop()
            await asyncio.wait([follower])
