"""The manager's library, hub and downloads within this process, for commands while no manager runs.

The same routes answer, without a port: what a command does is what the manager would do.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from mlx_manager.api_client import answer_of
from mlx_manager.commands.quiet import be_quiet
from mlx_manager.config import ManagerSettings
from mlx_manager.core.home_use import HomeInUse
from mlx_manager.core.running_program import SERVER, find_running
from mlx_manager.core.security.principal import OWNER
from mlx_manager.core.security.secret_key import SecretKeyError
from mlx_manager.db.errors import DatabaseFault
from mlx_manager.db.opened import OpenDatabase
from mlx_manager.db.stored_settings import read_stored
from mlx_manager.faults import add_error_handlers
from mlx_manager.keys.own_key import OwnKey
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.model_rooms import MODEL_ROUTERS, open_model_rooms
from mlx_manager.server.client import ServerClient
from mlx_manager.terminal import fail


class OwnRooms:
    """Answers as the manager would. A context manager; leaving it ends what it has begun."""

    def __init__(self) -> None:
        self._exits = ExitStack()
        self._portal: BlockingPortal
        self._client: httpx.AsyncClient

    def __enter__(self) -> Self:
        be_quiet()
        with ExitStack() as exits:
            self._portal = exits.enter_context(start_blocking_portal())
            try:
                opened = self._portal.wrap_async_context_manager(_opened())
                self._client = exits.enter_context(opened)
            except (DatabaseFault, HomeInUse, SecretKeyError, OSError) as error:
                fail(str(error))
            except SQLAlchemyError as error:
                fail(f"the database failed: {getattr(error, 'orig', None) or type(error).__name__}")
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()

    def json(self, method: str, path: str, body: Any = None, *, timeout_s: float = 3600.0) -> Any:
        """The answer's JSON, or None where it is empty. Raises Refused."""
        response = self._portal.call(self._ask, method, path, body)
        return answer_of(response, "the library")

    async def _ask(self, method: str, path: str, body: Any) -> httpx.Response:
        return await self._client.request(method, f"http://library{path}", json=body, timeout=None)


class _AsOwner:
    """Lets whoever runs the command be the machine's owner: they can read and write its files anyway."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["principal"] = OWNER
        await self._app(scope, receive, send)


@asynccontextmanager
async def _opened() -> AsyncIterator[httpx.AsyncClient]:
    async with AsyncExitStack() as stack:
        opened = await OpenDatabase.open()
        stack.push_async_callback(opened.close)
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        await _open_rooms(app, opened, stack)
        for router in MODEL_ROUTERS:
            app.include_router(router)
        add_error_handlers(app)
        transport = httpx.ASGITransport(app=_AsOwner(app), raise_app_exceptions=False)
        yield await stack.enter_async_context(httpx.AsyncClient(transport=transport))


async def _open_rooms(app: FastAPI, opened: OpenDatabase, stack: AsyncExitStack) -> None:
    database = opened.database
    manager_settings, settings = ManagerSettings(), MLXServerSettings()
    for each in (manager_settings, settings):
        each.take_stored(read_stored(each.env_prefix()))
    own_key = await stack.enter_async_context(OwnKey(database))
    server = ServerClient(
        lambda: find_running(SERVER), own_key.text, lambda: "no inference server runs on this machine"
    )
    await stack.enter_async_context(server)
    await open_model_rooms(
        app.state,
        stack,
        database=database,
        client=server,
        settings=manager_settings,
        server_settings=lambda: settings,
    )
