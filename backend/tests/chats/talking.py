"""Chats over real HTTP: what their tests say, and how they listen."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx

from tests.live.server import DEADLINE_S, ENDLESS, wait_until

ROOT = "/api/v1/chats"
ENDLESS_TEXT = {"temperature": 2, "seed": 1, "max_tokens": 60_000}
"""Parameters with which the endless model's text keeps flowing."""


@dataclass(frozen=True)
class Event:
    """A server-sent event."""

    name: str
    id: str | None
    data: dict[str, Any]


def read_events(parts: Iterator[bytes]) -> Iterator[Event]:
    """The events of a stream; comments are left out."""
    rest = b""
    for part in parts:
        *blocks, rest = (rest + part).split(b"\n\n")
        for block in blocks:
            fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if not line.startswith(b":"))
            if b"event" in fields:
                event_id = fields[b"id"].decode() if b"id" in fields else None
                yield Event(fields[b"event"].decode(), event_id, json.loads(fields[b"data"]))


class Talk:
    """One user's chats, by a client that is signed in."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """A route's answer, which has this status."""
        answer = self.client.request(method, ROOT + path, json=body)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def chat(self, model: str = "demo", **fields: Any) -> str:
        """A new chat's id."""
        return str(self.call("POST", "", {"model": model, **fields}, 201)["id"])

    def endless(self, **parameters: Any) -> str:
        """A new chat with a model that goes on and on."""
        return self.chat(ENDLESS, parameters=ENDLESS_TEXT | parameters)

    def send(self, chat_id: str, content: str = "Hello", **fields: Any) -> dict[str, Any]:
        """Say something; the message and the answer as they were stored."""
        sent: dict[str, Any] = self.call("POST", f"/{chat_id}/messages", {"content": content, **fields}, 201)
        return sent

    def message(self, chat_id: str, message_id: str) -> dict[str, Any]:
        """A message as it is now."""
        found: dict[str, Any] = self.call("GET", f"/{chat_id}/messages/{message_id}")
        return found

    def ended(self, chat_id: str, message_id: str) -> dict[str, Any]:
        """A message once it has ended."""
        found: dict[str, Any] = wait_until(
            lambda: (
                message if (message := self.message(chat_id, message_id))["status"] != "writing" else None
            ),
            "the message ends",
        )
        return found

    def ask(self, chat_id: str, content: str, **fields: Any) -> dict[str, Any]:
        """Say something and wait for the whole answer."""
        return self.ended(chat_id, self.send(chat_id, content, **fields)["answer"]["id"])

    def stop(self, chat_id: str, message_id: str) -> dict[str, Any]:
        """Stop an answer."""
        stopped: dict[str, Any] = self.call("POST", f"/{chat_id}/messages/{message_id}/stop")
        return stopped

    def listen(
        self,
        chat_id: str,
        message_id: str,
        after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "Listener":
        """Listen to an answer on a thread of its own."""
        query = "" if after is None else f"?after={after}"
        return Listener(self.client, f"{ROOT}/{chat_id}/messages/{message_id}/events{query}", headers)


class Listener:
    """Reads a stream of events on a thread until it ends, however it ends."""

    def __init__(self, client: httpx.Client, path: str, headers: Mapping[str, str] | None = None) -> None:
        self.events: list[Event] = []
        self.status: int | None = None
        self.fault: Exception | None = None
        self._response: httpx.Response | None = None
        self._thread = threading.Thread(target=self._read, args=(client, path, headers), daemon=True)
        self._thread.start()

    @property
    def pieces(self) -> list[dict[str, Any]]:
        """The pieces that were seen, each with its number as the event's id."""
        found = [event for event in self.events if event.name == "piece"]
        assert all(event.id == str(event.data["number"]) for event in found)
        return [event.data for event in found]

    @property
    def text(self) -> str:
        """The content that was seen."""
        return "".join(piece["text"] for piece in self.pieces if piece["kind"] == "content")

    def wait_pieces(self, count: int) -> None:
        """Wait until so many pieces were seen."""
        wait_until(lambda: len(self.pieces) >= count or not self._thread.is_alive(), f"{count} pieces come")
        assert len(self.pieces) >= count, (self.status, self.fault, self.events[-3:])

    def wait(self) -> Event:
        """The last event, once the stream has ended."""
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the stream did not end"
        assert self.events, (self.status, self.fault)
        return self.events[-1]

    def _read(self, client: httpx.Client, path: str, headers: Mapping[str, str] | None) -> None:
        try:
            with client.stream("GET", path, headers=headers) as response, closing(response):
                self.status = response.status_code
                for event in read_events(response.iter_raw()):
                    self.events.append(event)
        except httpx.HTTPError as error:
            self.fault = error
