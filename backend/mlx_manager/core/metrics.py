"""Prometheus metrics that both programs have: their HTTP requests, their process, what they are."""

import asyncio
import platform
import time
from collections.abc import Awaitable, Iterator, Sequence
from itertools import chain
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlx_manager.core.process_collector import ProcessCollector

SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0),
)
"""Bounds of durations: from what a cached prompt takes to what a long answer takes."""

# Labels must not take values that a caller invents.
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_OTHER: Final = "other"
_CLIENT_CLOSED_REQUEST: Final = 499


class AppMetrics:
    """One program's registry, with what every program has in it. Made once, in the lifespan.

    Args:
        program: what its own metrics' names begin with, such as `mlx_server`.

    Attributes:
        registry: what may be read in any thread.
        live: what else there is, read on the event loop, whose objects it comes from.
    """

    def __init__(self, program: str, version: str) -> None:
        self.registry = CollectorRegistry()
        self.live: list[Collector] = []
        self.registry.register(ProcessCollector())
        build = Info("mlx_build", "The program, its version and Python's.", registry=self.registry)
        build.info({"program": program, "version": version, "python": platform.python_version()})
        labels = ("method", "route", "status")
        self._requests = Counter(
            f"{program}_http_requests", "HTTP requests that were answered.", labels, registry=self.registry
        )
        self._durations = Histogram(
            f"{program}_http_request_duration_seconds",
            "From an HTTP request's head to the last byte of its answer; of a stream, its whole length.",
            labels,
            buckets=SECONDS,
            registry=self.registry,
        )

    def note_http(self, method: str, route: str, status: int, seconds: float) -> None:
        """An HTTP request is over.

        Args:
            route: the template of its path, never the path.
        """
        labels = (method if method in _METHODS else _OTHER, route, str(status))
        self._requests.labels(*labels).inc()
        self._durations.labels(*labels).observe(seconds)


class MetricsMiddleware:
    """Counts every HTTP request in `app.state.metrics`, which the lifespan sets. Goes outermost (ASGI)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        metrics = getattr(scope["app"].state, "metrics", None) if scope["type"] == "http" else None
        if not isinstance(metrics, AppMetrics):
            await self._app(scope, receive, send)
            return
        # Without an answer the client has left; with a fault before one, it is the server that ends it.
        status = _CLIENT_CLOSED_REQUEST
        is_answered = False

        def send_noting(message: Message) -> Awaitable[None]:  # no coroutine of its own for each token
            nonlocal status, is_answered
            if message["type"] == "http.response.start":
                status, is_answered = message["status"], True
            return send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, send_noting)
        except Exception:
            status = status if is_answered else 500
            raise
        finally:
            metrics.note_http(scope["method"], route_of(scope), status, time.perf_counter() - started)


def route_of(scope: Scope) -> str:
    """The template of the route that served a request, such as `/v1/models/{model_id:path}`.

    What no route of ours took, a mounted folder of files too, is `other`: the path is the caller's.
    """
    # With the prefix that its router was included with, where FastAPI keeps that apart.
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else _OTHER


class _Everything(Collector):
    """What a registry has and what has been read already, for an encoder."""

    def __init__(self, registry: CollectorRegistry, read: Sequence[Metric]) -> None:
        self._registry = registry
        self._read = read

    def collect(self) -> Iterator[Metric]:
        return chain(self._registry.collect(), self._read)


async def exposition(metrics: AppMetrics, request: Request) -> Response:
    """The metrics as they are now, in the format that the scraper prefers: Prometheus' or OpenMetrics."""
    encode, content_type = choose_encoder(Headers(scope=request.scope).get("accept", ""))
    read = [family for collector in metrics.live for family in collector.collect()]
    # Milliseconds, which no stream should wait for.
    body = await asyncio.to_thread(encode, _Everything(metrics.registry, read))
    return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})
