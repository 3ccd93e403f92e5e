"""The library as the rest of the manager has it."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Final, Self

from sqlmodel import col, select

from mlx_manager.core.running_program import SERVER, RunningProgram, find_running
from mlx_manager.db.session import Database
from mlx_manager.db.tables import Download, DownloadStatus
from mlx_manager.library.changes import LibraryChanges
from mlx_manager.library.deletion import Deleted, Deletion, Revisions
from mlx_manager.library.device import KnownDevice
from mlx_manager.library.installed import Installed, InstalledModels, Shelf, hub_of
from mlx_manager.library.known_hashes import AskHub
from mlx_manager.library.last_used import LastUsed
from mlx_manager.library.listing import LibraryModel, Surroundings, Use, library_models
from mlx_manager.library.live import Live, LiveServer
from mlx_manager.library.machine import MachineMemory, machine_memory
from mlx_manager.library.removal import tidy
from mlx_manager.library.verification import Verification, Verifications
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.server.client import ServerClient

# What a download that is not over may still write.
_UNDER_WAY: Final = [
    DownloadStatus.QUEUED,
    DownloadStatus.RUNNING,
    DownloadStatus.PAUSED,
    DownloadStatus.WAITING,
]


class Library:
    """The installed models. An async context manager: entering it tidies up after deletions cut short.

    Args:
        server_settings: as they are now; it may change from call to call.
        server: the inference server, asked on the manager's own account.
        locate: where the server is, or None while none runs.
        ask_hub: what a model's files are at a commit, by the hub's word.

    Attributes:
        verifications: comparisons of files with the hub's metadata.
        changes: of what is installed, as far as this program makes them.
    """

    def __init__(
        self,
        server_settings: Callable[[], MLXServerSettings],
        database: Database,
        server: ServerClient,
        ask_hub: AskHub,
        *,
        locate: Callable[[], RunningProgram | None] = lambda: find_running(SERVER),
    ) -> None:
        self._server_settings = server_settings
        self._database = database
        self._live = LiveServer(server, locate)
        self._installed = InstalledModels()
        self._last_used = LastUsed(database)
        self._device = KnownDevice()
        self._tidying: asyncio.Task[None] | None = None
        self.changes = LibraryChanges()
        self.verifications = Verifications(ask_hub, self.changes.tell)
        self._deletion = Deletion(self.shelf, self._live, self._downloads, self.verifications.is_running)

    async def __aenter__(self) -> Self:
        settings = self._server_settings()
        folders = list(settings.model_dirs)
        self._tidying = asyncio.create_task(asyncio.to_thread(tidy, folders, hub_of(settings)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.verifications.close()
        await self._device.close()
        if self._tidying is not None:
            await self._tidying

    @property
    def usual(self) -> Use:
        """The use that the server's settings reserve memory for."""
        settings = self._server_settings()
        return Use(settings.kv_context_tokens, settings.kv_concurrency)

    async def shelf(self) -> Shelf:
        """What is installed now, by its files."""
        return await asyncio.to_thread(self._installed.read, self._server_settings())

    async def machine(self) -> MachineMemory:
        """What there is for models now; with `memory_fit` it tells whether one fits."""
        return await self._machine(await self._live.look())

    async def models(self, use: Use) -> tuple[list[LibraryModel], MachineMemory]:
        """Every model, and the machine that it was reckoned for."""
        shelf, live = await asyncio.gather(self.shelf(), self._live.look())
        return await self._models(shelf, live, use)

    async def model(self, model_id: str, use: Use) -> tuple[LibraryModel, MachineMemory]:
        """One of them. Raises ApiError where there is none of this id."""
        shelf, live = await asyncio.gather(self.shelf(), self._live.look())
        one = shelf.find(model_id)
        (model,), machine = await self._models(shelf, live, use, [one])
        return model, machine

    async def delete(self, model_id: str, *, unload: bool, which: Revisions) -> Deleted:
        """Delete one. Raises ApiError."""
        try:
            return await self._deletion.delete(model_id, unload=unload, which=which)
        finally:
            # What failed in the middle may have changed something, too.
            self.changes.tell(model_id)

    async def verify(self, model_id: str) -> Verification:
        """Begin to compare its files with what they should be. Raises ApiError."""
        return self.verifications.start((await self.shelf()).find(model_id))

    async def _models(
        self, shelf: Shelf, live: Live | None, use: Use, only: Iterable[Installed] | None = None
    ) -> tuple[list[LibraryModel], MachineMemory]:
        machine = await self._machine(live)
        around = Surroundings(machine, live, await self._last_used.read(), await self._downloads())
        return await asyncio.to_thread(library_models, shelf, around, use, only), machine

    async def _machine(self, live: Live | None) -> MachineMemory:
        memory = None if live is None else live.memory
        return machine_memory(self._server_settings(), await self._device.get(), memory)

    async def _downloads(self) -> Collection[str]:
        query = select(Download.repo_id).where(col(Download.status).in_(_UNDER_WAY))
        async with self._database.reading() as session:
            return frozenset((await session.exec(query)).all())
