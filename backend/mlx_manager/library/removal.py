"""Taking a folder away so that nobody sees half of it, and never through a link.

A folder is first given a hidden name beside its own: the catalogue leaves those out, and the step cannot be
seen half done. Only then, when it is certain that it may go, is it removed. Both names say what they are, so
that what a program left behind that was killed is put back or removed by the next one.
"""

import contextlib
import logging
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from mlx_manager.library.installed import REPO_PREFIX, SNAPSHOTS

logger = logging.getLogger(__name__)

_SET_ASIDE: Final = ".mlx-manager-set-aside-"
_DELETING: Final = ".mlx-manager-deleting-"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class LinkError(Exception):
    """A part of the path is a link, or no folder; the message names it."""


class SetAside:
    """A folder under a hidden name, until it is put back or removed. Close it in the end.

    Args:
        root: may be reached through links.
        folder: somewhere within, and through none.

    Attributes:
        path: where it is now.

    Raises:
        LinkError: there is a link on the way.
        OSError: it cannot be renamed.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._name = folder.name
        self._hidden = _SET_ASIDE + folder.name
        self._parent = _open_parent(root, folder)
        try:
            os.rename(self._name, self._hidden, src_dir_fd=self._parent, dst_dir_fd=self._parent)
        except BaseException:
            self.close()
            raise
        self.path = folder.with_name(self._hidden)

    def close(self) -> None:
        """Let the folder be what it is."""
        os.close(self._parent)

    def put_back(self) -> None:
        """Give it its name again. Raises OSError."""
        os.rename(self._hidden, self._name, src_dir_fd=self._parent, dst_dir_fd=self._parent)

    def remove(self) -> None:
        """Remove it for good. Links in it are removed, never what they lead to.

        Raises:
            OSError: something cannot be removed; the rest stays under a hidden name.
        """
        doomed = _DELETING + secrets.token_hex(8)
        os.rename(self._hidden, doomed, src_dir_fd=self._parent, dst_dir_fd=self._parent)
        self._hidden = doomed
        shutil.rmtree(doomed, dir_fd=self._parent)


def check_way(root: Path, folder: Path) -> None:
    """See that a folder is within another and that no link leads to it. Raises LinkError or OSError."""
    os.close(_open_parent(root, folder))


def _open_parent(root: Path, folder: Path) -> int:
    """A descriptor of the folder that holds it, opened step by step: no link can come in between."""
    *between, name = folder.relative_to(root).parts
    descriptor = os.open(os.path.realpath(root), _FOLDER)
    try:
        for part in between:
            _check_is_folder(part, descriptor)
            inner = os.open(part, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        _check_is_folder(name, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_is_folder(name: str, parent: int) -> None:
    mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise LinkError(f"{name} is a link; remove the link by hand")
    if not stat.S_ISDIR(mode):
        raise LinkError(f"{name} is no folder")


def tidy(folders: Iterable[Path], hub: Path | None) -> None:
    """Remove or put back what earlier programs left when they were killed."""
    for place in _places(folders, hub):
        for name in _names(place):
            with contextlib.suppress(FileNotFoundError):  # another program does the same
                try:
                    _tidy_one(place, name)
                except OSError as error:
                    logger.warning("%s is left of a deletion: %s", place / name, error.strerror)


def _tidy_one(place: Path, name: str) -> None:
    if os.path.islink(place / name):
        return
    if name.startswith(_DELETING):
        shutil.rmtree(place / name)
        logger.info("removed %s, which was left of a deletion", place / name)
    elif name.startswith(_SET_ASIDE) and not os.path.lexists(
        original := place / name.removeprefix(_SET_ASIDE)
    ):
        os.rename(place / name, original)
        logger.info("put back %s, whose deletion had not begun", original)


def _places(folders: Iterable[Path], hub: Path | None) -> Iterator[Path]:
    """Wherever a model's folder may be in."""
    for folder in folders:
        yield folder
        yield from (folder / name for name in _names(folder) if _is_plain(folder / name))
    if hub is not None:
        yield hub
        yield from (hub / name / SNAPSHOTS for name in _names(hub) if name.startswith(REPO_PREFIX))


def _is_plain(folder: Path) -> bool:
    return not folder.name.startswith(".") and folder.is_dir() and not folder.is_symlink()


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
