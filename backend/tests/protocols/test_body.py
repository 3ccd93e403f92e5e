"""A request's body: bounded, JSON, an object."""

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.requests import Request

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.body import read_object

LIMIT = 32
JSON = {"content-type": "application/json"}


async def read(
    chunks: Sequence[bytes], headers: dict[str, str] | None = None, *, limit: int = LIMIT
) -> tuple[dict[str, Any], int]:
    """What was read, and how many chunks were taken."""
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": chunks[taken - 1], "more_body": taken < len(chunks)}

    raw = [
        (name.encode(), value.encode("latin-1"))
        for name, value in (JSON if headers is None else headers).items()
    ]
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)
    try:
        return await read_object(request, limit), taken
    except ApiError as error:
        error.args = (*error.args, taken)
        raise


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json", " application/json "],
)
async def test_json(content_type: str) -> None:
    assert await read([b'{"a":', b' "\xc3\xa9"}'], {"content-type": content_type}) == ({"a": "é"}, 2)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": ""},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=application/json"},
        {"content-type": "text/plain; application/json"},
        JSON | {"content-encoding": "br"},
        JSON | {"content-encoding": "x-gzip"},
        JSON | {"content-encoding": "gzip, zstd"},
        JSON | {"content-encoding": "identity, gzip"},
        JSON | {"content-encoding": "gzip,"},
    ],
)
async def test_other_types_are_refused_unread(headers: dict[str, str]) -> None:
    with pytest.raises(ApiError) as caught:
        await read([b"{}"], headers)
    assert (caught.value.code, caught.value.args[-1]) == (ErrorCode.UNSUPPORTED_MEDIA_TYPE, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'"x"',
        b"1",
        b"NaN",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"{'a': 1}",
        b"{} x",
        b'{"a": "\xff"}',
        b'{"\xff": 1}',
        b'{"a": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"a": "\\ud800\\u0041"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
    ],
)
async def test_what_is_no_json_object(body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        await read([body])
    assert caught.value.code is ErrorCode.INVALID_JSON


async def test_nesting_without_end() -> None:
    with pytest.raises(ApiError) as caught:
        await read([b'{"a":' * 100_000], limit=10**6)
    assert caught.value.code is ErrorCode.INVALID_JSON


async def test_a_stated_length_over_the_limit_is_refused_unread() -> None:
    with pytest.raises(ApiError) as caught:
        await read([b"{}"], JSON | {"content-length": str(LIMIT + 1)})
    assert (caught.value.code, caught.value.args[-1]) == (ErrorCode.BODY_TOO_LARGE, 0)


@pytest.mark.parametrize("length", [None, "2", "x", "-1", "", "\u00b2"])
async def test_reading_stops_at_the_limit_whatever_is_stated(length: str | None) -> None:
    headers = JSON if length is None else JSON | {"content-length": length}
    with pytest.raises(ApiError) as caught:
        await read([b" " * 20] * 10, headers)
    assert (caught.value.code, caught.value.args[-1]) == (ErrorCode.BODY_TOO_LARGE, 2)


async def test_the_limit_itself_is_allowed() -> None:
    body = b'{"a": 1}'.ljust(LIMIT)
    assert await read([body], JSON | {"content-length": str(LIMIT)}) == ({"a": 1}, 1)
    with pytest.raises(ApiError):
        await read([body + b" "])
