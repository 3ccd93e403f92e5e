"""Refuses what no credential would make right, before anything else looks at a request.

- A `Host` that does not name this machine: a page whose DNS name was rebound to it.
- An `Origin` that is neither our own, nor a page on this machine, nor listed: a web site that uses its
  visitor's browser.

What comes through a proxy is never local, and what the proxy says of the caller is believed only where
the proxy is trusted.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mlx_manager.core.access.hosts import AllowedHosts
from mlx_manager.core.access.settings import AccessSettings
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.ports import is_loopback

_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}
_FORWARDING: Final = (b"forwarded", b"x-real-ip")
_FORWARDING_PREFIX: Final = b"x-forwarded-"
_CORS_MAX_AGE_S: Final = 600


class GuardMiddleware:
    """Checks `Host` and `Origin`, grants CORS to the listed origins, and notes whether the caller is local.

    Sets `request.state.is_local`: the connection comes from this machine and no proxy had a hand in it.
    """

    def __init__(
        self, app: ASGIApp, settings: AccessSettings, render_error: Callable[[ApiError, Scope], Response]
    ) -> None:
        self._render_error = render_error
        self._settings = settings
        self._inner = app
        self._make()

    def _make(self) -> None:
        """Anew whenever the settings have changed."""
        settings = self._settings
        self._made_of = _lists(settings)
        self._hosts = AllowedHosts(settings.allowed_hosts)
        self._origins = frozenset(settings.allowed_origins)
        self._app = self._inner
        if self._origins:
            self._app = CORSMiddleware(
                self._app,
                allow_origins=sorted(self._origins),
                allow_methods=["GET", "POST", "PATCH", "DELETE"],
                allow_headers=["*"],
                expose_headers=["x-request-id", "x-ignored-fields", "retry-after"],
                max_age=_CORS_MAX_AGE_S,
            )
        if settings.trusted_proxies:
            proxies = list(settings.trusted_proxies)
            self._app = ProxyHeadersMiddleware(self._app, trusted_hosts=proxies)  # type: ignore[arg-type, assignment]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if self._made_of != _lists(self._settings):
            self._make()
        if scope["type"] == "http":
            scope.setdefault("state", {})["is_local"] = _is_local(scope)
            if (error := self._refusal(scope)) is not None:
                await self._render_error(error, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> ApiError | None:
        headers = Headers(scope=scope)
        authority = headers.get("host", "")
        server = scope.get("server")
        if not self._hosts.allows(authority, None if server is None else server[0]):
            message = (
                "the Host header does not name this machine; use 127.0.0.1 or localhost, or list the name"
            )
            return ApiError(ErrorCode.HOST_NOT_ALLOWED, f"{message} in ALLOWED_HOSTS")
        origin = headers.get("origin")
        if origin is not None and origin.lower() in self._origins:
            return None
        is_cross_site = headers.get("sec-fetch-site") == "cross-site" and scope["method"] not in _SAFE_METHODS
        if is_cross_site or (origin is not None and not _is_own(origin, authority)):
            return ApiError(ErrorCode.ORIGIN_NOT_ALLOWED, "pages of other sites may not call this server")
        return None


def _lists(settings: AccessSettings) -> tuple[list[str], list[str], list[str]]:
    return settings.allowed_hosts, settings.allowed_origins, settings.trusted_proxies


def is_same_origin(origin: str, authority: str) -> bool:
    """Whether a page comes from the very host and port that it calls."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == authority.lower() != ""


def _is_own(origin: str, authority: str) -> bool:
    if is_same_origin(origin, authority):
        return True
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and is_loopback(parts.hostname or "")
    except ValueError:
        return False


def _is_local(scope: Scope) -> bool:
    client = scope.get("client")
    if client is None or not is_loopback(client[0]):
        return False
    return not any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIX) for name, _ in scope["headers"])
