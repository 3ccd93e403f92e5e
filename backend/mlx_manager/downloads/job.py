"""What manager and worker tell each other: a job once, then reports, each a line of JSON."""

from pathlib import Path

import msgspec


class JobFile(msgspec.Struct, frozen=True):
    """A file to be fetched; one of the two hashes is there."""

    path: str
    size_bytes: int
    sha256: str | None = None
    git_sha1: str | None = None

    @property
    def blob_name(self) -> str:
        """How Hugging Face's cache calls the content: what the hub has as its etag."""
        name = self.sha256 or self.git_sha1
        assert name is not None
        return name


class Job(msgspec.Struct, frozen=True):
    """One model at one commit.

    Attributes:
        token: for the hub; only ever in this line of the worker's standard input.
        revision: whose ref is written at last; a commit has none.
        staging: the worker's own folder, on the cache's filesystem.
        repo_folder: the model's folder in the cache.
        disk_floor_bytes: free space that is left to others.
        stall_timeout_s: how long a connection may be silent before it is given up.
    """

    endpoint: str
    token: str | None
    repo_id: str
    revision: str
    commit_hash: str
    files: list[JobFile]
    staging: Path
    repo_folder: Path
    disk_floor_bytes: int
    stall_timeout_s: float = 30.0


def encode_job(job: Job) -> bytes:
    """A line for the worker's standard input."""
    return msgspec.json.encode(job, enc_hook=str) + b"\n"


def decode_job(line: bytes) -> Job:
    """What `encode_job` wrote."""
    return msgspec.json.decode(line, type=Job, dec_hook=lambda of, text: of(text))


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Bytes of a file that are there but not verified; fewer than before when it is begun anew."""

    path: str
    done_bytes: int


class FileDone(msgspec.Struct, frozen=True, tag="file_done"):
    """A file is whole, its hash is right, and it would survive the power going."""

    path: str


class Published(msgspec.Struct, frozen=True, tag="published"):
    """The model is in the cache, for everybody."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It went wrong.

    Attributes:
        code: of `ErrorCode`.
        retry_after_s: what the hub asked for.
    """

    code: str
    message: str
    retry_after_s: int | None = None


Report = Progress | FileDone | Published | Failed
