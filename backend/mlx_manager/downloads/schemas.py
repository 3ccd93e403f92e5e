"""What is said about downloads on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from mlx_manager.db.tables import DownloadStatus
from mlx_manager.users.schemas import Body


class NewDownload(Body):
    """A model to be downloaded."""

    repo_id: Annotated[str, Field(min_length=3, max_length=200, description="`owner/name` on the hub")]
    revision: Annotated[str, Field(min_length=1, max_length=200)] = "main"
    allow_pickle: bool = Field(default=False, description="let weights in Python's pickle format come")
    allow_code: bool = Field(default=False, description="let Python files, and models that need them, come")


class DownloadError(BaseModel):
    """What failed last."""

    code: str = Field(description="one of the error codes of this API")
    message: str


class DownloadView(BaseModel):
    """A download as it is now."""

    id: str
    repo_id: str
    revision: str
    commit_hash: str | None = Field(description="what the revision was when it was asked for")
    status: DownloadStatus
    done_bytes: int = Field(description="that are here, of files that are verified and of others")
    total_bytes: int
    num_files: int
    num_files_done: int = Field(description="files that are whole with the right hash")
    bytes_per_s: float | None = Field(description="over the last seconds; null where it does not run")
    eta_s: float | None = Field(description="seconds left at this speed; null where that cannot be told")
    error: DownloadError | None
    num_attempts: int = Field(description="failures in a row that may pass")
    retry_at: datetime | None = Field(description="when a waiting one is tried again by itself")
    position: int = Field(description="the least is next")
    allow_pickle: bool
    allow_code: bool
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class DownloadList(BaseModel):
    """Unfinished ones in their order, then finished ones, the last first."""

    data: list[DownloadView]


class FileState(StrEnum):
    """What has come of a file."""

    PENDING = "pending"
    PARTIAL = "partial"
    DONE = "done"
    """It is whole, with the right hash."""


class DownloadFileView(BaseModel):
    """A file of a download."""

    path: str
    size_bytes: int
    done_bytes: int
    state: FileState
    sha256: str | None
    git_sha1: str | None


class DownloadDetails(DownloadView):
    """A download with its files."""

    files: list[DownloadFileView]


class DownloadRemoved(BaseModel):
    """A download that is no more."""

    id: str
