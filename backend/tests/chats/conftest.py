"""Chats on a database of their own. No server runs: the live tests have one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from mlx_manager.chats.endpoints import router
from mlx_manager.chats.writer import ChatWriter
from mlx_manager.core.running_program import RunningProgram
from mlx_manager.server.client import ServerClient
from mlx_manager.server.server_events import ServerEvents
from tests.accounts import Client, House, house
from tests.databases import database, database_url, new_url, postgres, postgres_template, sqlite_template

__all__ = ["database", "database_url", "house", "new_url", "postgres", "postgres_template", "sqlite_template"]


def no_server() -> ServerClient:
    """A client where no server runs."""

    def nowhere() -> RunningProgram | None:
        return None

    async def own_key() -> str:
        return "unused"

    return ServerClient(nowhere, own_key, lambda: "no server runs in this test")


@dataclass
class Room:
    """The routes of chats, and two users."""

    house: House
    writer: ChatWriter
    ada: Client
    bob: Client

    async def call(
        self, method: str, path: str, body: Any = None, status: int = 200, client: Client | None = None
    ) -> Any:
        """A route's answer, for ada where nobody is named; it has this status."""
        answer: httpx.Response = await (client or self.ada).call(method, f"/chats{path}", body)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def chat(self, **fields: Any) -> str:
        """A new chat's id."""
        return str((await self.call("POST", "", {"model": "demo", **fields}, 201))["id"])

    async def send(self, chat_id: str, content: str = "Hello", **fields: Any) -> dict[str, Any]:
        """Say something, and wait until the answer has failed."""
        body = {"content": content, **fields}
        sent: dict[str, Any] = await self.call("POST", f"/{chat_id}/messages", body, 201)
        if sent["answer"] is not None and (answer := self.writer.find(sent["answer"]["id"])) is not None:
            await answer.wait_until_over()
        return sent

    async def imported(self, *messages: dict[str, Any], **fields: Any) -> str:
        """A chat with these messages, each by its `id`; its id."""
        time = "2026-01-01T00:00:00Z"
        stated = [{"created_at": time, "role": "user"} | message for message in messages]
        body = {"model": "demo", "created_at": time, "messages": stated, **fields}
        return str((await self.call("POST", "/import", body, 201))["id"])


@pytest.fixture
async def room(house: House) -> AsyncIterator[Room]:
    """Chats as the manager wires them."""
    house.app.include_router(router)
    house.app.state.stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(no_server())
        events = await stack.enter_async_context(ServerEvents(server))
        writer = await stack.enter_async_context(ChatWriter(house.accounts.database, server, events))
        house.app.state.chat_writer = writer
        yield Room(house, writer, await house.signed_in("ada"), await house.signed_in("bob"))
