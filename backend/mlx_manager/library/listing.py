"""One model of the library with everything that is known of it, and which of them were asked for."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.library.disk_use import disk_bytes
from mlx_manager.library.installed import Installed, Shelf
from mlx_manager.library.last_used import by_id
from mlx_manager.library.live import Live, View, situation, users_of
from mlx_manager.library.machine import MachineMemory
from mlx_manager.library.memory_fit import MemoryFit, fit_of
from mlx_manager.library.obstacles import SharedFiles, downloading, obstacle
from mlx_manager.mlx_server.domain.models import Capability, UnusableModel

UNKNOWN: Final = "unknown"
INCOMPLETE: Final = "incomplete"
FAILED: Final = "failed"


class Order(StrEnum):
    """What a list is sorted by: names from A to Z, everything else from the most to the least."""

    NAME = "name"
    SIZE = "size"
    LAST_USED = "last_used"
    PARAMETERS = "parameters"
    CONTEXT_LENGTH = "context_length"


@dataclass(frozen=True, slots=True)
class Use:
    """The use that the memory fit is reckoned for."""

    context_tokens: int
    num_requests: int


@dataclass(frozen=True, slots=True)
class Wish:
    """Which models are asked for, and in which order.

    Attributes:
        search: a part of an id, a family or an alias; letters count alike, large or small.
    """

    search: str = ""
    family: str | None = None
    capability: Capability | None = None
    order: Order = Order.NAME


@dataclass(frozen=True, slots=True)
class LibraryModel:
    """An installed model.

    Attributes:
        live: what the server says of it, or None where it says nothing.
        status: what the server has for it; `unknown` where it does not run.
        fit: None where it cannot be used.
        size_bytes: what it takes on the disk.
        kept_by: why it cannot be deleted now, or None.
    """

    installed: Installed
    live: View | None
    status: str
    reason: str | None
    fit: MemoryFit | None
    size_bytes: int
    last_used_at: datetime | None
    kept_by: ApiError | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for all models of a list.

    Attributes:
        live: what the server says, or None where none answers.
        last_used: by the names that requests used.
        downloads: ids of the repositories that are being downloaded.
    """

    machine: MachineMemory
    live: Live | None
    last_used: Mapping[str, datetime]
    downloads: Collection[str]


def library_models(
    shelf: Shelf, around: Surroundings, use: Use, only: Iterable[Installed] | None = None
) -> list[LibraryModel]:
    """The shelf's models, the demo first, or some of them. Looks at files: call it off the event loop."""
    shared = SharedFiles(shelf.models.values())
    last_used = by_id(around.last_used, shelf.catalogue.id_of)
    models = shelf.models.values() if only is None else only
    return [_library_model(one, around, shared, use, last_used.get(one.model_id)) for one in models]


def wanted(models: Iterable[LibraryModel], wish: Wish) -> list[LibraryModel]:
    """Those of the wish, in its order."""
    found = [model for model in models if _matches(model.installed, wish)]
    found.sort(key=lambda model: model.installed.model_id.casefold())
    if (amount := _AMOUNTS.get(wish.order)) is not None:
        found.sort(key=amount, reverse=True)
    return found


def _library_model(
    one: Installed, around: Surroundings, shared: SharedFiles, use: Use, last_used: datetime | None
) -> LibraryModel:
    live = None if around.live is None else around.live.view(one.model_id)
    status, reason = _status(one, live)
    kept_by = obstacle(one.place) or shared.obstacle(one.place) or downloading(one.place, around.downloads)
    if kept_by is None and around.live is not None:
        # Also under another name, as with an adapter.
        users = users_of(around.live.models, one.place.repo or one.place.folder)
        kept_by = ApiError(ErrorCode.MODEL_IN_USE, situation(users[0])) if users else None
    return LibraryModel(
        installed=one,
        live=live,
        status=status,
        reason=reason,
        fit=_fit(one, live, around.machine, use),
        size_bytes=disk_bytes(one.place),
        last_used_at=last_used,
        kept_by=kept_by,
    )


def _status(one: Installed, live: View | None) -> tuple[str, str | None]:
    """By the server's word, and of what cannot be used by its files."""
    if isinstance(one.found, UnusableModel):
        return INCOMPLETE if one.found.is_incomplete else FAILED, one.found.reason
    return (UNKNOWN, None) if live is None else (str(live["status"]), live.get("reason"))


def _fit(one: Installed, live: View | None, machine: MachineMemory, use: Use) -> MemoryFit | None:
    model = one.description
    if model is None:
        return None
    said: Mapping[str, Any] = {} if live is None else live.get("bytes") or {}
    estimated, reserved = int(said.get("estimated") or 0), said.get("reserved") or {}
    # A server that has not met its device yet says no more than the files do.
    files = model.weight_bytes * (2 if machine.widens_half and model.has_half_weights else 1)
    is_told = estimated > files or (live is not None and live.get("runtime") is not None)
    return fit_of(
        model,
        context_tokens=use.context_tokens,
        num_requests=use.num_requests,
        machine=machine,
        measured_bytes=estimated if is_told else 0,
        reserved_bytes=int(reserved.get("total") or 0),
    )


def _matches(one: Installed, wish: Wish) -> bool:
    model = one.description
    family = "" if model is None else model.family
    if wish.family is not None and family != wish.family:
        return False
    if wish.capability is not None and (model is None or wish.capability not in model.capabilities):
        return False
    text = wish.search.casefold()
    return any(text in name.casefold() for name in (one.model_id, family, *one.aliases))


def _context_length(model: LibraryModel) -> float:
    description = model.installed.description
    return 0 if description is None else description.context_length or 0


def _num_parameters(model: LibraryModel) -> float:
    description = model.installed.description
    return 0 if description is None else description.num_parameters


_AMOUNTS: Final[Mapping[Order, Callable[[LibraryModel], float]]] = {
    Order.SIZE: lambda model: model.size_bytes,
    Order.LAST_USED: lambda model: model.last_used_at.timestamp() if model.last_used_at else 0.0,
    Order.PARAMETERS: _num_parameters,
    Order.CONTEXT_LENGTH: _context_length,
}
