"""The rooms that models come and go by, which the manager and a command without one open alike."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from starlette.datastructures import State

from mlx_manager.config import ManagerSettings
from mlx_manager.core.paths import home_dir
from mlx_manager.core.security.secret_key import encryption_key, system_keychain
from mlx_manager.db.secrets import SecretVault
from mlx_manager.db.session import Database
from mlx_manager.downloads.downloads import Downloads
from mlx_manager.downloads.endpoints import router as downloads_router
from mlx_manager.hub.endpoints import router as hub_router
from mlx_manager.hub.files import HubFile
from mlx_manager.hub.service import Hub
from mlx_manager.hub.this_machine import ThisMachine
from mlx_manager.library.endpoints import router as library_router
from mlx_manager.library.service import Library
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.pool.sources import hugging_face_cache
from mlx_manager.server.client import ServerClient

MODEL_ROUTERS: Final = (library_router, hub_router, downloads_router)


async def open_model_rooms(
    state: State,
    stack: AsyncExitStack,
    *,
    database: Database,
    client: ServerClient,
    settings: ManagerSettings,
    server_settings: Callable[[], MLXServerSettings],
) -> None:
    """Make what the endpoints of library, hub and downloads ask for; the stack ends it.

    Raises:
        SecretKeyError: the key to the stored secrets is no good.
    """
    sealing_key = await asyncio.to_thread(encryption_key, home_dir(), system_keychain())
    hub = state.hub = Hub(settings, SecretVault(database, sealing_key))

    async def ask_hub(repo_id: str, commit: str) -> Sequence[HubFile]:
        return (await hub.details(repo_id, commit, with_card=False)).model.files

    library = Library(server_settings, database, client, ask_hub)
    state.library = await stack.enter_async_context(library)
    hub.this_machine = ThisMachine(library)
    downloads = Downloads(database, hub, settings, hugging_face_cache(), published=library.changes.tell)
    state.downloads = await stack.enter_async_context(downloads)
