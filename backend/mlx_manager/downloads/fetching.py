"""One file from the hub, taken up where it was left.

huggingface_hub has the session, headers and errors; its own `hf_hub_download` starts each file anew: since
1.18 it writes to a name of its own and deletes that when it fails (huggingface_hub#4196). Nor does it verify
hashes (#3643), and it keeps 10 MB in memory before it writes.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.downloads.hashing import FileHash
from mlx_manager.downloads.job import Job, JobFile
from mlx_manager.downloads.places import free_bytes, partial_file, verified_file
from mlx_manager.hub.site import Site, opened

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_DISK_LOOK_BYTES: Final = 64 * 2**20
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _WrongFile(Exception):
    """What came is not the file; the message says how."""


def fetch(job: Job, file: JobFile, told: Callable[[int], None]) -> None:
    """Bring a file to its verified place. What has come is kept when it breaks off.

    Args:
        told: called with the bytes that are there.

    Raises:
        ApiError: the hub fails or refuses, there is no room, or twice something else came than was said.
    """
    try:
        _fetch_once(job, file, told)
    except _WrongFile:
        # It may have been what was there before; begun anew it has one more chance.
        told(0)
        try:
            _fetch_once(job, file, told)
        except _WrongFile as fault:
            raise ApiError(ErrorCode.HASH_MISMATCH, f"{file.path}: {fault}, twice in a row") from None


def _fetch_once(job: Job, file: JobFile, told: Callable[[int], None]) -> None:
    partial = partial_file(job.staging, file)
    try:
        with partial.open("ab", buffering=0) as stream:
            digest = FileHash(file)
            digest.update_from(partial)
            told(digest.num_bytes)
            if digest.num_bytes < file.size_bytes:
                digest = _receive(job, file, stream, digest, told)
            _verify(file, digest)
            os.fsync(stream.fileno())
    except _WrongFile:
        partial.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise disk_fault(job, error) from None
    partial.replace(verified_file(job.staging, file))


def _receive(
    job: Job, file: JobFile, stream: BinaryIO, digest: FileHash, told: Callable[[int], None]
) -> FileHash:
    """Append what is missing. Returns the hash of all that is there."""
    site = Site(job.endpoint, job.token)
    url = site.file_url(job.repo_id, job.commit_hash, file.path)
    # No compression: ranges and sizes are of the file itself.
    headers = {"Accept-Encoding": "identity"}
    if digest.num_bytes > 0:
        headers["Range"] = f"bytes={digest.num_bytes}-"
    with _opened(site, url, headers, job.stall_timeout_s) as response:
        if not _is_continued(response, digest.num_bytes):
            stream.truncate(0)
            digest = FileHash(file)
        next_look = 0
        for piece in response.iter_bytes():
            if digest.num_bytes >= next_look:
                _check_room(job)
                next_look = digest.num_bytes + _DISK_LOOK_BYTES
            if digest.num_bytes + len(piece) > file.size_bytes:
                raise _WrongFile(f"more came than the {file.size_bytes} bytes that were said")
            _write(stream, piece)
            digest.update(piece)
            told(digest.num_bytes)
        if digest.num_bytes < file.size_bytes and not _says_its_end(response):
            raise ApiError(ErrorCode.HUB_UNAVAILABLE, f"{file.path}: the connection ended early")
    return digest


@contextmanager
def _opened(site: Site, url: str, headers: dict[str, str], timeout_s: float) -> Iterator[Any]:
    try:
        with opened(site, url, headers=headers, timeout_s=timeout_s) as response:
            yield response
    except ApiError as error:
        if error.code is not ErrorCode.HASH_MISMATCH:
            raise
        raise _WrongFile("the hub's file is shorter than it said") from None


def _is_continued(response: Any, num_bytes: int) -> bool:
    """Whether what comes goes on where we are; else it is the whole file, from its start."""
    if response.status_code != 206:
        return False
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != num_bytes:
        raise _WrongFile("another part came than was asked for")
    return True


def _says_its_end(response: Any) -> bool:
    """Whether an answer that is cut off would have been noticed."""
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


def _verify(file: JobFile, digest: FileHash) -> None:
    if digest.num_bytes != file.size_bytes:
        raise _WrongFile(f"{digest.num_bytes} bytes came, and {file.size_bytes} were said")
    if not digest.is_right:
        raise _WrongFile("the content does not have the hash that was said")


def _write(stream: BinaryIO, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:  # without a buffer a write may be short
        rest = rest[stream.write(rest) :]


def _check_room(job: Job) -> None:
    free = free_bytes(job.staging)
    if free < job.disk_floor_bytes:
        raise ApiError(
            ErrorCode.INSUFFICIENT_DISK,
            f"{free} bytes are free where models are kept, and {job.disk_floor_bytes} are to stay free",
        )


def disk_fault(job: Job, error: OSError) -> ApiError:
    """What the disk refuses: for want of room, or something that does not pass by itself."""
    place = error.filename or job.staging
    code = ErrorCode.INSUFFICIENT_DISK if error.errno in _NO_ROOM else ErrorCode.CONFLICT
    return ApiError(code, f"{place}: {error.strerror or error}")
