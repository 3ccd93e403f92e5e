"""The manager: wiring only. `python -m mlx_manager.main` serves it."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from mlx_manager import __version__
from mlx_manager.access import RULES
from mlx_manager.body_limit import BodyLimitMiddleware
from mlx_manager.config import manager_settings
from mlx_manager.core.access.authentication import AuthenticationMiddleware
from mlx_manager.core.access.guard import GuardMiddleware
from mlx_manager.core.access.mode import check_bind, is_open
from mlx_manager.core.errors import ApiError
from mlx_manager.core.home_use import HomeInUse
from mlx_manager.core.listening import own_url, tls_options
from mlx_manager.core.logs import configure_logging
from mlx_manager.core.metrics import AppMetrics, MetricsMiddleware, exposition
from mlx_manager.core.paths import ensure_home, home_dir
from mlx_manager.core.ports import listen
from mlx_manager.core.request_id import RequestIdMiddleware
from mlx_manager.core.root_path import RootPathMiddleware
from mlx_manager.core.running_program import MANAGER, announced
from mlx_manager.core.security.hashing import PasswordHashing
from mlx_manager.core.security.secret_key import SecretKeyError, encryption_key, system_keychain
from mlx_manager.core.security.setup_token import SetupToken
from mlx_manager.core.security.throttle import SignInThrottle
from mlx_manager.db.errors import DatabaseFault
from mlx_manager.db.opened import OpenDatabase
from mlx_manager.db.stored_settings import read_stored
from mlx_manager.dependencies import Accounts
from mlx_manager.faults import add_error_handlers, error_response
from mlx_manager.mlx_server.protocols.errors import render_error as render_server_error
from mlx_manager.openapi import Health, add_document, operation_id
from mlx_manager.rooms import EVENT_MODELS, ROUTERS, open_rooms
from mlx_manager.server.proxy import PROXIED, ServerProxy, is_proxied
from mlx_manager.web_ui.serving import add_web_ui

logger = logging.getLogger(__name__)

_MAX_BODY_BYTES = 2**20
_IMPORT_PATH = "/api/v1/chats/import"
_MAX_IMPORT_BYTES = 16 * 2**20
_ANSWERS_END_WITHIN_S = 3


_stored_faults: list[str] = []

if __name__ == "__main__":
    # Before the app below reads the settings.
    _stored_faults = manager_settings.take_stored(read_stored(manager_settings.env_prefix()))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Own the database, and the inference server's process, from start to end."""
    logger.info("MLX Manager starting...")
    app.state.metrics = AppMetrics("mlx_manager", __version__)
    app.state.stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        # Whoever is disabled here is out with the next request.
        opened = await OpenDatabase.open(max_age_s=0)
        stack.push_async_callback(opened.close)
        app.state.authenticator = opened.authenticator
        app.state.accounts = Accounts(
            database=opened.database,
            tokens=opened.tokens,
            hashing=PasswordHashing(),
            throttle=SignInThrottle(),
            setup_token=SetupToken(),
            mode=_mode,
        )
        await open_rooms(app, opened.database, stack)
        if not (await opened.credentials.state()).has_users:
            _show_setup(app.state.accounts.setup_token)
        logger.info("MLX Manager ready")
        yield
        logger.info("MLX Manager shutting down...")


# The interactive pages fetch their scripts from a foreign host; /openapi.json is the document.
app = FastAPI(
    title="MLX Manager",
    version=__version__,
    lifespan=lifespan,
    docs_url=None,
    redoc_url=None,
    generate_unique_id_function=operation_id,
)
for router in ROUTERS:
    app.include_router(router)
for prefix in PROXIED:
    app.router.routes.append(Route(f"{prefix}/{{path:path}}", ServerProxy(), include_in_schema=False))
add_web_ui(app)
add_document(app, manager_settings.root_path, models=EVENT_MODELS)
add_error_handlers(app)


def render_error(error: ApiError, scope: Scope) -> Response:
    """The error as the caller of this route expects it."""
    return render_server_error(error, scope) if is_proxied(scope["path"]) else error_response(error, scope)


def _body_limit(path: str) -> int | None:
    """What goes on to the server has the server's limit; a conversation may be long."""
    if is_proxied(path):
        return None
    return _MAX_IMPORT_BYTES if path == _IMPORT_PATH else _MAX_BODY_BYTES


app.add_middleware(BodyLimitMiddleware, limit_of=_body_limit)
app.add_middleware(
    AuthenticationMiddleware,
    settings=manager_settings,
    host=lambda: manager_settings.host,
    rules=RULES,
    authenticator=lambda state: state.authenticator,
    render_error=render_error,
)
app.add_middleware(GuardMiddleware, settings=manager_settings, render_error=render_error)
app.add_middleware(RequestIdMiddleware, render_error=render_error)
app.add_middleware(MetricsMiddleware)
app.add_middleware(RootPathMiddleware, root_path=manager_settings.root_path)


@app.get("/health", tags=["program"])
async def health() -> Health:
    """Whether the process is alive."""
    return Health(status="healthy", version=__version__)


@app.get("/metrics", response_class=Response, tags=["program"])
async def metrics(request: Request) -> Response:
    """What has happened and what is now, in Prometheus' text format or OpenMetrics."""
    return await exposition(app.state.metrics, request)


def _mode(has_users: bool) -> str:
    return "open" if is_open(manager_settings, manager_settings.host, has_users=has_users) else "closed"


def _show_setup(token: SetupToken) -> None:
    """Tell whoever started the program how its first administrator is made; in the terminal alone."""
    print(
        "There is no user yet. Make the first administrator on this machine, or from another one with\n"
        f"this one-time token: {token.reveal()}",
        file=sys.stderr,
        flush=True,
    )


async def _check_home() -> None:
    """End with a line, and not with a traceback, where the database or the key to its secrets is no good."""
    try:
        await (await OpenDatabase.open()).close()
        await asyncio.to_thread(encryption_key, home_dir(), system_keychain())
    except (DatabaseFault, HomeInUse, SecretKeyError) as fault:
        raise SystemExit(str(fault)) from None


class StoppingServer(uvicorn.Server):
    """On a signal lets go of those who listen to events, which would else hold it up."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take SIGTERM or Ctrl-C."""
        stopping: asyncio.Event | None = getattr(app.state, "stopping", None)
        if stopping is not None:
            stopping.set()
        # Not the base class's: that raises the signal again in the end, past what cleans up.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def main() -> None:
    """Serve the manager on the configured host and port until SIGTERM or Ctrl-C."""
    settings = manager_settings
    configure_logging(settings.log_level, file=home_dir() / "logs" / "manager.log")
    for warning in (*settings.unknown_variables(), *_stored_faults):
        logger.warning(warning)
    for fault in check_bind(settings, settings.host):
        raise SystemExit(fault)
    ensure_home()
    asyncio.run(_check_home())
    listener = listen(settings.host, settings.port, "MLX_MANAGER_PORT")
    url = own_url(settings, settings.host, listener.getsockname()[1])
    logger.info("MLX Manager listening on %s", url)
    config = uvicorn.Config(
        app,
        log_config=None,
        timeout_graceful_shutdown=_ANSWERS_END_WITHIN_S,
        server_header=False,
        proxy_headers=False,  # it would believe whoever connects from this machine; see GuardMiddleware
        **tls_options(settings),
    )
    with announced(MANAGER, url, __version__, settings.tls_certificate):
        StoppingServer(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
