"""Where the stream's events come from: an endless source for each thing that can change.

A source is asked for its next event when the last one was sent, and then says how things are by then. So
nothing is kept for a slow listener but where it was.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from mlx_manager.chats.changes import ChangeHub
from mlx_manager.chats.event_schemas import ResyncEvent
from mlx_manager.chats.listening import user_changes
from mlx_manager.core.server_sent_events import event
from mlx_manager.downloads.downloads import Downloads
from mlx_manager.downloads.events import news as download_news
from mlx_manager.downloads.schemas import DownloadView
from mlx_manager.library.changes import LibraryChanges
from mlx_manager.live.schemas import InferenceEvent, LibraryEvent
from mlx_manager.live.topics import LiveTopic
from mlx_manager.server.server_events import ServerEvents, Word
from mlx_manager.server.service import ServerService

PERIOD_S: Final = 0.25
"""What changes often is told so often."""
LOOK_S: Final = 1.0
"""Without news a source wakes so often all the same."""
_WORDS: Final = {LiveTopic.MODELS: "model", LiveTopic.MEMORY: "memory", LiveTopic.REQUESTS: "request"}

Source = AsyncGenerator[bytes]


@dataclass(frozen=True, slots=True)
class Origins:
    """What there is to listen to."""

    server: ServerService
    server_events: ServerEvents
    downloads: Downloads
    library: LibraryChanges
    chats: ChangeHub


def sources(origins: Origins, topics: frozenset[LiveTopic], user_id: str) -> Iterator[Source]:
    """Those of some topics, for one user."""
    if LiveTopic.SERVER in topics:
        yield _server(origins.server)
    if words := frozenset(name for topic, name in _WORDS.items() if topic in topics):
        yield _inference(origins.server_events, words)
    if LiveTopic.DOWNLOADS in topics:
        yield _downloads(origins.downloads)
    if LiveTopic.CHATS in topics:
        yield _chats(origins.chats, user_id)
    if LiveTopic.LIBRARY in topics:
        yield _library(origins.library)


async def _server(service: ServerService) -> Source:
    async for view in service.views():
        if view is not None:
            yield _event("server", view)


async def _inference(server: ServerEvents, names: frozenset[str]) -> Source:
    async for news in server.news(names, period_s=PERIOD_S, look_s=LOOK_S):
        if isinstance(news, Word):
            yield event(news.name, news.data)
        else:
            yield _event("inference", InferenceEvent(is_connected=news))


async def _downloads(downloads: Downloads) -> Source:
    async def may_go_on() -> bool:
        return True

    async for told in download_news(downloads, may_go_on):
        yield _event("download" if isinstance(told, DownloadView) else "download_removed", told)


async def _chats(hub: ChangeHub, user_id: str) -> Source:
    # Of a burst each thing is told once.
    waiting: dict[str, BaseModel] = {}
    async for _, change in user_changes(hub, user_id):
        if isinstance(change, ResyncEvent):
            waiting.clear()
            yield _event("chat_resync", change)
        elif change is not None:
            waiting[change.model_dump_json()] = change
        elif waiting:
            for one in waiting.values():
                yield _event("chat", one)
            waiting.clear()
            await asyncio.sleep(PERIOD_S)


async def _library(changes: LibraryChanges) -> Source:
    number = changes.last_number
    while True:
        found = changes.since(number)
        number = changes.last_number
        for model_id in found:
            yield _event("library", LibraryEvent(model_id=model_id))
        await changes.wait(number, LOOK_S)
        await asyncio.sleep(PERIOD_S)


def _event(name: str, body: BaseModel) -> bytes:
    return event(name, body.model_dump_json().encode())
