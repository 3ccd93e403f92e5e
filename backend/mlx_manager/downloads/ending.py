"""What becomes of a download when its worker has ended."""

from datetime import timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.errors import ApiError, ErrorCode, code_named
from mlx_manager.core.times import utc_now
from mlx_manager.db.tables import Download, DownloadStatus
from mlx_manager.downloads import service
from mlx_manager.downloads.backoff import Backoff
from mlx_manager.downloads.job import Failed, Published
from mlx_manager.downloads.running import Running
from mlx_manager.hub.faults import MAY_PASS

# A worker that died may have been killed for want of memory, say.
_RETRIED: Final = MAY_PASS | {ErrorCode.INTERNAL_ERROR}
# After so much, or a file, a failure is the first in a row; a server that sends a byte a time gets nowhere.
_PROGRESS_BYTES: Final = 2**20


async def end(
    session: AsyncSession, running: Running, outcome: Published | Failed, backoff: Backoff, max_retries: int
) -> DownloadStatus | None:
    """Note how it ended; None where somebody has changed it meanwhile."""
    row = await session.get(Download, running.download_id)
    if row is None or row.status != DownloadStatus.RUNNING:
        return None
    match outcome:
        case Published():
            service.complete(session, row)
        case Failed(code, message, retry_after_s):
            error = ApiError(
                code_named(code) or ErrorCode.INTERNAL_ERROR, message, retry_after_s=retry_after_s
            )
            if running.num_files_done or running.meter.num_bytes >= _PROGRESS_BYTES:
                row.num_attempts = 0
            _fail(session, row, error, backoff, max_retries)
    return DownloadStatus(row.status)


async def fail(session: AsyncSession, download_id: str, error: ApiError) -> None:
    """Note that it could not even begin."""
    row = await service.find(session, download_id)
    service.set_error(session, row, error)
    service.set_status(session, row, DownloadStatus.FAILED)


def _fail(session: AsyncSession, row: Download, error: ApiError, backoff: Backoff, max_retries: int) -> None:
    service.set_error(session, row, error)
    row.num_attempts += 1
    if error.code not in _RETRIED or row.num_attempts > max_retries:
        service.set_status(session, row, DownloadStatus.FAILED)
        return
    service.set_status(session, row, DownloadStatus.WAITING)
    row.retry_at = utc_now() + timedelta(seconds=backoff.pause_s(row.num_attempts, error.retry_after_s))
