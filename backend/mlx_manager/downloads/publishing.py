"""Verified files into Hugging Face's cache, so that every program finds the model, and none half of it."""

import os
import secrets
import shutil
from collections import Counter
from pathlib import Path

from mlx_manager.downloads.hashing import is_whole
from mlx_manager.downloads.job import Job, JobFile
from mlx_manager.downloads.places import cached_blob, verified_file


def find_verified(job: Job, file: JobFile) -> bool:
    """Whether the file need not be fetched: it was, or somebody else has put it into the cache.

    A file in the staging folder got its name once it was verified and on the disk.
    """
    return _has_size(verified_file(job.staging, file), file) or _in_cache(job, file) is not None


def publish(job: Job) -> None:
    """Make the model a snapshot of the cache: contents first, then the folder, the ref at last.

    May be done again after it was broken off anywhere. Raises OSError.
    """
    snapshot = job.repo_folder / "snapshots" / job.commit_hash
    places = {file.path: _publish_content(job, file) for file in job.files}
    num_uses = Counter(places.values())

    def is_shared(path: str) -> bool:
        return num_uses[places[path]] > 1

    if snapshot.is_dir():
        # Somebody has some of its files. config.json comes last: without it the folder is no model yet.
        for path in sorted(places, key=lambda path: path == "config.json"):
            _link(places[path], snapshot, path, is_shared=is_shared(path))
    else:
        made = job.staging / f"snapshot-{secrets.token_hex(4)}" / job.commit_hash
        for path, place in places.items():
            _link(place, made, path, is_shared=is_shared(path), final=snapshot)
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        made.rename(snapshot)
    _sync(snapshot.parent)
    if job.revision != job.commit_hash:
        _write_ref(job.repo_folder / "refs" / job.revision, job.commit_hash)


def _publish_content(job: Job, file: JobFile) -> Path:
    """Where the content is, in the cache for good."""
    verified, blob = verified_file(job.staging, file), cached_blob(job.repo_folder, file)
    if verified.exists():
        blob.parent.mkdir(parents=True, exist_ok=True)
        verified.replace(blob)
    return _in_cache(job, file, is_trusted=True) or blob


def _in_cache(job: Job, file: JobFile, *, is_trusted: bool = False) -> Path | None:
    """The content, among blobs or, where a filesystem has no links, in the snapshot itself."""
    snapshot = job.repo_folder / "snapshots" / job.commit_hash / file.path
    for place in (cached_blob(job.repo_folder, file), snapshot):
        if _has_size(place, file) and (is_trusted or is_whole(place, file)):
            return place
    return None


def _link(content: Path, snapshot: Path, path: str, *, is_shared: bool, final: Path | None = None) -> None:
    """Let `path` of the snapshot be the content; where there are no links, move it there.

    Args:
        is_shared: whether another file has the same content.
        final: where the snapshot will be, which the link is to lead from.
    """
    place = snapshot / path
    if content == place:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink() and place.exists() and os.path.samefile(place, content):
        return
    partial = place.with_name(f".{secrets.token_hex(8)}")
    target = os.path.relpath(content, (final or snapshot).joinpath(path).parent)
    try:
        partial.symlink_to(target)
    except OSError:
        # Another file with the same content may want it, too.
        shutil.copyfile(content, place) if is_shared else content.replace(place)
    else:
        partial.replace(place)


def _write_ref(ref: Path, commit_hash: str) -> None:
    ref.parent.mkdir(parents=True, exist_ok=True)
    partial = ref.with_name(f".{ref.name}.{secrets.token_hex(4)}")
    with partial.open("w") as stream:
        stream.write(commit_hash)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(ref)


def _has_size(path: Path, file: JobFile) -> bool:
    try:
        return path.is_file() and path.stat().st_size == file.size_bytes
    except OSError:
        return False


def _sync(folder: Path) -> None:
    """Names in a folder survive the power going once the folder is written."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
