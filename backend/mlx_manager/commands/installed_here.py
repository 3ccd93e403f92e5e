"""The installed models by their files alone, where no manager runs: neither a database nor MLX is asked."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlx_manager.commands.asking import asking_of, find_target
from mlx_manager.commands.quiet import be_quiet
from mlx_manager.core.errors import ApiError
from mlx_manager.core.security.principal import Scope
from mlx_manager.db.stored_settings import read_stored
from mlx_manager.library.disk_use import model_files
from mlx_manager.library.installed import InstalledModels, Shelf
from mlx_manager.library.listing import LibraryModel, Surroundings, Use, Wish, library_models, wanted
from mlx_manager.library.live import Live
from mlx_manager.library.machine import Device, machine_memory
from mlx_manager.library.schemas import LibraryModelView, ModelFileView
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.terminal import fail


def list_here(search: str) -> list[dict[str, Any]]:
    """As `GET /api/v1/library/models` has them, without their fit into memory."""
    return [_view(model) for model in wanted(_models(), Wish(search))]


def show_here(model_id: str) -> dict[str, Any]:
    """One of them with its files. Where there is none the command fails."""
    settings = _settings()
    shelf = InstalledModels().read(settings)
    try:
        one = shelf.find(model_id)
    except ApiError as error:
        fail(error.message)
    model = next(each for each in _of(shelf, settings) if each.installed is one)
    files = [ModelFileView.model_validate(file) for file in model_files(one.place.folder)]
    return {**_view(model), "files": [file.model_dump(mode="json") for file in files]}


def _models() -> list[LibraryModel]:
    settings = _settings()
    return _of(InstalledModels().read(settings), settings)


def _of(shelf: Shelf, settings: MLXServerSettings) -> list[LibraryModel]:
    live = _live()
    # What the device lets a program hold MLX alone could say, so nothing is said of how models fit.
    device = Device(limit_bytes=None, widens_half=sys.platform != "darwin")
    machine = machine_memory(settings, device, None)
    use = Use(settings.kv_context_tokens, settings.kv_concurrency)
    models = library_models(shelf, Surroundings(machine, live, {}, ()), use)
    return [replace(model, fit=None) for model in models]


def _live() -> Live | None:
    """What the inference server says, where one runs."""
    target = find_target(None)
    if target is None:
        return None
    with asking_of(target, Scope.ADMIN) as client:
        listed: Mapping[str, Any] = client.json("GET", "/admin/models")
    return Live(listed["data"])


def _settings() -> MLXServerSettings:
    be_quiet()
    settings = MLXServerSettings()
    settings.take_stored(read_stored(settings.env_prefix()))
    return settings


def _view(model: LibraryModel) -> dict[str, Any]:
    return LibraryModelView.of(model).model_dump(mode="json")
