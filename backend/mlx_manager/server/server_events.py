"""The inference server's own events (`/admin/events`), heard once for the whole manager.

The connection is held while somebody listens, and a little longer, on the manager's own key. Of each thing
that the server tells of the newest word is kept, so that whoever comes later learns everything at once and
nobody's slowness makes the manager keep more.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Final, Self

import msgspec
from msgspec import Struct

from mlx_manager.core.changes import Changes
from mlx_manager.core.errors import ApiError
from mlx_manager.core.server_sent_events import read_events
from mlx_manager.server.client import ServerClient, refusal

logger = logging.getLogger(__name__)

_LINGER_S: Final = 10.0
_FIRST_RETRY_S: Final = 0.1
_MAX_RETRY_S: Final = 2.0
# The server says every quarter of a second what memory is in use, and at least a comment every 15 s.
_SILENT_S: Final = 60.0
# As many as the server itself keeps.
_MAX_ENDED: Final = 100
_ENDINGS: Final = frozenset({"finished", "failed", "cancelled"})

Key = tuple[str, ...]
Observer = Callable[[str, bytes], None]


class _Named(Struct):
    """What tells one thing from another."""

    id: str = ""
    arrived: float = 0
    phase: str = ""


_decode = msgspec.json.Decoder(_Named).decode


@dataclass(frozen=True, slots=True)
class Word:
    """The newest that the server has said of something.

    Attributes:
        name: of the event: `model`, `request` or `memory`.
        data: its JSON, as the server sent it.
        number: grows with each word.
    """

    name: str
    data: bytes
    number: int


class ServerEvents:
    """Listens to the server while somebody wants to know. An async context manager.

    Attributes:
        words: the newest of each thing; nothing while there is no connection.
        connection: the number of the connection that they came by; None while there is none.
        changes: of any of this.
    """

    def __init__(self, server: ServerClient, *, linger_s: float = _LINGER_S) -> None:
        self._server = server
        self._linger_s = linger_s
        self._observers: set[Observer] = set()
        self._num_listeners = 0
        self._num_connections = 0
        self._num_words = 0
        self._ended: dict[Key, None] = {}
        self._has_tried = False
        self._task: asyncio.Task[None] | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self.words: dict[Key, Word] = {}
        self.connection: int | None = None
        self.changes = Changes()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextmanager
    def listening(self, observer: Observer | None = None) -> Iterator[None]:
        """Let the server be heard.

        Args:
            observer: told of each event at once, by its name and data; must not block or raise.
        """
        if observer is not None:
            self._observers.add(observer)
        self._num_listeners += 1
        self._begin()
        try:
            yield
        finally:
            if observer is not None:
                self._observers.discard(observer)
            self._num_listeners -= 1
            if not self._num_listeners:
                self._leaving = asyncio.get_running_loop().call_later(self._linger_s, self._leave)

    async def wait_tried(self, timeout_s: float) -> None:
        """Return once it is known whether the server is heard, or when the time is over."""
        if not self._has_tried:
            await self.changes.wait(self.changes.number, timeout_s)

    async def news(
        self, names: Collection[str], *, period_s: float, look_s: float
    ) -> AsyncGenerator[Word | bool]:
        """Without end: whether the server is heard, at first and when that changes, and its newest words.

        After each True everything follows anew. Nothing is kept for who is slow: of what has changed more
        than once meanwhile it yields the newest.

        Args:
            period_s: nothing is said more often.
            look_s: without news it goes on all the same.
        """
        with self.listening():
            await self.wait_tried(look_s)
            connection, told = self.connection, dict[Key, int]()
            yield connection is not None
            while True:
                number = self.changes.number
                if self.connection != connection:
                    if connection is not None:
                        yield False
                    connection, told = self.connection, {}
                    if connection is not None:
                        yield True
                for key in list(self.words):
                    word = self.words.get(key)
                    if self.connection != connection:
                        break
                    if word is not None and word.name in names and told.get(key) != word.number:
                        told[key] = word.number
                        yield word
                told = {key: at for key, at in told.items() if key in self.words}
                await asyncio.sleep(period_s)
                await self.changes.wait(number, look_s)

    def _begin(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._task is None:
            self._has_tried = False
            self._task = asyncio.create_task(self._listen(), name="the server's events")

    def _leave(self) -> None:
        self._leaving = None
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._drop()

    async def _listen(self) -> None:
        pause_s = _FIRST_RETRY_S
        while True:
            before = self._num_connections
            try:
                await self._follow()
            except ApiError as error:
                logger.debug("the server's events are not heard: %s", error)
            except (
                Exception
            ):  # whatever the server said: pages wait for this task, and nothing starts it again
                logger.exception("following the server's events failed")
            self._drop()
            pause_s = _FIRST_RETRY_S if self._num_connections != before else min(2 * pause_s, _MAX_RETRY_S)
            await asyncio.sleep(pause_s)

    async def _follow(self) -> None:
        async with self._server.stream("GET", "/admin/events", timeout_s=_SILENT_S) as response:
            if response.is_error:
                await response.aread()
                raise refusal(response)
            async with aclosing(read_events(response.aiter_bytes())) as events:
                async for name, data in events:
                    self._take(name, data)

    def _take(self, name: str, data: bytes) -> None:
        if self.connection is None:
            # Not before: a server that is ending lets us in and says nothing.
            self._num_connections += 1
            self.connection = self._num_connections
            self._has_tried = True
        for observer in list(self._observers):
            observer(name, data)
        if (key := self._key(name, data)) is not None:
            self._num_words += 1
            self.words[key] = Word(name, data, self._num_words)
        self.changes.tell()

    def _key(self, name: str, data: bytes) -> Key | None:
        """What an event is about; None for one that only says what a `model` says, too."""
        if name == "memory":
            return (name,)
        if name not in ("model", "request"):
            return None
        about = _decode(data)
        if name == "model":
            return name, about.id
        # Whoever asks may give two requests the same id.
        key = (name, about.id, str(about.arrived))
        if about.phase in _ENDINGS:
            self._forget_old(key)
        return key

    def _forget_old(self, ended: Key) -> None:
        self._ended[ended] = None
        if len(self._ended) > _MAX_ENDED:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self.words.pop(oldest, None)

    def _drop(self) -> None:
        self.connection, self._has_tried = None, True
        self.words.clear()
        self._ended.clear()
        self.changes.tell()
