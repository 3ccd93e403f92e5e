"""A request's body: bounded, JSON, an object."""

from typing import Any

import msgspec
from starlette.requests import Request

from mlx_manager.core.errors import ApiError, ErrorCode

_decoder = msgspec.json.Decoder()


async def read_object(request: Request, limit_bytes: int) -> dict[str, Any]:
    """Read and decode the body.

    Raises:
        ApiError: it is too large, of another type than JSON, or no JSON object. A form or plain
            text is refused because any web page may send those across sites without asking.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise ApiError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "send the header Content-Type: application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "compressed bodies are not taken yet")
    try:
        content = _decoder.decode(await _read(request, limit_bytes))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ApiError(ErrorCode.INVALID_JSON, f"the body is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise ApiError(ErrorCode.INVALID_JSON, f"the body must be an object, not {type(content).__name__}")
    return content


async def _read(request: Request, limit_bytes: int) -> bytes:
    """The body's bytes; stops reading at the limit, whatever Content-Length says."""
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated) > limit_bytes:
        raise _too_large(limit_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
    return bytes(body)


def _too_large(limit_bytes: int) -> ApiError:
    return ApiError(ErrorCode.BODY_TOO_LARGE, f"the body is over the limit of {limit_bytes} bytes")
