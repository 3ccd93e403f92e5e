"""Whether there is room on the disk for a download."""

from collections.abc import Iterable
from pathlib import Path

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.db.tables import Download, DownloadFile
from mlx_manager.downloads.job import JobFile
from mlx_manager.downloads.places import (
    cached_blob,
    free_bytes,
    partial_file,
    repo_folder,
    staging_folder,
    verified_file,
)
from mlx_manager.hub.files import HubFile


def job_file(file: HubFile | DownloadFile) -> JobFile:
    """A file as the worker is told of it."""
    return JobFile(file.path, file.size_bytes, file.sha256, file.git_sha1)


def missing_bytes(cache: Path, row: Download, files: Iterable[JobFile]) -> int:
    """What has yet to come. Looks at sizes on the disk, not into files."""
    staging, repo = staging_folder(cache, row.id), repo_folder(cache, row.repo_id)
    missing = 0
    for file in {file.blob_name: file for file in files}.values():
        candidates = (cached_blob(repo, file), verified_file(staging, file), partial_file(staging, file))
        missing += max(file.size_bytes - max(_size(path) for path in candidates), 0)
    return missing


def check_room(cache: Path, missing: int, floor_bytes: int, *, others_bytes: int = 0) -> None:
    """Raises ApiError where the disk has too little room.

    Args:
        missing: bytes that are to come.
        floor_bytes: what is to stay free then.
        others_bytes: what is to come of other downloads.
    """
    free = free_bytes(cache)
    if missing and free < missing + floor_bytes + others_bytes:
        others = f", {others_bytes} bytes for other downloads" if others_bytes else ""
        raise ApiError(
            ErrorCode.INSUFFICIENT_DISK,
            f"it needs {missing} bytes and {floor_bytes} are to stay free{others}, and {free} bytes are free",
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
