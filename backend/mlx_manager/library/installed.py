"""The models that are installed, read from their files with the server's own catalogue."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.domain.models import ModelDescription, UnusableModel
from mlx_manager.mlx_server.pool.catalogue import Catalogue, Listing
from mlx_manager.mlx_server.pool.sources import DEMO_PATH, hugging_face_cache
from mlx_manager.mlx_server.pool.written_formats import FormatFinder, WrittenFormats

REPO_PREFIX: Final = "models--"
SNAPSHOTS: Final = "snapshots"


class ModelSource(StrEnum):
    """Where a model comes from."""

    DEMO = "demo"
    FOLDER = "folder"
    HUGGINGFACE = "huggingface"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model's own files are.

    Attributes:
        folder: of the model; of an adapter's model the adapter's.
        root: the folder of the settings, or the cache, that it was found in.
        repo: its folder in the cache, with all revisions; None elsewhere.
    """

    source: ModelSource
    folder: Path
    root: Path
    repo: Path | None = None

    @property
    def repo_id(self) -> str | None:
        """Its name on the hub, where it is in the cache."""
        return None if self.repo is None else self.repo.name.removeprefix(REPO_PREFIX).replace("--", "/")

    @property
    def commit(self) -> str | None:
        """The commit that its files are of, where it is in the cache."""
        is_snapshot = self.repo is not None and self.folder.parent == self.repo / SNAPSHOTS
        return self.folder.name if is_snapshot else None


@dataclass(frozen=True, slots=True)
class Installed:
    """A model, or what cannot be used as one.

    Attributes:
        duplicates: folders that are hidden because this one has the same id.
        aliases: other names of it.
        formats: how it writes calls and reasoning.
    """

    found: ModelDescription | UnusableModel
    place: Place
    duplicates: Sequence[Path] = ()
    aliases: Sequence[str] = ()
    formats: WrittenFormats = field(default_factory=WrittenFormats)

    @property
    def model_id(self) -> str:
        """The name that requests use."""
        return self.found.model_id

    @property
    def description(self) -> ModelDescription | None:
        """What it is, where it can be used."""
        return self.found if isinstance(self.found, ModelDescription) else None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that is installed, by id, and who is meant by other names."""

    models: Mapping[str, Installed]
    catalogue: Catalogue

    def find(self, model_id: str) -> Installed:
        """The model of this very id, which is compared and never joined to a path. Raises ApiError."""
        if (found := self.models.get(model_id)) is None:
            raise ApiError(ErrorCode.MODEL_NOT_FOUND, "there is no such model", param="model_id")
        return found


class InstalledModels:
    """Reads the folders that the settings speak of. For several threads.

    Args:
        demo: the demo's folder.
    """

    def __init__(self, demo: Path = DEMO_PATH) -> None:
        self._demo = demo
        self._formats = FormatFinder()
        self._lock = threading.Lock()
        self._catalogue: tuple[object, Catalogue] | None = None

    def read(self, settings: MLXServerSettings) -> Shelf:
        """Everything there is now. Looks at each folder: call it off the event loop."""
        catalogue = self._catalogue_of(settings)
        listing = catalogue.scan()
        hub = hub_of(settings)
        usable = [self._usable(model, listing, catalogue, settings, hub) for model in listing.models.values()]
        unusable = [
            Installed(one, place_of(one.path, self._demo, settings.model_dirs, hub))
            for one in listing.unusable.values()
        ]
        return Shelf({one.model_id: one for one in (*usable, *unusable)}, catalogue)

    def _usable(
        self,
        model: ModelDescription,
        listing: Listing,
        catalogue: Catalogue,
        settings: MLXServerSettings,
        hub: Path | None,
    ) -> Installed:
        return Installed(
            model,
            place_of(model.adapter_path or model.path, self._demo, settings.model_dirs, hub),
            tuple(listing.duplicates.get(model.model_id, ())),
            tuple(catalogue.aliases_of(model.model_id)),
            self._formats.find(model),
        )

    def _catalogue_of(self, settings: MLXServerSettings) -> Catalogue:
        """One for as long as the settings stay, because it remembers what it has read."""
        hub = hub_of(settings)
        key = (tuple(settings.model_dirs), hub, tuple(settings.aliases.items()))
        with self._lock:
            if self._catalogue is None or self._catalogue[0] != key:
                folders = list(settings.model_dirs)
                made = Catalogue(folders, demo=self._demo, hub=hub, aliases=dict(settings.aliases))
                self._catalogue = key, made
            return self._catalogue[1]


def hub_of(settings: MLXServerSettings) -> Path | None:
    """The Hugging Face cache, where it is used."""
    return hugging_face_cache() if settings.use_hf_cache else None


def place_of(path: Path, demo: Path, folders: Sequence[Path], hub: Path | None) -> Place:
    """Where a folder of the catalogue's is; by its path as it was found, no link is followed."""
    if path == demo:
        return Place(ModelSource.DEMO, path, path)
    if hub is not None and path.is_relative_to(hub):
        return Place(ModelSource.HUGGINGFACE, path, hub, hub / path.relative_to(hub).parts[0])
    root = next((folder for folder in folders if path.is_relative_to(folder)), path)
    return Place(ModelSource.FOLDER, path, root)
