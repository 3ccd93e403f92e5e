"""Reads a streamed answer off a socket with as little work as will do: no JSON until it has ended."""

import json
from collections import deque
from typing import Any

_NUM_KEPT = 4


class EventCounter:
    """Counts server-sent events with data, and keeps the last few.

    Attributes:
        arrivals: time and number of events for each read that completed any.
        last: the payloads of the last events.
        payloads: all payloads, where they were asked for.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self.arrivals: list[tuple[float, int]] = []
        self.last: deque[bytes] = deque(maxlen=_NUM_KEPT)
        self.payloads: list[bytes] | None = [] if keep else None
        self._rest = b""

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes of the body, cut anywhere."""
        data = self._rest + data
        if b"\r" in data:
            # A carriage return at the cut may be half of a line end.
            held = b"\r" if data.endswith(b"\r") else b""
            data = data.removesuffix(b"\r").replace(b"\r\n", b"\n") + held
        *events, self._rest = data.split(b"\n\n")
        # A comment keeps a connection open and carries nothing.
        payloads = [event for event in events if event.startswith(b"data:")]
        if payloads:
            self.arrivals.append((now, len(payloads)))
            self.last.extend(payloads)
            if self.payloads is not None:
                self.payloads.extend(payloads)


class ResponseReader:
    """An HTTP/1 response: a body that is chunked, of known length, or ends with the connection.

    Attributes:
        status: 0 until the head has been read.
        headers: names in lower case.
        is_complete: the body has been read to its end.
        events: the events of a 200.
        body: the body of any other status.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_complete = False
        self.events = EventCounter(keep=keep)
        self.body = b""
        self._buffer = b""
        self._chunked = False
        self._left: int | None = None

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes from the socket, cut anywhere. Raises ValueError where they are no HTTP."""
        if not self.status:
            data = self._read_head(data)
        if not self.status or not data:
            return
        if self._chunked:
            self._read_chunks(data, now)
        else:
            self._take(data, now)
            if self._left is not None:
                self._left -= len(data)
                self.is_complete = self._left <= 0

    def end(self) -> None:
        """The connection was closed. Raises ConnectionError where something is missing."""
        if not self.is_complete and (not self.status or self._chunked or self._left is not None):
            raise ConnectionError("the server closed the connection before the end of its answer")
        self.is_complete = True

    def _read_head(self, data: bytes) -> bytes:
        head, separator, body = (self._buffer + data).partition(b"\r\n\r\n")
        if not separator:
            self._buffer = head
            return b""
        self._buffer = b""
        status_line, *lines = head.decode("latin-1").split("\r\n")
        if not status_line.startswith("HTTP/1."):
            raise ValueError(f"not HTTP/1: {status_line[:80]!r}")
        self.headers = {
            name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        self.status = int(status_line.split()[1])
        self._chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        if not self._chunked and "content-length" in self.headers:
            self._left = int(self.headers["content-length"])
            self.is_complete = self._left == 0
        return body

    def _read_chunks(self, data: bytes, now: float) -> None:
        data = self._buffer + data
        start = 0
        taken = []
        while (line_end := data.find(b"\r\n", start)) >= 0:
            size = int(data[start:line_end].partition(b";")[0], 16)
            chunk_end = line_end + 2 + size
            if len(data) < chunk_end + 2:
                break
            if size == 0:
                self.is_complete = True
                break
            taken.append(data[line_end + 2 : chunk_end])
            start = chunk_end + 2
        self._buffer = data[start:]
        if taken:
            self._take(b"".join(taken), now)

    def _take(self, data: bytes, now: float) -> None:
        if self.status == 200:
            self.events.feed(data, now)
        else:
            self.body += data


def parse_events(payloads: list[bytes]) -> list[dict[str, Any]]:
    """The JSON of the payloads; `[DONE]` is left out."""
    bodies = (payload.removeprefix(b"data:").strip() for payload in payloads)
    return [json.loads(body) for body in bodies if body != b"[DONE]"]
