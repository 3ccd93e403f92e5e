"""Why a model cannot be deleted, as far as its files tell."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.library.installed import Installed, ModelSource, Place
from mlx_manager.library.removal import LinkError, check_way


def obstacle(place: Place) -> ApiError | None:
    """What keeps a place from ever being deleted here; None where nothing does."""
    if place.source is ModelSource.DEMO:
        return _never("the demo ships with the program")
    folder = place.repo or place.folder
    if folder == place.root:
        return _never(f"{folder} is itself one of MLX_SERVER_MODEL_DIRS; delete it by hand")
    try:
        check_way(place.root, folder)
    except LinkError as error:
        return _never(str(error))
    except (OSError, ValueError) as error:
        return _never(f"{folder} cannot be deleted: {error}")
    if not os.access(folder.parent, os.W_OK):
        return ApiError(ErrorCode.CONFLICT, f"{folder.parent} cannot be written to")
    return None


def downloading(place: Place, repo_ids: Collection[str]) -> ApiError | None:
    """That files are on their way into it."""
    if place.repo_id not in repo_ids:
        return None
    return ApiError(ErrorCode.CONFLICT, f"{place.repo_id} is being downloaded; cancel the download first")


class SharedFiles:
    """Who has links into whose folder. Looks at each model's own files once."""

    def __init__(self, models: Iterable[Installed]) -> None:
        self._targets = [(one, _targets(one.place.folder)) for one in models]

    def obstacle(self, place: Place) -> ApiError | None:
        """That another model would lose files."""
        whole = os.path.realpath(place.repo or place.folder) + "/"
        for other, targets in self._targets:
            is_same = other.place.folder == place.folder
            if not is_same and any(target.startswith(whole) for target in targets):
                reason = f"{other.model_id} has links to its files; remove that first"
                return ApiError(ErrorCode.CONFLICT, reason)
        return None


def _targets(folder: Path) -> list[str]:
    try:
        links = [Path(entry.path) for entry in os.scandir(folder) if entry.is_symlink()]
    except OSError:
        links = []
    return [f"{os.path.realpath(path)}/" for path in (folder, *links)]


def _never(reason: str) -> ApiError:
    return ApiError(ErrorCode.INVALID_REQUEST, reason, param="model_id")
