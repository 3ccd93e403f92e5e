"""The manager's account routes with its settings, on a database of their own and without a server."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from mlx_manager.config import ManagerSettings
from mlx_manager.core.security.principal import Role
from mlx_manager.db.stored_settings import of_prefix
from mlx_manager.db.tables import StoredSetting
from mlx_manager.server.client import ServerClient
from mlx_manager.settings.endpoints import router
from mlx_manager.settings.service import SettingsService
from tests.accounts import Client, House, house
from tests.databases import (
    database,
    database_url,
    new_url,
    postgres,
    postgres_template,
    sqlite_template,
)

__all__ = ["database", "database_url", "house", "new_url", "postgres", "postgres_template", "sqlite_template"]


@dataclass
class Room:
    """An administrator before the settings.

    Attributes:
        manager: the settings of the program that runs.
    """

    house: House
    admin: Client
    manager: ManagerSettings = field(default_factory=ManagerSettings)

    async def all(self) -> dict[str, dict[str, Any]]:
        """Every view by its name."""
        response = await self.admin.get("/settings")
        assert response.status_code == 200, response.text
        return {view["name"]: view for view in response.json()["data"]}

    async def patch(self, set: Any = None, reset: Any = None) -> httpx.Response:
        body = {name: value for name, value in (("set", set), ("reset", reset)) if value is not None}
        return await self.admin.call("PATCH", "/settings", body)

    async def change(self, set: Any = None, reset: Any = None) -> dict[str, dict[str, Any]]:
        """The same, where it must succeed; every view by its name."""
        response = await self.patch(set, reset)
        assert response.status_code == 200, response.text
        return {view["name"]: view for view in response.json()["data"]}

    async def stored(self) -> dict[str, Any]:
        return {row.name: row.value for row in await self.house.rows(StoredSetting)}

    async def restart(self) -> None:
        """As the manager begins again: it reads what is stored, then its service does."""
        self.manager = ManagerSettings()
        self.manager.take_stored(of_prefix(await self.stored(), self.manager.env_prefix()))
        service = SettingsService(self.house.accounts.database, self.manager, without_server())
        await service.load()
        self.house.app.state.settings_service = service


def without_server() -> ServerClient:
    """A client of a server that does not run."""

    async def no_key() -> str:
        raise AssertionError("there is no server to show a key to")

    return ServerClient(lambda: None, no_key, lambda: "there is no server")


@pytest.fixture
async def room(house: House) -> Room:
    """With nothing stored."""
    house.app.include_router(router)
    made = Room(house, await house.signed_in("ada", Role.ADMIN))
    await made.restart()
    return made
