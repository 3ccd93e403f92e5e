"""How large a request's body may be."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimitMiddleware:
    """Stops reading a body at the limit, whatever its Content-Length says.

    FastAPI's own limit answers past the error handlers, in plain text.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        num_read = 0

        async def limited() -> Message:
            nonlocal num_read
            message = await receive()
            num_read += len(message.get("body", b""))
            if num_read > self._limit_bytes:
                # Of all exceptions this one passes through what reads the body for an endpoint.
                raise HTTPException(413, f"the body is over the limit of {self._limit_bytes} bytes")
            return message

        await self._app(scope, limited if scope["type"] == "http" else receive, send)
