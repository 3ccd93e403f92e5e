"""How much room a model takes on the disk, and which files it has."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlx_manager.library.installed import Place


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model.

    Attributes:
        path: within its folder, with `/`.
        size_bytes: of what it holds, also where it is a link; None where that leads nowhere, or to no file.
    """

    path: str
    size_bytes: int | None


def disk_bytes(place: Place) -> int:
    """All files, also those of other revisions in the cache; what is there under two names counts once."""
    sizes = {}
    for file in _files(place.repo or place.folder):
        try:
            status = file.stat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())


def model_files(folder: Path) -> list[ModelFile]:
    """The files of a folder by name, those of its subfolders, too; hidden ones are left out."""
    found = []
    for file in _files(folder):
        path = file.relative_to(folder)
        if not is_hidden(path):
            found.append(ModelFile(path.as_posix(), _size(file)))
    return sorted(found, key=lambda file: file.path)


def is_hidden(path: Path) -> bool:
    """Whether any part of it begins with a dot."""
    return any(part.startswith(".") for part in path.parts)


def freed_bytes(folder: Path) -> int:
    """What comes free when a folder goes: files that have no other name elsewhere, links not followed."""
    names: dict[tuple[int, int], tuple[int, int, int]] = {}
    for file in _files(folder):
        try:
            status = file.lstat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            key = status.st_dev, status.st_ino
            seen = names.get(key, (0, 0, 0))[0]
            names[key] = seen + 1, status.st_nlink, status.st_size
    return sum(size for seen, num_links, size in names.values() if seen >= num_links)


def _files(folder: Path) -> Iterator[Path]:
    """Everything below that is no folder. Links to folders are not followed: they may lead anywhere."""
    for parent, folders, files in os.walk(folder):
        for name in (*files, *(name for name in folders if os.path.islink(os.path.join(parent, name)))):
            yield Path(parent, name)


def _size(file: Path) -> int | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
