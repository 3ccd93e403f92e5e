"""The queue with everything that it stands on: a database, a hub, a cache, and an administrator who asks."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from huggingface_hub import snapshot_download

from mlx_manager.config import ManagerSettings
from mlx_manager.core.security.principal import Role
from mlx_manager.core.security.sealing import SealingKey
from mlx_manager.db.secrets import SecretVault
from mlx_manager.db.tables import Download, DownloadStatus
from mlx_manager.downloads.backoff import Backoff
from mlx_manager.downloads.downloads import Downloads
from mlx_manager.downloads.endpoints import router
from mlx_manager.hub.service import Hub
from tests.accounts import Client, House
from tests.hub_stand_in import HubStandIn, Repository

DEADLINE_S = 60.0


@dataclass
class Desk:
    """What a test of the queue needs."""

    house: House
    hub: HubStandIn
    cache: Path
    client: Client
    settings: ManagerSettings
    environ: dict[str, str]
    backoff: Backoff
    downloads: Downloads = field(init=False)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Downloads]:
        """Let the queue run, from a start of the program to its end."""
        self.house.app.state.downloads = self.downloads = self.make()
        async with self.downloads:
            yield self.downloads

    def make(self) -> Downloads:
        """A queue that does not run yet."""
        database = self.house.accounts.database
        hub = Hub(self.settings, SecretVault(database, SealingKey.new()), self.environ)
        return Downloads(database, hub, self.settings, self.cache, backoff=self.backoff)

    async def ask(self, repo_id: str, **more: Any) -> httpx.Response:
        """Ask for a model."""
        return await self.client.post("/downloads", {"repo_id": repo_id, **more})

    async def start(self, repository: Repository, **more: Any) -> str:
        """Ask for a model that is not refused; returns the download's id."""
        response = await self.ask(repository.repo_id, **more)
        assert response.status_code == 201, response.text
        download_id: str = response.json()["id"]
        return download_id

    async def view(self, download_id: str) -> dict[str, Any]:
        """A download with its files."""
        response = await self.client.get(f"/downloads/{download_id}")
        assert response.status_code == 200
        body: dict[str, Any] = response.json()
        return body

    async def act(self, download_id: str, action: str) -> dict[str, Any]:
        """Pause it, and so on."""
        response = await self.client.post(f"/downloads/{download_id}/{action}")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def until(
        self, download_id: str, what: DownloadStatus | Callable[[dict[str, Any]], Any]
    ) -> dict[str, Any]:
        """The view once it is so. Raises AssertionError where that takes too long."""
        body: dict[str, Any] = {}
        try:
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    body = await self.view(download_id)
                    if body["status"] == what if isinstance(what, str) else what(body):
                        return body
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{what}: not within {DEADLINE_S} s, but {body}") from None

    async def row(self, download_id: str) -> Download:
        """As the database has it."""
        async with self.house.accounts.database.reading() as session:
            row = await session.get(Download, download_id)
        assert row is not None
        return row

    def staging(self, download_id: str) -> Path:
        """Where its files come."""
        return self.cache / ".mlx-manager" / download_id

    def check_published(self, repository: Repository) -> None:
        """huggingface_hub finds it without asking anybody, byte for byte."""
        folder = snapshot_download(repository.repo_id, cache_dir=self.cache, local_files_only=True)
        for name in os.listdir(folder):
            assert (Path(folder) / name).read_bytes() == repository.contents[name]
        assert "model.safetensors" in os.listdir(folder)

    def check_not_offered(self, repository: Repository) -> None:
        """Nobody could take what is there for the model."""
        folder = self.cache / f"models--{repository.repo_id.replace('/', '--')}"
        assert not (folder / "snapshots").exists()
        assert not (folder / "refs").exists()


async def make_desk(house: House, hub: HubStandIn, cache: Path) -> Desk:
    """All of it; the queue does not run yet."""
    settings = ManagerSettings(hub_endpoint=hub.url, disk_floor_gb=0)
    house.app.include_router(router)
    client = await house.signed_in("ada", Role.ADMIN)
    desk = Desk(house, hub, cache, client, settings, {}, Backoff(first_s=0.05, most_s=0.2))
    house.app.state.downloads = desk.downloads = desk.make()
    return desk
