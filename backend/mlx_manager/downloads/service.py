"""Rows of downloads: added, begun, ended, changed by people. Nothing here commits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import case, func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.times import utc_now
from mlx_manager.db.tables import Download, DownloadFile, DownloadStatus
from mlx_manager.hub.files import HubFile

_Status = DownloadStatus
UNFINISHED: Final = (_Status.QUEUED, _Status.RUNNING, _Status.PAUSED, _Status.WAITING)
FINISHED: Final = (_Status.FAILED, _Status.COMPLETED, _Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class FileCounts:
    """How many files a download has, and how many of them are verified."""

    num_files: int = 0
    num_done: int = 0


async def add(session: AsyncSession, row: Download, files: Iterable[HubFile]) -> None:
    """Put a download at the end of the queue. Raises ApiError where the same is under way."""
    query = select(Download).where(
        Download.repo_id == row.repo_id,
        Download.revision == row.revision,
        col(Download.status).in_(UNFINISHED),
    )
    if (same := (await session.exec(query)).first()) is not None:
        message = f"{row.repo_id} is being downloaded already: {same.id} is {same.status}"
        raise ApiError(ErrorCode.ALREADY_EXISTS, message, param="repo_id")
    last = (await session.exec(select(func.max(Download.position)))).one()
    row.position = (last or 0) + 1
    session.add(row)
    await session.flush()
    for file in files:
        session.add(
            DownloadFile(
                download_id=row.id,
                path=file.path,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                git_sha1=None if file.sha256 else file.git_sha1,
            )
        )


async def list_all(session: AsyncSession) -> Sequence[Download]:
    """Those that are not finished in their order, then the finished ones, the last first."""
    rows = (await session.exec(select(Download))).all()
    unfinished = sorted((row for row in rows if row.status in UNFINISHED), key=lambda row: row.position)
    finished = [row for row in rows if row.status in FINISHED]
    return [*unfinished, *sorted(finished, key=lambda row: row.finished_at or row.updated_at, reverse=True)]


async def find(session: AsyncSession, download_id: str) -> Download:
    """The download of this id. Raises ApiError where there is none."""
    row = await session.get(Download, download_id)
    if row is None:
        raise ApiError(ErrorCode.NOT_FOUND, "there is no such download")
    return row


async def files_of(session: AsyncSession, download_id: str) -> Sequence[DownloadFile]:
    """Its files by name."""
    query = select(DownloadFile).where(DownloadFile.download_id == download_id)
    return (await session.exec(query.order_by(col(DownloadFile.path)))).all()


async def count_files(session: AsyncSession) -> Mapping[str, FileCounts]:
    """Of each download, by its id."""
    num_done = func.sum(case((col(DownloadFile.is_done), 1), else_=0))
    query = select(DownloadFile.download_id, func.count(), num_done).group_by(DownloadFile.download_id)
    return {
        download_id: FileCounts(num_files, int(done))
        for download_id, num_files, done in await session.exec(query)
    }


async def due(session: AsyncSession, now: datetime) -> Sequence[Download]:
    """Those that may run now, the next one first."""
    is_due = or_(
        col(Download.status) == _Status.QUEUED,
        (col(Download.status) == _Status.WAITING) & (col(Download.retry_at) <= now),
    )
    query = select(Download).where(is_due).order_by(col(Download.position), col(Download.id))
    return (await session.exec(query)).all()


async def next_retry_at(session: AsyncSession) -> datetime | None:
    """When the first of those that wait is tried again."""
    query = select(func.min(Download.retry_at)).where(Download.status == _Status.WAITING)
    return (await session.exec(query)).one()


async def requeue_running(session: AsyncSession, *, but: Sequence[str]) -> None:
    """Let those wait for their turn that no worker is at, after a start of the program for one."""
    query = select(Download).where(Download.status == _Status.RUNNING, col(Download.id).not_in(but))
    for row in await session.exec(query):
        set_status(session, row, _Status.QUEUED)


async def remaining_bytes(session: AsyncSession) -> int:
    """What the unfinished downloads have yet to fetch, as far as it is verified."""
    total = func.sum(Download.total_bytes - Download.done_bytes)
    query = select(total).where(col(Download.status).in_(UNFINISHED))
    return int((await session.exec(query)).one() or 0)


def set_status(session: AsyncSession, row: Download, status: DownloadStatus) -> None:
    """Change what it is doing; a time to retry is that of a waiting one only."""
    row.status = status.value
    row.updated_at = utc_now()
    row.retry_at = None
    row.finished_at = row.updated_at if status in FINISHED else None
    session.add(row)


def set_error(session: AsyncSession, row: Download, error: ApiError | None) -> None:
    """What failed last, or that nothing did."""
    row.error_code = None if error is None else error.code.value
    row.error = None if error is None else error.message
    session.add(row)


async def file_done(session: AsyncSession, download_id: str, path: str) -> None:
    """A file is verified."""
    file = await session.get(DownloadFile, (download_id, path))
    row = await session.get(Download, download_id)
    if file is None or row is None or file.is_done:
        return
    file.is_done = True
    row.done_bytes += file.size_bytes
    row.updated_at = utc_now()
    session.add(file)
    session.add(row)


def complete(session: AsyncSession, row: Download) -> None:
    """It is in the cache."""
    set_error(session, row, None)
    row.num_attempts = 0
    row.done_bytes = row.total_bytes
    set_status(session, row, _Status.COMPLETED)


def pause(session: AsyncSession, row: Download) -> None:
    """Let it rest until somebody says so."""
    _check(row, "paused", (_Status.QUEUED, _Status.RUNNING, _Status.WAITING))
    set_status(session, row, _Status.PAUSED)


def resume(session: AsyncSession, row: Download) -> None:
    """Let a paused one wait for its turn."""
    _check(row, "resumed", (_Status.PAUSED,))
    _queue(session, row)


def retry(session: AsyncSession, row: Download) -> None:
    """Try again what failed, now; what was cancelled begins anew."""
    _check(row, "retried", (_Status.FAILED, _Status.WAITING, _Status.CANCELLED))
    _queue(session, row)


async def cancel(session: AsyncSession, row: Download) -> None:
    """Give it up; what had come is thrown away."""
    _check(row, "cancelled", (*UNFINISHED, _Status.FAILED))
    for file in await files_of(session, row.id):
        file.is_done = False
        session.add(file)
    row.done_bytes = 0
    set_status(session, row, _Status.CANCELLED)


async def put_first(session: AsyncSession, row: Download) -> None:
    """Let it be the next of those that wait."""
    _check(row, "put first", (_Status.QUEUED, _Status.WAITING, _Status.PAUSED))
    query = select(func.min(Download.position)).where(col(Download.status).in_(UNFINISHED))
    row.position = ((await session.exec(query)).one() or 0) - 1
    row.updated_at = utc_now()
    session.add(row)


async def forget(session: AsyncSession, row: Download) -> None:
    """Remove a finished one; a model that it has brought stays."""
    _check(row, "forgotten", FINISHED)
    await session.delete(row)


def _queue(session: AsyncSession, row: Download) -> None:
    row.num_attempts = 0
    set_error(session, row, None)
    set_status(session, row, _Status.QUEUED)


def _check(row: Download, what: str, allowed: Iterable[DownloadStatus]) -> None:
    if row.status not in list(allowed):
        raise ApiError(ErrorCode.CONFLICT, f"it is {row.status} and cannot be {what}")
