"""A server, and a manager beside it, of one home that wants a key from everybody; and a hub."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_stand_in.repositories import small_repository
from tests.hub_stand_in.serving import HubStandIn
from tests.live.accounts import make_user
from tests.live.manager import Manager
from tests.live.server import Server, wait_until

PASSWORD = "correct horse battery staple"
SMALL = "mlx-community/Qwen3-0.6B-4bit"
LARGE = "mlx-community/Qwen3-0.6B-8bit"


@pytest.fixture(scope="session")
def hub() -> Iterator[HubStandIn]:
    """A hub with some models, one of which comes slowly where a test wants it to."""
    repositories = [
        small_repository(SMALL, downloads=5000),
        small_repository(LARGE, bits=8, downloads=3000, num_bytes=4 * 2**20),
        small_repository("someone/Evil", tags=["mlx", "safetensors", "\x1b[31m4-bit"], downloads=1),
    ]
    with HubStandIn(repositories) as running:
        yield running


@pytest.fixture(scope="session")
def closed_server(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """A server that wants a credential from everybody."""
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)]), "MLX_SERVER_USE_HF_CACHE": "false"}
    with Server(tmp_path_factory.mktemp("commands"), env) as running:
        make_user(running.home, "ada", PASSWORD)
        wait_until(lambda: running.client.get("/v1/models").status_code == 401, "the server is closed")
        yield running


@pytest.fixture(scope="session")
def manager(
    tmp_path_factory: pytest.TempPathFactory, closed_server: Server, hub: HubStandIn
) -> Iterator[Manager]:
    """A manager that found that server running."""
    folder = tmp_path_factory.mktemp("manager")
    env = {
        "MLX_MANAGER_HUB_ENDPOINT": hub.url,
        "HF_HOME": str(folder / "hf"),
        "MLX_MANAGER_DISK_FLOOR_GB": "0",
    }
    with Manager(folder, closed_server.home, env) as running:
        yield running
