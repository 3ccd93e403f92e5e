"""A queue of downloads, the manager's routes to it, and a hub."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.accounts import House, house
from tests.databases import postgres, postgres_template, sqlite_template
from tests.downloads.desk import Desk, make_desk
from tests.hub_stand_in import HubStandIn, Repository, small_repository

__all__ = ["house", "postgres", "postgres_template", "sqlite_template"]

SIZE = 400_000


@pytest.fixture
def model() -> Repository:
    """The model that tests download."""
    return small_repository("mlx-community/Small-4bit", num_bytes=SIZE)


@pytest.fixture
def hub(model: Repository) -> Iterator[HubStandIn]:
    """A hub that has it."""
    with HubStandIn([model]) as running:
        yield running


@pytest.fixture
async def desk(house: House, hub: HubStandIn, tmp_path: Path) -> Desk:
    """A queue that does not run yet."""
    return await make_desk(house, hub, tmp_path / "cache")


@pytest.fixture
async def running(desk: Desk) -> AsyncIterator[Desk]:
    """A queue that runs."""
    async with desk.opened():
        yield desk
