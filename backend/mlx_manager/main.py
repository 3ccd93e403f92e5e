"""The manager: users, sessions and keys, so far. `python -m mlx_manager.main` serves it."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager import __version__
from mlx_manager.access import RULES
from mlx_manager.auth.endpoints import router as auth_router
from mlx_manager.body_limit import BodyLimitMiddleware
from mlx_manager.config import manager_settings
from mlx_manager.core.access.authentication import AuthenticationMiddleware
from mlx_manager.core.access.guard import GuardMiddleware
from mlx_manager.core.access.mode import check_bind, is_open
from mlx_manager.core.home_use import HomeInUse
from mlx_manager.core.logs import configure_logging
from mlx_manager.core.metrics import AppMetrics, MetricsMiddleware, exposition
from mlx_manager.core.paths import ensure_home, home_dir
from mlx_manager.core.ports import listen
from mlx_manager.core.request_id import RequestIdMiddleware
from mlx_manager.core.security.hashing import PasswordHashing
from mlx_manager.core.security.setup_token import SetupToken
from mlx_manager.core.security.throttle import SignInThrottle
from mlx_manager.db.errors import DatabaseFault
from mlx_manager.db.opened import OpenDatabase
from mlx_manager.dependencies import Accounts
from mlx_manager.faults import add_error_handlers, error_response
from mlx_manager.keys.endpoints import router as keys_router
from mlx_manager.users.endpoints import router as users_router

logger = logging.getLogger(__name__)

_MAX_BODY_BYTES = 2**20


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Own the database from start to end."""
    logger.info("MLX Manager starting...")
    app.state.metrics = AppMetrics("mlx_manager", __version__)
    # Whoever is disabled here is out with the next request.
    opened = await OpenDatabase.open(max_age_s=0)
    try:
        app.state.authenticator = opened.authenticator
        app.state.accounts = Accounts(
            database=opened.database,
            tokens=opened.tokens,
            hashing=PasswordHashing(),
            throttle=SignInThrottle(),
            setup_token=SetupToken(),
            mode=_mode,
        )
        if not (await opened.credentials.state()).has_users:
            _show_setup(app.state.accounts.setup_token)
        logger.info("MLX Manager ready")
        yield
        logger.info("MLX Manager shutting down...")
    finally:
        await opened.close()


# The interactive pages fetch their scripts from a foreign host; /openapi.json is the document.
app = FastAPI(title="MLX Manager", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
app.include_router(auth_router)
app.include_router(users_router)
app.include_router(keys_router)
add_error_handlers(app)
app.add_middleware(BodyLimitMiddleware, limit_bytes=_MAX_BODY_BYTES)
app.add_middleware(
    AuthenticationMiddleware,
    settings=manager_settings,
    host=lambda: manager_settings.host,
    rules=RULES,
    authenticator=lambda state: state.authenticator,
    render_error=error_response,
)
app.add_middleware(GuardMiddleware, settings=manager_settings, render_error=error_response)
app.add_middleware(RequestIdMiddleware, render_error=error_response)
app.add_middleware(MetricsMiddleware)


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether the process is alive."""
    return {"status": "healthy", "version": __version__}


@app.get("/metrics", response_class=Response)
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


async def _check_database() -> None:
    """End with a line, and not with a traceback, where the database cannot be used."""
    try:
        await (await OpenDatabase.open()).close()
    except (DatabaseFault, HomeInUse) as fault:
        raise SystemExit(str(fault)) from None


def main() -> None:
    """Serve the manager on the configured host and port until SIGTERM or Ctrl-C."""
    configure_logging(file=home_dir() / "logs" / "manager.log")
    for warning in manager_settings.unknown_variables():
        logger.warning(warning)
    for fault in check_bind(manager_settings, manager_settings.host):
        raise SystemExit(fault)
    ensure_home()
    asyncio.run(_check_database())
    listener = listen(manager_settings.host, manager_settings.port, "MLX_MANAGER_PORT")
    logger.info("MLX Manager listening on http://%s:%d", manager_settings.host, listener.getsockname()[1])
    # Without proxy_headers=False it would believe whoever connects from this machine; see GuardMiddleware.
    config = uvicorn.Config(app, log_config=None, server_header=False, proxy_headers=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
