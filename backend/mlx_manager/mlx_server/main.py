"""The inference server: wiring only. `python -m mlx_manager.mlx_server.main` serves it."""

import asyncio
import logging
import posix
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from types import FrameType
from typing import Final

import logfire
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import State
from starlette.responses import JSONResponse, Response

from mlx_manager.core.access.authentication import AuthenticationMiddleware, Identifies
from mlx_manager.core.access.guard import GuardMiddleware
from mlx_manager.core.access.mode import check_bind
from mlx_manager.core.listening import own_url, tls_options
from mlx_manager.core.logs import configure_logging
from mlx_manager.core.metrics import MetricsMiddleware
from mlx_manager.core.openapi import Schema, add_document
from mlx_manager.core.paths import ensure_home, home_dir
from mlx_manager.core.ports import listen
from mlx_manager.core.process import keep_few_arenas, raise_descriptor_limit
from mlx_manager.core.request_id import RequestIdMiddleware
from mlx_manager.core.root_path import RootPathMiddleware
from mlx_manager.core.running_program import SERVER, announced, remove_running
from mlx_manager.core.tracing import make_query_remover, prepare
from mlx_manager.db.stored_settings import read_stored
from mlx_manager.mlx_server import __version__
from mlx_manager.mlx_server.access import RULES
from mlx_manager.mlx_server.admin.endpoints import router as admin_router
from mlx_manager.mlx_server.admin.live_settings import catch_up
from mlx_manager.mlx_server.admin.metrics_endpoint import router as metrics_router
from mlx_manager.mlx_server.admin.schemas import StateEvent, settings_change
from mlx_manager.mlx_server.config import mlx_server_settings
from mlx_manager.mlx_server.flags import apply_flags
from mlx_manager.mlx_server.protocols.dependencies import ServingDep
from mlx_manager.mlx_server.protocols.errors import render_error
from mlx_manager.mlx_server.protocols.faults import add_error_handlers
from mlx_manager.mlx_server.protocols.models import SCHEMAS as MODEL_SCHEMAS
from mlx_manager.mlx_server.protocols.routes import router
from mlx_manager.mlx_server.protocols.tokens.endpoint import router as tokens_router
from mlx_manager.mlx_server.serving import Serving
from mlx_manager.mlx_server.tracing import PlainSpanMiddleware, span_targets

logger = logging.getLogger(__name__)

# With the default grace of 4 s the process is gone within 5 s.
_EXIT_WITHIN_S = 0.8
# A step on a slow machine may take a second or two.
_ENGINE_ANSWERS_WITHIN_S = 10.0

_stored_faults: list[str] = []

if __name__ == "__main__":
    # Before the app below reads the settings: flags count before the environment, that before the database.
    apply_flags(mlx_server_settings, sys.argv[1:])
    _stored_faults = mlx_server_settings.take_stored(read_stored(mlx_server_settings.env_prefix()))


def _give_up(app: FastAPI, fault: str) -> None:
    """End the program, where there is one around the app."""
    server: DrainingServer | None = getattr(app.state, "server", None)
    if server is not None:
        server.fault = fault
        server.should_exit = True


def _accounts(state: State) -> Identifies:
    serving: Serving = state.serving
    return serving.accounts


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Own the pool from start to end."""
    logger.info("MLX Server starting...")
    async with Serving(mlx_server_settings, lambda fault: _give_up(app, fault)) as serving:
        app.state.serving = serving
        app.state.metrics = serving.metrics.app
        catching_up = asyncio.create_task(catch_up(serving))
        logger.info("MLX Server ready")
        yield
        catching_up.cancel()
        logger.info("MLX Server shutting down...")


app = FastAPI(
    title="MLX Inference Server",
    description="OpenAI-compatible inference server for MLX models",
    version=__version__,
    lifespan=lifespan,
    # The interactive pages fetch their scripts from a foreign host; /openapi.json is the document.
    docs_url=None,
    redoc_url=None,
    servers=[{"url": mlx_server_settings.root_path}] if mlx_server_settings.root_path else None,
)
app.include_router(router)
app.include_router(tokens_router)
app.include_router(admin_router)
app.include_router(metrics_router)
_SCHEMAS: Final[Mapping[str, Callable[[], Schema]]] = {
    "StateEvent": lambda: StateEvent,
    "SettingsChange": settings_change,
    **MODEL_SCHEMAS,
}
add_document(app, prefix="/admin", schemas=_SCHEMAS)
add_error_handlers(app)
app.add_middleware(
    AuthenticationMiddleware,
    settings=mlx_server_settings,
    host=lambda: mlx_server_settings.host,
    rules=RULES,
    authenticator=_accounts,
    render_error=render_error,
)
app.add_middleware(GuardMiddleware, settings=mlx_server_settings, render_error=render_error)
app.add_middleware(RequestIdMiddleware, render_error=render_error)
app.add_middleware(MetricsMiddleware)
app.add_middleware(RootPathMiddleware, root_path=mlx_server_settings.root_path)

if span_targets(mlx_server_settings):
    # Without a token nothing goes to Logfire; OTLP alone is what OTEL_EXPORTER_OTLP_ENDPOINT asks for.
    prepare()
    logfire.configure(
        token=mlx_server_settings.logfire_token,
        service_name="mlx-server",
        service_version=__version__,
        send_to_logfire="if-token-present",
        console=False,
        metrics=False,
        # What a caller puts into its `baggage` header is no business of ours, its trace context is.
        add_baggage_to_attributes=False,
        distributed_tracing=True,
        additional_span_processors=[make_query_remover()],
    )
    app.add_middleware(PlainSpanMiddleware)
    logfire.instrument_fastapi(app)


@app.head("/")
async def root() -> Response:
    """Some clients (Claude Code) look whether there is a server before they ask anything."""
    return Response()


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether the process is alive; it says so before a model is loaded."""
    return {"status": "healthy", "version": __version__}


@app.get("/ready")
async def ready(serving: ServingDep) -> JSONResponse:
    """Whether the preloaded models answer: 200, or 503 while it loads, has failed, or the server stops."""
    body = {
        "status": serving.status,
        "model": next(iter(serving.pool.resident_ids), None),
        "models": serving.pool.resident_ids,
        "running": serving.generator.num_running,
        "error": serving.preload_error,
    }
    return JSONResponse(body, 200 if serving.status == "ready" else 503)


@app.get("/health/engine")
async def engine_health(serving: ServingDep) -> JSONResponse:
    """Ask the resident models' engines for a sign of life and what they hold."""
    engines = [asdict(health) for health in await serving.pool.engine_health(_ENGINE_ANSWERS_WITHIN_S)]
    return JSONResponse({"engine": next(iter(engines), None), "engines": engines})


class DrainingServer(uvicorn.Server):
    """On the first signal drains while it still answers, so that `/ready` can say so; on the second goes."""

    _draining: asyncio.Task[None] | None = None
    fault: str | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take SIGTERM or Ctrl-C."""
        if self._draining is not None:
            self.should_exit = self.force_exit = True
            return
        logger.info("%s: taking no new work", signal.Signals(sig).name)
        self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        serving: Serving | None = getattr(app.state, "serving", None)
        if serving is not None:
            await serving.drain()
        remove_running(SERVER)
        # Every request has its end. Whatever still holds the process up, such as a client that does not
        # read or a half-done import in a thread, does not hold it long; the workers go with it.
        _exit_soon(0)
        if serving is not None:
            await serving.flush()
        self.should_exit = True


def _exit_soon(status: int) -> None:
    """Give what is left its time, such as spans that a collector is slow to take, and no more."""
    # Not os._exit, which logfire replaces by one that waits for collectors.
    last_call = threading.Timer(_EXIT_WITHIN_S, posix._exit, (status,))
    last_call.daemon = True
    last_call.start()


def main() -> None:
    """Serve on the configured host and port until SIGTERM or Ctrl-C."""
    settings = mlx_server_settings
    configure_logging(settings.log_level, file=home_dir() / "logs" / "server.log")
    for warning in (*settings.unknown_variables(), *_stored_faults):
        logger.warning(warning)
    for fault in check_bind(settings, settings.host):
        raise SystemExit(fault)
    ensure_home()
    raise_descriptor_limit()
    keep_few_arenas()
    listener = listen(settings.host, settings.port, "MLX_SERVER_PORT")
    url = own_url(settings, settings.host, listener.getsockname()[1])
    logger.info("MLX Server listening on %s", url)
    config = uvicorn.Config(
        app,
        log_config=None,
        timeout_graceful_shutdown=1,
        server_header=False,
        proxy_headers=False,  # it would believe whoever connects from this machine; see GuardMiddleware
        **tls_options(settings),
    )
    server = DrainingServer(config)
    app.state.server = server
    with announced(SERVER, url, __version__, settings.tls_certificate):
        server.run(sockets=[listener])
    _exit_soon(0 if server.fault is None else 1)
    if server.fault is not None:
        raise SystemExit(server.fault)


if __name__ == "__main__":
    main()
