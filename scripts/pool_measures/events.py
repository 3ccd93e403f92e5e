"""Listens to `GET /admin/events` while something is measured."""

import http.client
import json
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from bench.answers import BenchError

from pool_measures.figures import num_loads

_CONNECTED_WITHIN_S = 30.0
# The server tells of changes four times a second.
_TOLD_WITHIN_S = 0.6


class StateListener:
    """Notes every state that any model takes while the block runs."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port)
        self._states: list[tuple[str, str]] = []
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="events", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_listening.wait(_CONNECTED_WITHIN_S):
            raise BenchError("/admin/events says nothing")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if (connected := self._connection.sock) is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()

    def num_loads(self) -> int:
        """Loads of all models since the block began, the latest included."""
        time.sleep(_TOLD_WITHIN_S)
        states = list(self._states)
        return sum(num_loads(status for name, status in states if name == model) for model in dict(states))

    def _listen(self) -> None:
        # However it ends, what was heard counts.
        with suppress(OSError, http.client.HTTPException, ValueError):
            self._connection.request("GET", "/admin/events")
            response = self._connection.getresponse()
            event = b""
            while line := response.readline():
                if line.startswith(b"event:"):
                    event = line.removeprefix(b"event:").strip()
                elif line.startswith(b"data:") and event == b"state":
                    change = json.loads(line.removeprefix(b"data:"))
                    self._states.append((change["id"], change["status"]))
                self._is_listening.set()
