"""OpenAI's error envelope."""

import msgspec
from msgspec import Struct
from starlette.responses import Response

from mlx_manager.core.errors import ApiError, ErrorCode, error_type
from mlx_manager.mlx_server.limits import LimitReached
from mlx_manager.mlx_server.protocols.openai.rate_limits import limit_headers


class ErrorBody(Struct, frozen=True):
    """The object under `error`."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorEnvelope(Struct, frozen=True):
    """The whole body."""

    error: ErrorBody


def encode_error(code: ErrorCode, message: str, param: str | None = None) -> bytes:
    """The envelope as JSON, for a body or for an event of a stream."""
    return msgspec.json.encode(ErrorEnvelope(ErrorBody(message, error_type(code.status), param, code.value)))


def error_response(error: ApiError) -> Response:
    """The envelope with its status and headers."""
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, LimitReached):
        headers |= limit_headers(error.state)
    body = encode_error(error.code, error.message, error.param)
    return Response(body, error.code.status, headers, "application/json")
