"""One model as the pool sees it: its state, who uses it, what it has cost."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from mlx_manager.mlx_server.backends.local import LocalWorker
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.pool.deaths import DeathRecord
from mlx_manager.mlx_server.text.tokenizer import Tokenizer


class ModelState(StrEnum):
    """What a model is doing."""

    UNLOADED = "unloaded"
    LOADING = "loading"
    LOADED = "loaded"
    DRAINING = "draining"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Resident:
    """A model in memory.

    Attributes:
        leases: requests that use it now; while there are any it stays.
        loaded_at: in seconds of the event loop's clock, as all times here.
        last_used: when its last lease ended.
        free_to_go: set when nobody uses it any more, or when that no longer counts.
    """

    description: ModelDescription
    tokenizer: Tokenizer
    worker: LocalWorker
    loaded_at: float
    last_used: float
    leases: int = 0
    free_to_go: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Tally:
    """How often something has happened to a model since the server started.

    Attributes:
        failed_loads: loads that ended without the model in memory.
        evictions: those of `unloads` that made room for others.
        deaths: ends of its worker that nobody asked for.
        restarts: loads that followed a death.
        has_died: whether the next load is one of them.
    """

    loads: int = 0
    failed_loads: int = 0
    unloads: int = 0
    evictions: int = 0
    deaths: int = 0
    restarts: int = 0
    has_died: bool = False


@dataclass(slots=True, eq=False)
class ModelEntry:
    """A model that somebody has asked for.

    Attributes:
        reason: why it has failed.
        progress: of its load, from 0 to 1.
        task: its load or unload, while that runs.
        load_s: what its last load took.
        measured_bytes: what its weights and its process took when it was last loaded; 0 before that.
        keep_alive_s: how long it stays unused where a request said so; None for the setting's time.
        tokenizer: of a model whose worker has died, for the next load.
        is_pinned: whether it stays, whoever needs its room.
        expiry: ends it when it has been unused for long enough.
        expires_at: when that will be.
    """

    description: ModelDescription
    state: ModelState = ModelState.UNLOADED
    resident: Resident | None = None
    task: "asyncio.Task[None] | None" = None
    reason: str = ""
    progress: float = 0.0
    load_s: float = 0.0
    measured_bytes: int = 0
    keep_alive_s: float | None = None
    tokenizer: Tokenizer | None = None
    is_pinned: bool = False
    deaths: DeathRecord = field(default_factory=DeathRecord)
    tally: Tally = field(default_factory=Tally)
    expiry: asyncio.Handle | None = None
    expires_at: float = 0.0

    @property
    def key(self) -> str:
        """What tells it from every other model."""
        return self.description.key

    @property
    def leases(self) -> int:
        """Requests that use it now."""
        return 0 if self.resident is None else self.resident.leases

    def stop_expiry(self) -> None:
        """It is in use again, or gone."""
        if self.expiry is not None:
            self.expiry.cancel()
            self.expiry = None
