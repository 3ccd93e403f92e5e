"""Every error of a route in the caller's envelope."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.errors import render_error

_ROUTING_CODES = {404: ErrorCode.ROUTE_NOT_FOUND, 405: ErrorCode.METHOD_NOT_ALLOWED}


def add_error_handlers(app: FastAPI) -> None:
    """Install the handlers; faults that none of them knows are answered by `RequestIdMiddleware`."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(ClientDisconnect, _disconnect)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return render_error(error, request.scope)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _ROUTING_CODES.get(error.status_code, ErrorCode.INVALID_REQUEST)
    refused = ApiError(code, f"{request.method} {request.url.path}: {error.detail}")
    response = render_error(refused, request.scope)
    response.headers.update(error.headers or {})
    return response


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fault = error.errors()[0]
    path = ".".join(str(part) for part in fault["loc"][1:])
    refused = ApiError(ErrorCode.INVALID_REQUEST, f"{path}: {fault['msg']}", param=path)
    return render_error(refused, request.scope)


async def _disconnect(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # the client left while it sent its body
