"""A library on folders of its own, behind the manager's routes. No server runs."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Role
from mlx_manager.library.device import KnownDevice
from mlx_manager.library.endpoints import router
from mlx_manager.library.known_hashes import AskHub, HubFile
from mlx_manager.library.machine import Device
from mlx_manager.library.service import Library
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.server.client import ServerClient
from tests.accounts import Client, House, house
from tests.databases import database, database_url, new_url, postgres, postgres_template, sqlite_template
from tests.pool.model_folders import CONFIG, write_listed

__all__ = ["database", "database_url", "house", "new_url", "postgres", "postgres_template", "sqlite_template"]


@dataclass
class Shelves:
    """A library, its folders, and who asks it.

    Attributes:
        models: a folder of `MLX_SERVER_MODEL_DIRS`.
        hub: the Hugging Face cache.
        admin: a browser of an administrator's.
        user: one of somebody else's.
        ask_hub: what the hub says; at first it cannot be reached.
    """

    models: Path
    hub: Path
    settings: MLXServerSettings
    library: Library
    house: House
    admin: Client
    user: Client
    ask_hub: AskHub

    async def raw(self, method: str, path: str) -> tuple[int, str | None]:
        """An administrator's request with exactly this path; the status and the code of the answer."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.admin.http.cookies.items())
        target, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(target),
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"manager.test"), (b"cookie", cookies.encode())],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "http_version": "1.1",
            "root_path": "",
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.house.app(scope, receive, send)
        body = json.loads(b"".join(message.get("body", b"") for message in sent))
        return sent[0]["status"], body.get("error", {}).get("code")

    def add(self, name: str, **config: object) -> Path:
        """A model of the folder."""
        return write_listed(self.models / name, CONFIG | config)

    def add_to_hub(self, repo_id: str, sha: str = "a" * 40) -> Path:
        """A repository of the cache with one revision; returns that."""
        return add_revision(self.hub, repo_id, sha)


def add_revision(hub: Path, repo_id: str, sha: str, more: str = "", config: object = None) -> Path:
    """A revision in a cache: links to blobs. All revisions share those that are alike."""
    repo = hub / f"models--{repo_id.replace('/', '--')}"
    plain = write_listed(repo / ".plain", config)
    if more:
        (plain / "more.txt").write_text(more)
    snapshot = repo / "snapshots" / sha
    for folder in (repo / "blobs", repo / "refs", snapshot):
        folder.mkdir(parents=True, exist_ok=True)
    for file in plain.iterdir():
        blob = repo / "blobs" / f"{file.name}-{len(file.read_bytes())}"
        file.rename(blob)
        (snapshot / file.name).symlink_to(Path("..", "..", "blobs", blob.name))
    plain.rmdir()
    (repo / "refs" / "main").write_text(sha)
    return snapshot


async def _no_server_key() -> str:
    return "none"


async def _unreachable(repo_id: str, commit: str) -> Sequence[HubFile]:
    raise ApiError(ErrorCode.HUB_UNAVAILABLE, "the hub cannot be reached")


@pytest.fixture
async def shelves(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shelves]:
    """An empty library."""
    models, hub = tmp_path / "models", tmp_path / "hub"
    for folder in (models, hub):
        folder.mkdir()
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("MLX_MANAGER_HOME", str(tmp_path / "home"))

    async def device(_: KnownDevice) -> Device:
        return Device(limit_bytes=2**40, widens_half=False)

    # The live tests ask MLX; it takes a second.
    monkeypatch.setattr(KnownDevice, "get", device)

    async def ask(repo_id: str, commit: str) -> Sequence[HubFile]:
        return await made.ask_hub(repo_id, commit)

    settings = MLXServerSettings(model_dirs=[models], aliases={"gpt-4o": "small", "claude-*": "small"})
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            ServerClient(lambda: None, _no_server_key, lambda: "it is stopped")
        )
        library = Library(lambda: settings, house.accounts.database, client, ask)
        await stack.enter_async_context(library)
        house.app.state.library = library
        house.app.include_router(router)
        admin = await house.signed_in("admin", Role.ADMIN)
        user = await house.signed_in("user")
        made = Shelves(models, hub, settings, library, house, admin, user, _unreachable)
        yield made


def write_json(file: Path, content: object) -> None:
    """A file of JSON."""
    file.write_text(json.dumps(content))
