"""Every room of the manager: its routes, and what its endpoints ask for."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from fastapi import FastAPI
from pydantic import BaseModel

from mlx_manager.about.endpoints import About
from mlx_manager.about.endpoints import router as about_router
from mlx_manager.about.examining import Examining
from mlx_manager.auth.endpoints import router as auth_router
from mlx_manager.chats.endpoints import router as chats_router
from mlx_manager.chats.event_schemas import DeletedEvent, PhaseEvent, PieceEvent
from mlx_manager.chats.writer import ChatWriter
from mlx_manager.config import manager_settings
from mlx_manager.core.paths import home_dir
from mlx_manager.core.running_program import SERVER, RunningProgram, find_running
from mlx_manager.db.session import Database
from mlx_manager.keys.endpoints import router as keys_router
from mlx_manager.keys.own_key import OwnKey
from mlx_manager.live.endpoints import router as live_router
from mlx_manager.live.schemas import LiveEvents
from mlx_manager.model_rooms import MODEL_ROUTERS, open_model_rooms
from mlx_manager.server.client import ServerClient
from mlx_manager.server.endpoints import router as server_router
from mlx_manager.server.schemas import LogEntry
from mlx_manager.server.server_events import ServerEvents
from mlx_manager.server.service import ServerService
from mlx_manager.server.supervisor import Supervisor
from mlx_manager.settings.endpoints import router as settings_router
from mlx_manager.settings.service import SettingsService
from mlx_manager.users.endpoints import router as users_router

ROUTERS: Final = (
    auth_router,
    users_router,
    keys_router,
    server_router,
    settings_router,
    *MODEL_ROUTERS,
    chats_router,
    live_router,
    about_router,
)
# What only events carry: the document's paths do not name it.
EVENT_MODELS: Final[tuple[type[BaseModel], ...]] = (
    LiveEvents,
    PieceEvent,
    PhaseEvent,
    DeletedEvent,
    LogEntry,
)


async def open_rooms(app: FastAPI, database: Database, stack: AsyncExitStack) -> None:
    """Make what the rooms' endpoints ask for, in `app.state`; the stack ends it."""
    state, settings = app.state, manager_settings
    supervisor = Supervisor(settings, home_dir() / "logs" / "server.out")

    def locate() -> RunningProgram | None:
        # It may have started since the supervisor looked, and read what is stored before it was changed.
        return supervisor.program or find_running(SERVER)

    own_key = await stack.enter_async_context(OwnKey(database))
    client = ServerClient(locate, own_key.text, supervisor.why_none)
    state.server_client = await stack.enter_async_context(client)
    service = state.server_service = ServerService(supervisor, client)
    state.about = About(service, await stack.enter_async_context(Examining()))
    stored = state.settings_service = SettingsService(database, settings, client)
    await stored.load()
    await open_model_rooms(
        state,
        stack,
        database=database,
        client=client,
        settings=settings,
        server_settings=lambda: stored.server,
    )
    await stack.enter_async_context(supervisor)
    # A server that outlived a manager that was killed may not have been told of the last change.
    telling = asyncio.create_task(stored.apply())
    stack.callback(telling.cancel)
    # What is being written is stored as it is before the server ends, and not as a failure of its.
    events = state.server_events = await stack.enter_async_context(ServerEvents(client))
    state.chat_writer = await stack.enter_async_context(ChatWriter(database, client, events))
