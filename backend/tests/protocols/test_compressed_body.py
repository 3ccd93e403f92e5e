"""Compressed request bodies: what they stand for is read, bounded, and nothing is guessed."""

import gzip
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
import zstandard
from starlette.requests import Request
from test_body import JSON, read

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.body import read_object
from mlx_manager.mlx_server.protocols.compression import DECODERS, DamagedData

BODY = b'{"a": "' + random.Random(1).randbytes(3000).hex().encode() + b'"}'
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "deflate": zlib.compress,
}
MIB = 2**20
LIMIT = 4 * MIB
every_coding = pytest.mark.parametrize("coding", COMPRESS)


def headers(coding: str) -> dict[str, str]:
    return JSON | {"content-encoding": coding}


async def refusal(coding: str, data: bytes, *, limit: int = LIMIT) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await read([data], headers(coding), limit=limit)
    assert caught.value.param is None
    return caught.value


@pytest.mark.parametrize("size", [1, 7, 100, 10**6])
@pytest.mark.parametrize("coding", ["identity", "IDENTITY", "", *COMPRESS, "GZip", " zstd "])
async def test_what_was_compressed_is_read(coding: str, size: int) -> None:
    data = COMPRESS.get(coding.strip().lower(), bytes)(BODY)
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    content, taken = await read([*chunks, b""], headers(coding), limit=LIMIT)
    assert len(content["a"]) == 6000
    assert taken == len(chunks) + 1


@every_coding
@pytest.mark.parametrize("size", [2**18 - 1, 2**18, 2**18 + 1, 3 * 2**18])
@pytest.mark.parametrize("step", [1000, 10**7])
def test_pieces_that_end_where_the_data_ends(coding: str, size: int, step: int) -> None:
    for content in (b"x" * size, random.Random(2).randbytes(size)):
        data, decoder, found = COMPRESS[coding](content), DECODERS[coding](), b""
        for start in range(0, len(data), step):
            found += b"".join(decoder.feed(data[start : start + step]))
        decoder.finish()
        assert found == content


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [1, 100, 10**6])
async def test_several_members_are_one_body(coding: str, size: int) -> None:
    parts = [BODY[:10], b"", BODY[10:11], BODY[11:]]
    data = b"".join(map(COMPRESS[coding], parts))
    if coding == "zstd":  # a frame that is to be skipped
        data = struct.pack("<II", 0x184D2A50, 3) + b"abc" + data
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert len((await read(chunks, headers(coding), limit=LIMIT))[0]["a"]) == 6000


@every_coding
async def test_damaged_data(coding: str) -> None:
    data = COMPRESS[coding](BODY)
    middle = len(data) // 2
    broken = [data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :], BODY, b"", b"\0", data[1:]]
    cut = [data[:length] for length in (1, 2, 10, middle, len(data) - 1)]
    trailing = [data + rest for rest in (b"x", b"\0", b"garbage, and not a little of it", data[:5])]
    for sent in (*broken, *cut, *trailing):
        error = await refusal(coding, sent)
        assert error.code is ErrorCode.INVALID_REQUEST, sent[:20]
        assert error.message.startswith("the compressed body is damaged: ")


@every_coding
async def test_what_is_no_json_inside(coding: str) -> None:
    for content in (b"", b"[1]", b"\xff"):
        assert (await refusal(coding, COMPRESS[coding](content))).code is ErrorCode.INVALID_JSON


async def test_two_headers_are_two_codings() -> None:
    raw = [(b"content-type", b"application/json")] + [(b"content-encoding", b"gzip")] * 2
    with pytest.raises(
        ApiError, match="'gzip, gzip' is not taken; one of these is: identity, gzip,"
    ) as caught:
        await read_object(Request({"type": "http", "method": "POST", "path": "/", "headers": raw}), LIMIT)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA_TYPE


@every_coding
async def test_the_limit_is_of_what_the_data_stands_for(coding: str) -> None:
    data = COMPRESS[coding](b'{"a": 1}'.ljust(LIMIT))
    assert (await read([data], headers(coding), limit=LIMIT))[0] == {"a": 1}
    assert (await refusal(coding, data, limit=LIMIT - 1)).code is ErrorCode.BODY_TOO_LARGE


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_data_that_stands_for_nothing_has_a_limit(coding: str) -> None:
    nothing = COMPRESS[coding](b"")
    chunks = [nothing * 100] * 1000
    with pytest.raises(ApiError) as caught:
        await read(chunks, headers(coding), limit=10_000)
    assert caught.value.code is ErrorCode.BODY_TOO_LARGE
    assert caught.value.args[-1] < 20


def bomb(coding: str, size_mib: int) -> bytes:
    """Compressed zeros; its end is missing, which nobody gets to see."""
    block, num_blocks = bytes(16 * MIB), size_mib // 16
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=1).compress(block) * num_blocks
    compressor = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    # After a full flush data no longer depends on what came before, so that it can be repeated.
    first, second = (compressor.compress(block) + compressor.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + second * (num_blocks - 1)


def zstd_of_runs(size_mib: int) -> bytes:
    """The smallest: blocks that repeat one byte, four bytes for 128 KiB."""
    header = struct.pack("<IBB", 0xFD2FB528, 0, 13 << 3)
    run = struct.pack("<I", 1 << 1 | 2**17 << 3)[:3] + b" "
    return header + run * (size_mib * 8 - 1) + struct.pack("<I", 1 | 1 << 1 | 2**17 << 3)[:3] + b" "


@pytest.fixture
def peak() -> Iterator[Callable[[], int]]:
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize("coding", [*COMPRESS, "runs"])
async def test_a_bomb(coding: str, request: pytest.FixtureRequest) -> None:
    """Gigabytes in one chunk end at the limit."""
    data = zstd_of_runs(4096) if coding == "runs" else bomb(coding, 4096)
    assert len(data) < 5 * MIB
    peak = request.getfixturevalue("peak")
    error = await refusal("zstd" if coding == "runs" else coding, data, limit=8 * MIB)
    assert error.code is ErrorCode.BODY_TOO_LARGE
    assert peak() < 64 * MIB


def test_the_runs_are_a_frame() -> None:
    decoder = DECODERS["zstd"]()
    assert sum(map(len, decoder.feed(zstd_of_runs(16)))) == 16 * MIB
    decoder.finish()


def test_a_frame_cannot_demand_memory() -> None:
    frame = struct.pack("<IBB", 0xFD2FB528, 0, 21 << 3) + b"\1\0\0"  # a window of 2 GiB
    with pytest.raises(DamagedData, match="memory"):
        list(DECODERS["zstd"]().feed(frame))
