"""Every response carries `x-request-id`, and no fault leaves a request without an answer."""

import logging
import re
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.ids import new_id
from mlx_manager.core.request_context import serving_request

logger = logging.getLogger(__name__)

_ACCEPTED = re.compile(r"[\x21-\x7e]{1,128}")


class RequestIdMiddleware:
    """Takes the client's request id or makes one, and answers for whatever was not caught further in.

    Args:
        render_error: an error in the dialect that this path speaks.
    """

    def __init__(self, app: ASGIApp, render_error: Callable[[ApiError, Scope], Response]) -> None:
        self._app = app
        self._render_error = render_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        offered = Headers(scope=scope).get("x-request-id", "")
        request_id = offered if _ACCEPTED.fullmatch(offered) else new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        with serving_request(request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                logger.exception("%s: unhandled fault at %s", request_id, scope["path"])
                if started:
                    raise  # the server cuts the connection, so the client sees that the answer is not whole
                error = ApiError(
                    ErrorCode.INTERNAL_ERROR, f"a fault of the server; its log names {request_id}"
                )
                await self._render_error(error, scope)(scope, receive, send_with_id)
