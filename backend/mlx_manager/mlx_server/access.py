"""Who may call. Until keys exist: programs and pages on this machine, and nobody else."""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.ports import is_loopback

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_FORWARDING_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


class AccessMiddleware:
    """Refuses what did not come from this machine, before any route sees it.

    - A `Host` that is no loopback name: a page whose DNS name was rebound to 127.0.0.1.
    - An `Origin` that is no loopback page: a web site using its visitor's browser.
    - A forwarding header: the caller is behind a proxy, so its address says nothing.

    No CORS header is ever sent: a page of another origin cannot read an answer.
    """

    def __init__(self, app: ASGIApp, render_error: Callable[[ApiError], Response]) -> None:
        self._app = app
        self._render_error = render_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] == "http" and (error := refusal(scope["method"], Headers(scope=scope))) is not None:
            await self._render_error(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def refusal(method: str, headers: Headers) -> ApiError | None:
    """Why a request with these headers is refused, or None."""
    if not is_loopback(_host_name(headers.get("host", ""))):
        return ApiError(
            ErrorCode.HOST_NOT_ALLOWED, "the Host header names another machine; use 127.0.0.1 or localhost"
        )
    origin = headers.get("origin")
    if origin is not None and not _is_local_origin(origin):
        return ApiError(ErrorCode.ORIGIN_NOT_ALLOWED, "pages of other sites may not call this server")
    if method not in _SAFE_METHODS and headers.get("sec-fetch-site") == "cross-site":
        return ApiError(ErrorCode.ORIGIN_NOT_ALLOWED, "pages of other sites may not call this server")
    if any(name in headers for name in _FORWARDING_HEADERS):
        return ApiError(
            ErrorCode.FORWARDED_NOT_TRUSTED,
            "a forwarded request is not local, and only local ones are served",
        )
    return None


def _host_name(authority: str) -> str:
    """The name in `name:port` or `[address]:port`."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""


def _is_local_origin(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and is_loopback(parts.hostname or "")
    except ValueError:
        return False
