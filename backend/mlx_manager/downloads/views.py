"""What is shown of a download: its row, and what is known of it while it runs."""

from collections.abc import Mapping, Sequence

from mlx_manager.db.tables import Download, DownloadFile, DownloadStatus
from mlx_manager.downloads.running import Running
from mlx_manager.downloads.schemas import (
    DownloadDetails,
    DownloadError,
    DownloadFileView,
    DownloadView,
    FileState,
)
from mlx_manager.downloads.service import FileCounts

_LEAST_BYTES_PER_S = 1.0


def download_view(
    row: Download, counts: FileCounts, partials: Mapping[str, int], running: Running | None
) -> DownloadView:
    """Without its files.

    Args:
        partials: bytes of files that are not verified, by path.
    """
    done_bytes = min(row.done_bytes + sum(partials.values()), row.total_bytes)
    speed = (
        running.meter.bytes_per_s if running is not None and row.status == DownloadStatus.RUNNING else None
    )
    error = None
    if row.error_code is not None:
        error = DownloadError(code=row.error_code, message=row.error or "")
    return DownloadView(
        id=row.id,
        repo_id=row.repo_id,
        revision=row.revision,
        commit_hash=row.commit_hash,
        status=DownloadStatus(row.status),
        done_bytes=done_bytes,
        total_bytes=row.total_bytes,
        num_files=counts.num_files,
        num_files_done=counts.num_done,
        bytes_per_s=None if speed is None else round(speed, 1),
        eta_s=_eta_s(row.total_bytes - done_bytes, speed),
        error=error,
        num_attempts=row.num_attempts,
        retry_at=row.retry_at,
        position=row.position,
        allow_pickle=row.allows_pickle,
        allow_code=row.allows_code,
        created_at=row.created_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
    )


def details_view(
    row: Download, files: Sequence[DownloadFile], partials: Mapping[str, int], running: Running | None
) -> DownloadDetails:
    """With its files."""
    counts = FileCounts(len(files), sum(file.is_done for file in files))
    view = download_view(row, counts, partials, running)
    return DownloadDetails(**view.model_dump(), files=[_file_view(file, partials) for file in files])


def _file_view(file: DownloadFile, partials: Mapping[str, int]) -> DownloadFileView:
    done_bytes = _done_bytes(file, partials)
    state = FileState.DONE if file.is_done else FileState.PARTIAL if done_bytes else FileState.PENDING
    return DownloadFileView(
        path=file.path,
        size_bytes=file.size_bytes,
        done_bytes=done_bytes,
        state=state,
        sha256=file.sha256,
        git_sha1=file.git_sha1,
    )


def _done_bytes(file: DownloadFile, partials: Mapping[str, int]) -> int:
    return file.size_bytes if file.is_done else min(partials.get(file.path, 0), file.size_bytes)


def _eta_s(remaining_bytes: int, speed: float | None) -> float | None:
    if speed is None or speed < _LEAST_BYTES_PER_S:
        return None
    return round(remaining_bytes / speed, 1)
