"""The benchmark's reader of streamed answers: however the bytes are cut, the same events."""

from collections.abc import Iterable, Iterator

import pytest
from bench.sse import ResponseReader, parse_events

EVENTS = [b'data: {"n":1}\n\n', b": keepalive 1/2\n\n", b'data: {"n":2}\n\n', b"data: [DONE]\n\n"]
PAYLOADS = [b'data: {"n":1}', b'data: {"n":2}', b"data: [DONE]"]


def chunked(parts: Iterable[bytes]) -> bytes:
    frames = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts]
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(frames) + b"0\r\n\r\n"


BODY = b"".join(EVENTS)
RESPONSES = {
    "a chunk each": chunked(EVENTS),
    "several events in a chunk": chunked([EVENTS[0] + EVENTS[1], EVENTS[2] + EVENTS[3]]),
    "an event over two chunks": chunked([BODY[:20], BODY[20:21], BODY[21:]]),
    "known length": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "until the end": b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\n" + BODY,
    "carriage returns": chunked([event.replace(b"\n", b"\r\n") for event in EVENTS]),
}


def cuts(data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    yield [data[index : index + 1] for index in range(len(data))]
    for index in range(1, len(data)):
        yield [data[:index], data[index:]]


@pytest.mark.parametrize("name", RESPONSES)
def test_cuts_change_nothing(name: str) -> None:
    for pieces in cuts(RESPONSES[name]):
        reader = ResponseReader(keep=True)
        for moment, piece in enumerate(pieces):
            reader.feed(piece, float(moment))
        assert reader.is_complete == (name != "until the end")
        reader.end()
        assert reader.is_complete
        assert reader.status == 200
        assert reader.events.payloads == PAYLOADS, pieces
        assert sum(count for _, count in reader.events.arrivals) == len(PAYLOADS)


def test_events_are_counted_at_the_read_that_completes_them() -> None:
    reader = ResponseReader()
    whole = RESPONSES["a chunk each"]
    middle = whole.index(b'"n":2')
    reader.feed(whole[:middle], 1.0)
    reader.feed(whole[middle:], 2.0)
    assert reader.events.arrivals == [(1.0, 1), (2.0, 2)]
    assert parse_events(list(reader.events.last)) == [{"n": 1}, {"n": 2}]


def test_only_the_last_events_are_kept() -> None:
    reader = ResponseReader()
    reader.feed(chunked(b'data: {"n":%d}\n\n' % number for number in range(1000)), 0.0)
    assert reader.events.payloads is None
    assert [event["n"] for event in parse_events(list(reader.events.last))] == [996, 997, 998, 999]


def test_error_body_is_kept() -> None:
    reader = ResponseReader()
    reader.feed(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 11\r\n\r\n{"error":1}', 0.0)
    assert (reader.status, reader.body, reader.is_complete) == (400, b'{"error":1}', True)
    assert reader.events.arrivals == []


@pytest.mark.parametrize("name", ["a chunk each", "known length"])
def test_early_end_is_an_error(name: str) -> None:
    reader = ResponseReader()
    reader.feed(RESPONSES[name][:-3], 0.0)
    with pytest.raises(ConnectionError):
        reader.end()


def test_nothing_at_all_is_an_error() -> None:
    with pytest.raises(ConnectionError):
        ResponseReader().end()


def test_other_protocols_are_refused() -> None:
    with pytest.raises(ValueError, match="not HTTP"):
        ResponseReader().feed(b"SSH-2.0-x\r\n\r\n", 0.0)
