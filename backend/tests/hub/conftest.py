"""A hub, and the manager's routes to it."""

from collections.abc import Iterator

import pytest

from mlx_manager.config import ManagerSettings
from mlx_manager.core.security.principal import Role
from mlx_manager.core.security.sealing import SealingKey
from mlx_manager.db.secrets import SecretVault
from mlx_manager.hub.endpoints import router
from mlx_manager.hub.service import Hub
from tests.accounts import Client, House, house
from tests.databases import postgres, postgres_template, sqlite_template
from tests.hub_stand_in import HubStandIn
from tests.hub_stand_in.__main__ import shown_repositories

__all__ = ["house", "postgres", "postgres_template", "sqlite_template"]


@pytest.fixture
def stand_in() -> Iterator[HubStandIn]:
    """A hub with one model of each kind."""
    with HubStandIn(shown_repositories(4096)) as running:
        yield running


@pytest.fixture
def environ() -> dict[str, str]:
    """The manager's environment, as far as the hub's token is concerned."""
    return {}


@pytest.fixture
async def admin(house: House, stand_in: HubStandIn, environ: dict[str, str]) -> Client:
    """An administrator, who may ask that hub through the manager."""
    settings = ManagerSettings(hub_endpoint=stand_in.url)
    vault = SecretVault(house.accounts.database, SealingKey.new())
    house.app.state.vault = vault
    house.app.state.hub = Hub(settings, vault, environ)
    house.app.include_router(router)
    return await house.signed_in("ada", Role.ADMIN)
