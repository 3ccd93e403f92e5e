"""The server's events, from a server of the test's own that says what the test wants, when it wants it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from mlx_manager.core.running_program import RunningProgram
from mlx_manager.core.server_sent_events import event
from mlx_manager.server.client import ServerClient
from mlx_manager.server.server_events import ServerEvents, Word

DEADLINE_S = 30.0
NAMES = frozenset({"model", "memory", "request"})
Told = bool | tuple[str, dict[str, Any]]


class Speaker:
    """Answers `GET /admin/events` over a real socket with what it is told to say."""

    def __init__(self) -> None:
        self.num_connections = 0
        self.keys: list[str] = []
        self.status = "200 OK"
        self.first: bytes = b""
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.program = RunningProgram(f"http://127.0.0.1:{port}", 1, 0.0, "1")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hang_up()
        self._server.close()

    @property
    def is_heard(self) -> bool:
        return bool(self._writers)

    def say(self, name: str, **body: Any) -> None:
        """Tell everybody."""
        for writer in self._writers:
            writer.write(said(name, **body))

    def hang_up(self) -> None:
        """End every connection."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("GET /admin/events ")
        self.keys += [line for line in head.splitlines() if line.lower().startswith("authorization")]
        self.num_connections += 1
        writer.write(f"HTTP/1.1 {self.status}\r\nConnection: close\r\n\r\n".encode() + self.first)
        if not self.status.startswith("200"):
            writer.close()
            return
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        self._writers.discard(writer)
        writer.close()


def said(name: str, **body: Any) -> bytes:
    return event(name, json.dumps(body).encode())


@asynccontextmanager
async def listening(speaker: Speaker, linger_s: float = 10) -> AsyncIterator[ServerEvents]:
    async def own_key() -> str:
        return "the-manager-s"

    client = ServerClient(lambda: speaker.program, own_key, lambda: "")
    async with client, ServerEvents(client, linger_s=linger_s) as events:
        yield events


class Listener:
    """Reads on when it is asked to, and not before."""

    def __init__(self, events: ServerEvents, names: frozenset[str] = NAMES) -> None:
        self._news: AsyncGenerator[Word | bool] = events.news(names, period_s=0.01, look_s=DEADLINE_S)

    async def next(self) -> Told:
        async with asyncio.timeout(DEADLINE_S):
            told = await anext(self._news)
        return (told.name, json.loads(told.data)) if isinstance(told, Word) else told

    async def next_but(self, *earlier: Told) -> Told:
        """The first that is none of these."""
        while (told := await self.next()) in earlier:
            pass
        return told

    async def leave(self) -> None:
        await self._news.aclose()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def model(number: int, name: str = "demo") -> Told:
    return "model", {"id": name, "leases": number}


async def test_a_slow_listener_is_told_the_newest_and_nothing_is_kept_for_it() -> None:
    async with Speaker() as speaker, listening(speaker) as events:
        speaker.first = said("model", id="demo", leases=0)
        listener = Listener(events)
        assert [await listener.next(), await listener.next()] == [True, model(0)]
        for number in range(1, 1001):
            speaker.say("model", id="demo", leases=number)
        await until(lambda: b"1000" in events.words["model", "demo"].data)
        assert len(events.words) == 1
        assert await listener.next() == model(1000)
        speaker.say("memory", budget=1)
        assert await listener.next() == ("memory", {"budget": 1}), "and nothing twice"
        await listener.leave()


async def test_one_connection_serves_all_who_come_with_all_that_is_known() -> None:
    async with Speaker() as speaker, listening(speaker) as events:
        speaker.first = said("model", id="demo", leases=0) + said("memory", budget=1)
        first = Listener(events)
        assert [await first.next() for _ in range(3)] == [True, model(0), ("memory", {"budget": 1})]
        speaker.say("model", id="demo", leases=2)
        assert await first.next() == model(2)
        second, third = Listener(events), Listener(events, frozenset({"memory"}))
        assert [await second.next() for _ in range(3)] == [True, model(2), ("memory", {"budget": 1})]
        assert [await third.next(), await third.next()] == [True, ("memory", {"budget": 1})]
        assert speaker.keys == ["Authorization: Bearer the-manager-s"] or speaker.keys == [
            "authorization: Bearer the-manager-s"
        ]
        for listener in (first, second, third):
            await listener.leave()


async def test_after_a_break_everything_comes_anew() -> None:
    async with Speaker() as speaker, listening(speaker) as events:
        speaker.first = said("model", id="demo", leases=0) + said("model", id="gone", leases=0)
        listener = Listener(events)
        assert [await listener.next() for _ in range(3)] == [True, model(0), model(0, "gone")]
        speaker.first = said("model", id="demo", leases=0)
        speaker.hang_up()
        # Also what is as it was, and nothing of what there was only before.
        assert [await listener.next() for _ in range(3)] == [False, True, model(0)]
        assert set(events.words) == {("model", "demo")}
        await listener.leave()


async def test_who_does_not_let_us_in_is_not_heard() -> None:
    async with Speaker() as speaker, listening(speaker) as events:
        speaker.status = "401 Unauthorized"
        listener = Listener(events)
        assert await listener.next() is False
        speaker.status, speaker.first = "200 OK", said("memory", budget=1)
        assert [await listener.next(), await listener.next()] == [True, ("memory", {"budget": 1})]
        await listener.leave()


async def test_one_that_is_ending_lets_us_in_and_says_nothing() -> None:
    async with Speaker() as speaker, listening(speaker) as events:
        first = Listener(events)
        waiting = asyncio.create_task(first.next())
        await until(lambda: speaker.is_heard)
        speaker.hang_up()
        assert await waiting is False
        await first.leave()


async def test_requests_are_told_apart_and_old_ones_forgotten() -> None:
    async with Speaker() as speaker, listening(speaker) as events:
        speaker.first = said("request", id="same", arrived=1, phase="writing")
        listener = Listener(events)
        assert await listener.next() is True
        for number in range(2, 300):
            speaker.say("request", id="same", arrived=number, phase="finished")
        newest = ("request", "same", "299.0")
        await until(lambda: newest in events.words)
        # One runs, and of those that have ended as many are kept as the server itself keeps.
        assert len(events.words) == 101
        assert ("request", "same", "1.0") in events.words
        await listener.leave()


async def test_nobody_listens_and_so_do_we() -> None:
    async with Speaker() as speaker, listening(speaker, linger_s=0.05) as events:
        speaker.first = said("memory", budget=1)
        first = Listener(events)
        await first.next()
        await first.leave()
        await until(lambda: not speaker.is_heard)
        assert (events.connection, events.words) == (None, {})
        second = Listener(events)
        assert [await second.next(), await second.next()] == [True, ("memory", {"budget": 1})]
        assert speaker.num_connections == 2
        await second.leave()


async def test_who_comes_soon_finds_the_connection_there() -> None:
    async with Speaker() as speaker, listening(speaker, linger_s=DEADLINE_S) as events:
        speaker.first = said("memory", budget=1)
        for _ in range(3):
            listener = Listener(events)
            assert await listener.next() is True
            await listener.leave()
        assert speaker.num_connections == 1


async def test_an_observer_is_told_each_word_at_once() -> None:
    async with Speaker() as speaker, listening(speaker) as events:
        seen: list[tuple[str, bytes]] = []
        speaker.first = said("state", id="demo", to="loaded")
        with events.listening(lambda name, data: seen.append((name, data))):
            await until(lambda: seen)
            for number in range(3):
                speaker.say("request", id="one", arrived=0, number=number)
            await until(lambda: len(seen) == 4)
        assert [name for name, _ in seen] == ["state", "request", "request", "request"]
        assert events.words.keys() == {("request", "one", "0.0")}, "a state is told by its model, too"
