"""A request that comes compressed is answered as one that comes plain."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import zstandard

from tests.live.server import Server

CHAT: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "What is MLX Manager?"}],
    "max_tokens": 16,
    "temperature": 0,
}


def ask(server: Server, data: bytes, coding: str) -> httpx.Response:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    return server.client.post("/v1/chat/completions", content=data, headers=headers)


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("deflate", zlib.compress),
        ("identity", bytes),
    ],
)
def test_it_answers_the_same(server: Server, coding: str, compress: Callable[[bytes], bytes]) -> None:
    plain = server.post("/v1/chat/completions", CHAT).json()
    response = ask(server, compress(json.dumps(CHAT).encode()), coding)
    assert response.status_code == 200, response.text
    assert response.json()["choices"] == plain["choices"]
    assert response.json()["usage"]["prompt_tokens"] == plain["usage"]["prompt_tokens"]


def test_what_is_refused(server: Server) -> None:
    data = gzip.compress(json.dumps(CHAT).encode())
    bomb = gzip.compress(json.dumps(CHAT).encode().ljust(80 * 2**20))
    for sent, coding, status, code in (
        (data[:-1], "gzip", 400, "invalid_request"),
        (data + b"x", "gzip", 400, "invalid_request"),
        (data, "br", 415, "unsupported_media_type"),
        (bomb, "gzip", 413, "body_too_large"),
    ):
        response = ask(server, sent, coding)
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert ask(server, data, "gzip").status_code == 200
