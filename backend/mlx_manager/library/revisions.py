"""One revision of a repository in the Hugging Face cache, and what it alone needs there.

The layout is the cache's own: `snapshots/COMMIT/FILE` are links to `blobs/HASH`, `refs/NAME` hold commits.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from mlx_manager.library.installed import SNAPSHOTS


def other_revisions(repo: Path, snapshot: Path) -> list[Path]:
    """The snapshots beside this one."""
    folder = repo / SNAPSHOTS
    names = os.listdir(folder)
    return [folder / name for name in names if not name.startswith(".") and name != snapshot.name]


def own_blobs(repo: Path, snapshot: Path) -> list[Path]:
    """The blobs that no other revision needs."""
    needed = {blob for other in other_revisions(repo, snapshot) for blob in _blobs(repo, other)}
    return sorted(set(_blobs(repo, snapshot)) - needed)


def forget(repo: Path, commit: str, blobs: list[Path]) -> int:
    """Remove blobs, and the refs that mean a commit; returns the bytes that came free.

    A blob that is a link goes, and what it leads to stays.
    """
    for ref in _files(repo / "refs"):
        with contextlib.suppress(OSError):
            if ref.read_text().strip() == commit:
                ref.unlink()
    freed = 0
    for blob in blobs:
        with contextlib.suppress(FileNotFoundError):
            status = blob.lstat()
            blob.unlink()
            freed += status.st_size if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 else 0
    return freed


def _blobs(repo: Path, snapshot: Path) -> Iterator[Path]:
    """What the links of a snapshot lead to, one step; what is not among the repository's blobs is not its."""
    for file in _files(snapshot):
        if file.is_symlink():
            target = Path(os.path.normpath(file.parent / os.readlink(file)))
            if target.parent == repo / "blobs" and os.path.lexists(target):
                yield target


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)
