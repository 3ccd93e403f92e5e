"""Which models exist, found afresh, so that a new folder appears without a restart."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.models import ModelDescription, UnusableModel
from mlx_manager.mlx_server.pool.adapters import Adapter, adapted, read_adapter
from mlx_manager.mlx_server.pool.model_files import describe
from mlx_manager.mlx_server.pool.name_patterns import NamePatterns
from mlx_manager.mlx_server.pool.small_files import Signature, signature
from mlx_manager.mlx_server.pool.sources import DEMO_PATH, Candidate, candidates

logger = logging.getLogger(__name__)

# For so long a name that was found is looked up without looking at all folders again.
_FRESH_S: Final = 1.0
_MOST_NAMES: Final = 10

_Found = ModelDescription | UnusableModel | Adapter | None


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found.

    Attributes:
        models: by id, the demo first.
        unusable: by id, what cannot be offered and why; never an id that is in `models`.
        duplicates: by id, folders that are hidden because another with the same id came before them.
        collisions: ids of models by aliases that are also ids of other models; these names are refused.
    """

    models: Mapping[str, ModelDescription] = field(default_factory=dict)
    unusable: Mapping[str, UnusableModel] = field(default_factory=dict)
    duplicates: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    collisions: Mapping[str, str] = field(default_factory=dict)


class Catalogue:
    """Looks at every source; a folder that has not changed is not read again.

    May be used from several threads.

    Args:
        folders: each a model's folder, or a folder of model folders.
        hub: a Hugging Face cache.
        aliases: other names of models, each with an id; one with `*` stands for many names.
        clock: seconds from any start.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        demo: Path = DEMO_PATH,
        hub: Path | None = None,
        aliases: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._demo = demo
        self._clock = clock
        self.change(folders, hub=hub, aliases=aliases)
        self._read: dict[Candidate, tuple[Signature, _Found]] = {}
        self._warned: set[str] = set()

    def change(
        self, folders: Sequence[Path], *, hub: Path | None = None, aliases: Mapping[str, str] | None = None
    ) -> None:
        """Look at other folders, and know other names, from now on."""
        self._folders = folders
        self._hub = hub
        self._aliases = {alias: model_id for alias, model_id in (aliases or {}).items() if alias != model_id}
        self._patterns = NamePatterns(self._aliases)
        self._last: tuple[float, Listing] | None = None

    def scan(self) -> Listing:
        """Everything there is now. Looks at each folder: call it off the event loop where there are many."""
        scanned_at = self._clock()
        for folder in self._folders:
            if not os.path.isdir(folder):
                self._warn_once(f"{folder} of MLX_SERVER_MODEL_DIRS is not a folder")
        models: dict[str, ModelDescription] = {}
        unusable: dict[str, UnusableModel] = {}
        duplicates: dict[str, list[Path]] = {}
        adapters: list[Adapter] = []
        for found in self._candidates():
            match found:
                case Adapter():
                    adapters.append(found)
                case ModelDescription(model_id=model_id):
                    first = models.setdefault(model_id, found)
                    if first is not found and not _is_same(first.path, found.path):
                        duplicates.setdefault(model_id, []).append(found.path)
                        self._warn_once(f"{found.path} is hidden: {first.path} has the id {model_id!r}, too")
                case UnusableModel():
                    unusable.setdefault(found.model_id, found)
        for offer in list(adapted(adapters, models)):
            match offer:
                case ModelDescription():
                    models.setdefault(offer.model_id, offer)
                case UnusableModel():
                    unusable.setdefault(offer.model_id, offer)
        unusable = {model_id: found for model_id, found in unusable.items() if model_id not in models}
        listing = Listing(models, unusable, duplicates, self._collisions(models))
        self._last = scanned_at, listing
        return listing

    def list(self) -> list[ModelDescription]:
        """Every usable model, the demo first."""
        return list(self.scan().models.values())

    def get(self, name: str) -> ModelDescription | None:
        """The model of this name, or None where `resolve` would raise."""
        try:
            return self.resolve(name)
        except ApiError:
            return None

    def resolve(self, name: str) -> ModelDescription:
        """The model of this alias or, where no alias has the name, of this id, or else of a pattern.

        The name is compared, never joined to a path.

        Raises:
            ApiError: nothing has the name, two have, or the model cannot be used.
        """
        listing = self._recent()
        if (model_id := self._meant(name, listing)) not in listing.models:
            listing = self.scan()
            model_id = self._meant(name, listing)
        if name in listing.collisions:
            path = listing.models[name].path
            reason = f"{name!r} is an alias of {model_id!r} and also the id of the model in {path}"
            raise ApiError(ErrorCode.MODEL_NAME_COLLIDES, reason, param="model")
        if (model := listing.models.get(model_id)) is not None:
            return model
        if (unusable := listing.unusable.get(model_id)) is not None:
            reason = f"{model_id} cannot be used: {unusable.reason}"
            raise ApiError(ErrorCode.MODEL_LOAD_FAILED, reason, param="model")
        known = ", ".join(list(listing.models)[:_MOST_NAMES]) or "none"
        what = f"there is no model {model_id!r}"
        if name != model_id:
            what += f", which {name!r} is an alias of"
        raise ApiError(ErrorCode.MODEL_NOT_FOUND, f"{what}; there is: {known}", param="model")

    def id_of(self, name: str) -> str:
        """The id that a request of this name asks for, whether or not there is such a model.

        Where a pattern has the name, it looks for a model with that id as `resolve` does: who may ask
        for one must not get the other.
        """
        if self._is_exact(name) or self._patterns.match(name) is None:
            return self._aliases.get(name, name)
        recent = self._recent()
        return self._meant(name, recent if recent.models else self.scan())

    def aliases_of(self, model_id: str) -> Sequence[str]:
        """Other names that a request may use for this model."""
        refused = self._last[1].collisions if self._last is not None else {}
        return [alias for alias, of in self._aliases.items() if of == model_id and alias not in refused]

    def _is_exact(self, name: str) -> bool:
        return name in self._aliases and "*" not in name

    def _meant(self, name: str, listing: Listing) -> str:
        if self._is_exact(name):
            return self._aliases[name]
        if name in listing.models or name in listing.unusable:
            return name
        return self._patterns.match(name) or name

    def _recent(self) -> Listing:
        last = self._last
        return last[1] if last is not None and self._clock() - last[0] < _FRESH_S else Listing()

    def _candidates(self) -> Sequence[_Found]:
        read: dict[Candidate, tuple[Signature, _Found]] = {}
        for candidate in candidates(self._folders, demo=self._demo, hub=self._hub):
            changes = signature(candidate.path)
            known = self._read.get(candidate)
            read[candidate] = (
                known if known is not None and known[0] == changes else (changes, self._look_into(candidate))
            )
        self._read = read
        return [found for _, found in read.values()]

    def _look_into(self, candidate: Candidate) -> _Found:
        """A fault of ours must not hide the other models."""
        try:
            return _look_into(candidate)
        except Exception as error:
            logger.exception("%s cannot be described", candidate.path)
            return UnusableModel(
                candidate.model_id, candidate.path, f"it cannot be described: {error!r}", False
            )

    def _collisions(self, models: Mapping[str, ModelDescription]) -> dict[str, str]:
        found = {
            alias: of for alias, of in self._aliases.items() if alias in models and self._is_exact(alias)
        }
        for alias, model_id in found.items():
            self._warn_once(f"{alias!r} is refused: it is an alias of {model_id!r} and a model's id, too")
        return found

    def _warn_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            logger.warning("%s", message)


def _look_into(candidate: Candidate) -> _Found:
    model_id, path, is_downloading = candidate
    found: _Found = None
    if os.path.lexists(path / "config.json") or not os.path.lexists(path / "adapter_config.json"):
        found = describe(model_id, path)
    if found is None:
        found = read_adapter(model_id, path, is_downloading=is_downloading)
    if is_downloading and (found is None or isinstance(found, UnusableModel)):
        reason = "it is still being downloaded" + (f": {found.reason}" if found is not None else "")
        return UnusableModel(model_id, path, reason, is_incomplete=True)
    return found


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
