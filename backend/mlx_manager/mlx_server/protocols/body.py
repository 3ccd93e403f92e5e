"""A request's body: bounded, JSON, an object; it may come compressed."""

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.compression import DECODERS, DamagedData, Decoder

_json = msgspec.json.Decoder()


async def read_object(request: Request, limit_bytes: int) -> dict[str, Any]:
    """Read and decode the body.

    Raises:
        ApiError: it is too large, damaged, of another type than JSON, or no JSON object. A form or
            plain text is refused because any web page may send those across sites without asking.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise ApiError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "send the header Content-Type: application/json")
    decoder = _decoder_of(request)
    try:
        content = _json.decode(await _read(request, decoder, limit_bytes))
    except DamagedData as error:
        raise ApiError(ErrorCode.INVALID_REQUEST, f"the compressed body is damaged: {error}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ApiError(ErrorCode.INVALID_JSON, f"the body is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise ApiError(ErrorCode.INVALID_JSON, f"the body must be an object, not {type(content).__name__}")
    return content


def _decoder_of(request: Request) -> Decoder:
    coding = ", ".join(request.headers.getlist("content-encoding")).strip().lower() or "identity"
    if coding not in DECODERS:
        reason = f"the Content-Encoding {coding!r} is not taken; one of these is: {', '.join(DECODERS)}"
        raise ApiError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, reason)
    return DECODERS[coding]()


async def _read(request: Request, decoder: Decoder, limit_bytes: int) -> bytes:
    """The body's bytes; stops reading at the limit, whatever Content-Length says.

    The limit holds for what is sent, too: compressed data may stand for nothing, however long it is.
    """
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and int(stated) > limit_bytes:
        raise _too_large(limit_bytes)
    body, num_sent = bytearray(), 0
    async for chunk in request.stream():
        num_sent += len(chunk)
        for piece in decoder.feed(chunk):
            body += piece
            if len(body) > limit_bytes:
                raise _too_large(limit_bytes)
            await asyncio.sleep(0)  # a small chunk may stand for many megabytes
        if num_sent > limit_bytes:
            raise _too_large(limit_bytes)
    decoder.finish()
    return bytes(body)


def _too_large(limit_bytes: int) -> ApiError:
    return ApiError(ErrorCode.BODY_TOO_LARGE, f"the body is over the limit of {limit_bytes} bytes")
