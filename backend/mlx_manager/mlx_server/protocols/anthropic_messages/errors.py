"""Anthropic's error envelope."""

from typing import Final

import msgspec
from msgspec import Struct
from starlette.responses import Response

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.limits import LimitReached
from mlx_manager.mlx_server.protocols.anthropic_messages.rate_limits import limit_headers

_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


class ErrorBody(Struct, frozen=True):
    """The object under `error`. Ours are `code` and `param`; see docs/errors.md."""

    type: str
    message: str
    code: str
    param: str | None


class ErrorEnvelope(Struct, frozen=True):
    """The whole body, or the data of a stream's `error` event."""

    error: ErrorBody
    request_id: str | None
    type: str = "error"


def error_type(status: int) -> str:
    """Anthropic's `type` for an HTTP status."""
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


def encode_error(code: ErrorCode, message: str, request_id: str | None, param: str | None = None) -> bytes:
    """The envelope as JSON."""
    body = ErrorBody(error_type(code.status), message, code.value, param)
    return msgspec.json.encode(ErrorEnvelope(body, request_id))


def error_response(error: ApiError, request_id: str | None) -> Response:
    """The envelope with its status and headers."""
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    if request_id is not None:
        headers["request-id"] = request_id
    if isinstance(error, LimitReached):
        headers |= limit_headers(error.state)
    body = encode_error(error.code, error.message, request_id, error.param)
    return Response(body, error.code.status, headers, "application/json")
