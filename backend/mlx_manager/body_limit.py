"""How large a request's body may be."""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimitMiddleware:
    """Stops reading a body at the limit, whatever its Content-Length says.

    FastAPI's own limit answers past the error handlers, in plain text.

    Args:
        limit_of: the limit of a path's bodies in bytes; None where it is another's to keep.
    """

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], int | None]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        limit_bytes = self._limit_of(scope["path"]) if scope["type"] == "http" else None
        if limit_bytes is None:
            await self._app(scope, receive, send)
            return
        num_read = 0

        async def limited() -> Message:
            nonlocal num_read
            message = await receive()
            num_read += len(message.get("body", b""))
            if num_read > limit_bytes:
                # Of all exceptions this one passes through what reads the body for an endpoint.
                raise HTTPException(413, f"the body is over the limit of {limit_bytes} bytes")
            return message

        await self._app(scope, limited, send)
