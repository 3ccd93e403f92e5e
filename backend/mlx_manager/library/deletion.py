"""Deleting a model: never one that is used, never through a link, and never half."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.library import revisions
from mlx_manager.library.disk_use import freed_bytes
from mlx_manager.library.installed import Place, Shelf
from mlx_manager.library.live import LiveServer, is_busy, situation, users_of
from mlx_manager.library.obstacles import SharedFiles, downloading, obstacle
from mlx_manager.library.removal import LinkError, SetAside
from mlx_manager.mlx_server.pool.runtime import size

logger = logging.getLogger(__name__)


class Revisions(StrEnum):
    """What of a repository in the Hugging Face cache is deleted.

    Attributes:
        ALL: the repository with every revision that is there.
        CURRENT: the revision that is offered, and the files that no other needs.
    """

    ALL = "all"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Deleted:
    """What is gone.

    Attributes:
        freed_bytes: what came free on the disk.
    """

    model_id: str
    path: Path
    freed_bytes: int


class Deletion:
    """Deletes one model at a time.

    Args:
        read_shelf: what is installed now.
        downloads: ids of the repositories that are being downloaded.
        is_verified: whether files of a folder are being verified.
    """

    def __init__(
        self,
        read_shelf: Callable[[], Awaitable[Shelf]],
        live: LiveServer,
        downloads: Callable[[], Awaitable[Collection[str]]],
        is_verified: Callable[[Place], bool],
    ) -> None:
        self._read_shelf = read_shelf
        self._live = live
        self._downloads = downloads
        self._is_verified = is_verified
        self._one = asyncio.Lock()

    async def delete(self, model_id: str, *, unload: bool, which: Revisions) -> Deleted:
        """Delete a model.

        Its folder is hidden first, and only then it is seen whether the server has begun to load it: from
        there on it cannot begin.

        Raises:
            ApiError: there is no such model, it may not be deleted, or it is in use.
        """
        async with self._one:
            shelf = await self._read_shelf()
            place = shelf.find(model_id).place
            await self._check_files(shelf, place)
            folder = await asyncio.to_thread(_folder_of, place, which)
            await self._check_unused(folder, unload=unload)
            # Here and not in a thread: whoever is cancelled must not leave it set aside.
            aside = _set_aside(place, folder)
            try:
                await self._check_unused(folder, unload=False)
            except BaseException:
                _put_back(aside, folder)
                raise
            # A thread cannot be stopped: what is decided is done, whoever waits for it.
            freed = await asyncio.shield(asyncio.to_thread(_remove, aside, place, folder))
        logger.info("deleted %s: %s came free", model_id, size(freed))
        return Deleted(model_id, folder, freed)

    async def _check_files(self, shelf: Shelf, place: Place) -> None:
        shared = await asyncio.to_thread(SharedFiles, shelf.models.values())
        found = await asyncio.to_thread(obstacle, place) or shared.obstacle(place)
        if found := found or downloading(place, await self._downloads()):
            raise found
        if self._is_verified(place):
            raise ApiError(ErrorCode.CONFLICT, "it is being verified; cancel that first")

    async def _check_unused(self, folder: Path, *, unload: bool) -> None:
        users = users_of(await self._live.models(), folder)
        if unload and users and not any(map(is_busy, users)):
            for user in users:
                await self._live.unload(user["id"])
            users = users_of(await self._live.models(), folder)
        if users:
            raise ApiError(ErrorCode.MODEL_IN_USE, situation(users[0]))


def _folder_of(place: Place, which: Revisions) -> Path:
    """What is to go: a folder of its own, a repository, or one of several snapshots."""
    if place.repo is None:
        return place.folder
    if which is Revisions.ALL or place.commit is None:
        return place.repo
    return place.folder if revisions.other_revisions(place.repo, place.folder) else place.repo


def _set_aside(place: Place, folder: Path) -> SetAside:
    try:
        return SetAside(place.root, folder)
    except LinkError as error:
        raise ApiError(ErrorCode.INVALID_REQUEST, str(error), param="model_id") from None
    except OSError as error:
        raise _failed(folder, error) from None


def _put_back(aside: SetAside, folder: Path) -> None:
    try:
        aside.put_back()
    except OSError as error:
        logger.error("%s is now %s, and cannot be put back: %s", folder, aside.path, error.strerror)
    finally:
        aside.close()


def _remove(aside: SetAside, place: Place, folder: Path) -> int:
    try:
        freed = freed_bytes(aside.path)
        if place.repo is not None and folder != place.repo:
            blobs = revisions.own_blobs(place.repo, aside.path)
            freed += revisions.forget(place.repo, folder.name, blobs)
        aside.remove()
    except OSError as error:
        raise _failed(folder, error) from None
    finally:
        aside.close()
    return freed


def _failed(folder: Path, error: OSError) -> ApiError:
    return ApiError(ErrorCode.CONFLICT, f"{folder} cannot be deleted: {error.strerror}")
