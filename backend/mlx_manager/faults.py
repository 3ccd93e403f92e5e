"""Every error of the manager's routes as `{"error": {"message", "type", "param", "code"}}`."""

import logging
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from mlx_manager.core.errors import ApiError, ErrorCode, error_type

logger = logging.getLogger(__name__)

_HTTP_CODES: Final = {
    400: ErrorCode.INVALID_JSON,
    404: ErrorCode.ROUTE_NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.BODY_TOO_LARGE,
}
_MAX_PARAM_CHARS: Final = 128


def add_error_handlers(app: FastAPI) -> None:
    """Install the handlers; faults that none of them knows are answered by `RequestIdMiddleware`."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(OperationalError, _database_error)
    app.add_exception_handler(InterfaceError, _database_error)
    app.add_exception_handler(ClientDisconnect, _disconnect)


def error_response(error: ApiError, _: Scope | None = None) -> Response:
    """The envelope with its status and headers."""
    status = error.code.status
    body = {
        "message": _as_text(error.message),
        "type": error_type(status),
        "param": None if error.param is None else _as_text(error.param),
        "code": error.code.value,
    }
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    return JSONResponse({"error": body}, status, headers)


def _as_text(text: str) -> str:
    """Half of a surrogate pair, as a caller may send it, is in no UTF-8."""
    return text.encode(errors="backslashreplace").decode()


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, ErrorCode.INVALID_REQUEST)
    response = error_response(ApiError(code, f"{request.method} {request.url.path}: {error.detail}"))
    response.headers.update(error.headers or {})
    return response


async def _validation_error(_: Request, error: Exception) -> Response:
    """The first fault. Never what was sent: it may be a password."""
    assert isinstance(error, RequestValidationError)
    fault: dict[str, Any] = error.errors()[0]
    place, *path = fault["loc"]
    if place == "path":
        return error_response(ApiError(ErrorCode.NOT_FOUND, "there is nothing with this id"))
    if fault["type"] == "json_invalid":
        return error_response(ApiError(ErrorCode.INVALID_JSON, "the body is not valid JSON"))
    if not path:
        return error_response(ApiError(ErrorCode.INVALID_JSON, "send a JSON object as application/json"))
    param = ".".join(str(part) for part in path)[:_MAX_PARAM_CHARS]
    reason = fault["msg"].removeprefix("Value error, ")
    return error_response(ApiError(ErrorCode.INVALID_REQUEST, f"{param}: {reason}", param=param))


async def _database_error(request: Request, error: Exception) -> Response:
    # Not its text: that holds the statement's values.
    logger.error("%s: the database failed: %s", request.url.path, type(error).__name__)
    return error_response(ApiError(ErrorCode.DATABASE_UNAVAILABLE, "the database cannot be reached now"))


async def _disconnect(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # the client left while it sent its body
