"""The inference server through the manager's port: `/v1/*` and `/admin/*`, streamed both ways.

A page of the manager's, or a program that knows one port only, asks here as it would ask there. Who may is
checked by the manager first and by the server again, with the caller's own credential.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote, unquote

import httpx
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.errors import render_error
from mlx_manager.server.caller import headers_of
from mlx_manager.server.client import ServerClient

logger = logging.getLogger(__name__)

PROXIED: Final = ("/v1", "/admin")
# Of one connection alone (RFC 9110, 7.6.1).
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# The manager has judged these; to the server it is the manager that calls.
_JUDGED: Final = frozenset({"host", "origin", "referer", "cookie", "authorization", "x-api-key", "forwarded"})
# The manager has taken the caller's, or made one.
_TAKEN: Final = frozenset({"x-request-id"})
_JUDGED_PREFIXES: Final = ("x-forwarded-", "x-real-", "sec-fetch-")
# Written by the manager itself.
_OURS: Final = frozenset({"server", "date", "x-request-id"})


def is_proxied(path: str) -> bool:
    """Whether requests of this path go on to the server."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in PROXIED)


class ServerProxy:
    """An ASGI endpoint that passes a request on and its answer back, as they come.

    Who leaves before the answer has ended ends the request at the server, too.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        await _Exchange(Request(scope, receive), scope["app"].state.server_client, send).run()


class _Exchange:
    """One request and its answer."""

    def __init__(self, request: Request, client: ServerClient, send: Send) -> None:
        self._request = request
        self._client = client
        self._send = send
        self._has_begun = False
        # Whoever waits for the caller to leave must not take a part of the body.
        self._body_is_read = asyncio.Event()

    async def run(self) -> None:
        """Pass it on until it has ended or the caller has left."""
        passing = asyncio.create_task(self._pass())
        leaving = asyncio.create_task(self._left())
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done():
                await passing
        finally:
            passing.cancel()
            leaving.cancel()
            await asyncio.gather(passing, leaving, return_exceptions=True)

    async def _pass(self) -> None:
        try:
            await self._exchange()
        except ClientDisconnect:
            pass
        except ApiError as error:
            if not self._has_begun:
                response = render_error(error, self._request.scope)
                await response(self._request.scope, self._request.receive, self._send)
                return
            # An answer that has no end tells its reader so.
            logger.warning("%s: %s", self._request.url.path, error.message)

    async def _exchange(self) -> None:
        request = self._request
        async with self._client.stream(
            request.method,
            _path(request.scope),
            headers=[
                *_passed_on(request.headers),
                *headers_of(request).items(),
                # One id in both programs' logs, and in the caller's answer.
                ("x-request-id", request.state.request_id),
            ],
            content=self._content(),
            params=request.url.query,
        ) as response:
            self._has_begun = True
            await self._send(_start(response))
            async for part in response.aiter_raw():
                await self._send({"type": "http.response.body", "body": part, "more_body": True})
            await self._send({"type": "http.response.body", "body": b""})

    def _content(self) -> AsyncIterator[bytes] | bytes:
        headers = self._request.headers
        if "content-length" in headers or "transfer-encoding" in headers:
            return self._body()
        self._body_is_read.set()
        return b""

    async def _body(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._request.stream():
                yield part
        finally:
            self._body_is_read.set()

    async def _left(self) -> None:
        """Returns when the caller is gone."""
        await self._body_is_read.wait()
        while (await self._request.receive())["type"] != "http.disconnect":
            pass


def _path(scope: Scope) -> str:
    """The path as it was sent. Raises ApiError where a client would make another of it."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    path = raw.decode("latin-1").partition("?")[0]
    if any(part in (".", "..") for part in unquote(path).split("/")):
        raise ApiError(ErrorCode.ROUTE_NOT_FOUND, "there is nothing at this path")
    return path


def _passed_on(headers: Headers) -> list[tuple[str, str]]:
    """The caller's headers, but for those of the connection and those that the manager has judged."""
    return [
        (name, value)
        for name, value in headers.items()
        if name not in _HOP_BY_HOP | _JUDGED | _TAKEN and not name.startswith(_JUDGED_PREFIXES)
    ]


def _start(response: httpx.Response) -> Message:
    headers = [
        (name.lower(), value)
        for name, value in response.headers.raw
        if name.lower().decode("latin-1") not in _HOP_BY_HOP | _OURS
    ]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}
