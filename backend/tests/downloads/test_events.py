"""What listeners are told: all at first, then what changes, and never what is not kept."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mlx_manager.downloads.events import changes
from tests.downloads.desk import Desk
from tests.hub_stand_in import HubStandIn, Kind, Repository, small_repository

WEIGHTS = "/large/*/Small-4bit/model.safetensors"


class Ended(Exception):
    """There are no more events."""


class Listener:
    """Reads events as a browser does."""

    def __init__(self, desk: Desk) -> None:
        self.may_stay = True
        self._events: AsyncIterator[bytes] = changes(desk.downloads, self._may_go_on)

    async def _may_go_on(self) -> bool:
        return self.may_stay

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next event. Raises Ended."""
        async with asyncio.timeout(60):
            raw = await anext(self._events, None)
        if raw is None:
            raise Ended
        name, _, data = raw.decode().partition("\n")
        assert raw.endswith(b"\n\n")
        return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def until(self, name: str, **wanted: Any) -> dict[str, Any]:
        """The first event of which all this is true."""
        while True:
            kind, body = await self.next()
            if kind == name and all(body[key] == value for key, value in wanted.items()):
                return body


async def test_from_the_first_look_to_the_end(running: Desk, model: Repository, hub: HubStandIn) -> None:
    fault = hub.fail(Kind.TRICKLE, WEIGHTS, num_bytes=100_000)
    other = await running.start(hub.add(small_repository("a/Other-4bit")))
    await running.until(other, lambda body: body["status"] == "completed")
    download_id = await running.start(model)
    listener = Listener(running)
    first = [await listener.next(), await listener.next()]
    assert [(name, body["id"]) for name, body in first] == [("download", download_id), ("download", other)]
    seen = await listener.until("download", id=download_id, status="running")
    while seen["bytes_per_s"] is None:
        seen = await listener.until("download", id=download_id)
    # What was told survives: files that are verified are in the database before.
    rows = await running.view(download_id)
    assert rows["num_files_done"] >= seen["num_files_done"]
    fault.released.set()
    done = await listener.until("download", id=download_id, status="completed")
    assert done["done_bytes"] == done["total_bytes"]
    assert (await running.row(download_id)).status == "completed"
    await running.client.call("DELETE", f"/downloads/{download_id}")
    assert await listener.until("removed") == {"id": download_id}


async def test_who_must_go_is_told_nothing_more(desk: Desk, model: Repository) -> None:
    await desk.start(model)
    listener = Listener(desk)
    await listener.next()
    listener.may_stay = False
    with pytest.raises(Ended):
        await listener.next()


async def test_the_end_of_the_program_ends_it(desk: Desk, model: Repository) -> None:
    await desk.start(model)
    async with desk.opened():
        listener = Listener(desk)
        await listener.next()
        waiting = asyncio.create_task(listener.until("never"))
    with pytest.raises(Ended):
        await waiting
