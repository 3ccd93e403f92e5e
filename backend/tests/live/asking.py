"""A live server, asked as the conformance tables ask."""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.conformance.record import Endpoint, Field, Reply
from tests.live.server import BackgroundStream, Server, endless_completion, wait_until


class LiveAsk:
    """Asks one endpoint of a server; what is asked the same way twice is remembered where it may be.

    Args:
        server: shared, and left as it was.
        narrow: gives a server that answers one request at a time, and whose model `telling` has a template
            that writes down all it is told, and a tokenizer that puts a token before each text.
    """

    def __init__(self, server: Server, endpoint: Endpoint, narrow: Callable[[], Server]) -> None:
        self._server = server
        self._endpoint = endpoint
        self._narrow = narrow

    @property
    def wild(self) -> dict[str, Any]:
        return {"temperature": self._endpoint.dialect.hottest, "seed": 5}

    def length(self, num_tokens: int) -> dict[str, Any]:
        return {self._endpoint.dialect.limit: num_tokens}

    def cached(self, reply: Reply) -> int:
        return self._endpoint.dialect.cached(reply.body)

    def plain_body(self, **others: Any) -> dict[str, Any]:
        return {**self._endpoint.base, **others}

    def plain(self, **others: Any) -> Reply:
        return self.send(self.plain_body(**others))

    def body(self, entry: Field, value: Any = ..., **others: Any) -> dict[str, Any]:
        return entry.placed({**self._endpoint.base, **others}, value)

    def asked(self, entry: Field, value: Any = ..., **others: Any) -> Reply:
        return self.send(self.body(entry, value, **others))

    def send(self, body: Mapping[str, Any]) -> Reply:
        """The endpoint's answer to exactly this."""
        return self._read(self._server.post(self._endpoint.path, body))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return _json(self._server.post(path, body))

    def get(self, path: str) -> Any:
        return _json(self._server.client.get(path))

    def prompt(self, body: Mapping[str, Any]) -> str:
        return self._rendered(self._server, body).text

    def _rendered(self, server: Server, body: Mapping[str, Any]) -> Reply:
        shown = server.post(self._endpoint.prompt_route, body)
        assert shown.status_code == 200, shown.text
        body = shown.json()
        text = body.get("prompt", "")
        return Reply(200, body, "", _ignored(shown), text=text, num_read=body["count"])

    def told(self, body: Mapping[str, Any]) -> Reply:
        return self._rendered(self._narrow(), {**body, "model": "telling"})

    def wait_until(self, condition: Callable[[], Any], what: str) -> Any:
        return wait_until(condition, what)

    def race(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[int]:
        lane = self._narrow()
        holder = BackgroundStream(lane, "/v1/completions", endless_completion())
        holder.wait_flowing()
        order: list[int] = []

        def run(number: int, body: Mapping[str, Any]) -> None:
            answer = lane.post(self._endpoint.path, {**body, "model": "endless", **self.length(64)})
            order.append(number if answer.status_code == 200 else -1)

        threads = []
        for number, body in enumerate((first, second)):
            threads.append(threading.Thread(target=run, args=(number, body)))
            threads[-1].start()
            wait_until(lambda: (lane.engine() or {})["num_waiting"] == len(threads), "it waits")
        holder.leave()
        for thread in threads:
            thread.join()
        lane.wait_idle()
        return order

    def _read(self, response: httpx.Response) -> Reply:
        kind = response.headers.get("content-type", "")
        ignored = _ignored(response)
        dialect = self._endpoint.dialect
        if kind.startswith("text/event-stream"):
            payloads = [line for line in response.text.splitlines() if line.startswith("data: {")]
            events = tuple(json.loads(line.removeprefix("data: ")) for line in payloads)
            text = "".join(map(dialect.delta, events))
            return Reply(response.status_code, None, kind, ignored, events, text)
        body = response.json()
        if response.status_code != 200:
            return Reply(response.status_code, body, kind, ignored)
        return Reply(
            200,
            body,
            kind,
            ignored,
            text=dialect.text(body),
            num_read=dialect.num_read(body),
            num_drawn=dialect.num_drawn(body),
            is_cut=dialect.is_cut(body),
            calls=dialect.calls(body),
        )


class ForgetfulAsk(LiveAsk):
    """Sends everything but the field, as if the server dropped it."""

    def body(self, entry: Field, value: Any = ..., **others: Any) -> dict[str, Any]:
        return {**self._endpoint.base, **others, **entry.within}

    def wait_until(self, condition: Callable[[], Any], what: str) -> Any:
        return wait_until(condition, what, deadline_s=1)


def _json(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def _ignored(response: httpx.Response) -> tuple[str, ...]:
    named = response.headers.get("x-ignored-fields", "")
    return tuple(named.split(", ")) if named else ()
