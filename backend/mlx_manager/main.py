"""The manager: so far it only says that it is alive. `python -m mlx_manager.main` serves it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from mlx_manager import __version__
from mlx_manager.config import manager_settings
from mlx_manager.core.logs import configure_logging
from mlx_manager.core.metrics import AppMetrics, MetricsMiddleware, exposition
from mlx_manager.core.paths import home_dir
from mlx_manager.core.ports import is_loopback, listen

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Say when the manager starts and stops; later rooms are wired here."""
    logger.info("MLX Manager starting...")
    app.state.metrics = AppMetrics("mlx_manager", __version__)
    yield
    logger.info("MLX Manager shutting down...")


# The interactive pages fetch their scripts from a foreign host; /openapi.json is the document.
app = FastAPI(title="MLX Manager", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
app.add_middleware(MetricsMiddleware)


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether the process is alive."""
    return {"status": "healthy", "version": __version__}


@app.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """What has happened and what is now, in Prometheus' text format or OpenMetrics."""
    return await exposition(app.state.metrics, request)


def main() -> None:
    """Serve the manager on the configured host and port until SIGTERM or Ctrl-C."""
    configure_logging(file=home_dir() / "logs" / "manager.log")
    for warning in manager_settings.unknown_variables():
        logger.warning(warning)
    if not is_loopback(manager_settings.host):
        raise SystemExit("MLX_MANAGER_HOST: without users and keys the manager listens on loopback only")
    listener = listen(manager_settings.host, manager_settings.port, "MLX_MANAGER_PORT")
    logger.info("MLX Manager listening on http://%s:%d", manager_settings.host, listener.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listener])


if __name__ == "__main__":
    main()
