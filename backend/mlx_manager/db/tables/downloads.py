"""Downloads of models, which outlive the manager."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from mlx_manager.core.ids import new_id
from mlx_manager.core.times import utc_now
from mlx_manager.db.types import UtcDateTime


class DownloadStatus(StrEnum):
    """What a download is doing."""

    QUEUED = "queued"
    """It waits for its turn."""
    RUNNING = "running"
    PAUSED = "paused"
    """Somebody has paused it; it goes on when they say so."""
    WAITING = "waiting"
    """Something failed that may pass; it is tried again at `retry_at`."""
    FAILED = "failed"
    COMPLETED = "completed"
    """Every file is there, and its hash was right."""
    CANCELLED = "cancelled"


class Download(SQLModel, table=True):
    """One model's files at one revision.

    Attributes:
        requested_by: who asked, whom it outlives.
        repo_id: `owner/name` on the hub.
        revision: the branch, tag or commit that was asked for.
        commit_hash: what that was when it began; None before. All files are of this commit.
        total_bytes: of all files; 0 before it is known.
        done_bytes: of the files that are whole and verified.
        num_attempts: failures in a row that may pass.
        retry_at: when a waiting one is tried again.
        error_code: an `ErrorCode` of what failed last.
        error: the same in words.
        allows_pickle: whether weights in Python's pickle format may come; reading them runs code.
        allows_code: whether Python files and models that need them may come.
        position: its place in the queue; the least is next.
    """

    __tablename__ = "downloads"

    id: str = Field(default_factory=lambda: new_id("dl"), primary_key=True)
    requested_by: str | None = None
    repo_id: str = Field(index=True)
    revision: str = "main"
    commit_hash: str | None = None
    status: str = Field(default=DownloadStatus.QUEUED.value, index=True)
    total_bytes: int = Field(default=0, sa_type=BigInteger)
    done_bytes: int = Field(default=0, sa_type=BigInteger)
    num_attempts: int = 0
    retry_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error_code: str | None = None
    error: str | None = None
    allows_pickle: bool = False
    allows_code: bool = False
    position: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DownloadFile(SQLModel, table=True):
    """One file of a download.

    Attributes:
        path: within the repository.
        sha256: of its content where the hub says it (large files), else None.
        git_sha1: git's hash of it as a blob, which the hub says of small files, else None.
        is_done: whether it is whole in its place, with the right hash.
    """

    __tablename__ = "download_files"

    download_id: str = Field(primary_key=True, foreign_key="downloads.id", ondelete="CASCADE")
    path: str = Field(primary_key=True)
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str | None = None
    git_sha1: str | None = None
    is_done: bool = False
