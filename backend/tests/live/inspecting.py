"""Requests of a live server, as `/admin/requests` tells of them and ends them."""

import json
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

from tests.live.server import DEADLINE_S, PLAIN, Server, wait_until


def asked(server: Server, path: str, body: Mapping[str, Any], request_id: str, *, stream: bool) -> "Asked":
    """Send a request on a thread; a stream is read to its end, too."""
    sent = dict(body) | ({"stream": True} if stream else {})
    threads = ThreadPoolExecutor(1)
    headers = {"x-request-id": request_id}
    answer = threads.submit(httpx.post, f"{server.base_url}{path}", json=sent, headers=headers, **PLAIN)
    threads.shutdown(wait=False)
    return Asked(server, request_id, answer)


class Asked:
    """A request that was sent, and that somebody is to end."""

    def __init__(self, server: Server, request_id: str, answer: "Future[httpx.Response]") -> None:
        self._server = server
        self._answer = answer
        self.request_id = request_id

    def view(self) -> dict[str, Any]:
        """What is told of it; empty before it has come."""
        return view(self._server, self.request_id)

    def wait_phase(self, phase: str) -> dict[str, Any]:
        """Wait until it is there."""
        return wait_phase(self._server, self.request_id, phase)

    def cancel(self) -> dict[str, Any]:
        """End it; what is told of it then."""
        told = cancelled(cancel(self._server, self.request_id))
        assert self.view()["phase"] == "cancelled"
        return told

    def check_error(self, status: int) -> None:
        """Its caller was told, in its dialect; with status 200 by the last event of its stream."""
        answer = self._answer.result(DEADLINE_S)
        assert answer.status_code == status, answer.text
        if status == 200:
            lines = [line for line in answer.text.splitlines() if line.startswith("data: {")]
            last = json.loads(lines[-1].removeprefix("data: "))
            if last.get("type") == "response.failed":  # its clients know no such code
                last = last["response"]
                assert (last["status"], last["error"]["code"]) == ("failed", "server_error")
                last["error"]["code"] = "cancelled"
        else:
            last = answer.json()
        assert last["error"]["code"] == "cancelled"
        assert last["error"]["message"] == "an administrator has ended this request"


def view(server: Server, request_id: str) -> dict[str, Any]:
    """What is told of a request; empty where there is none."""
    answer = server.client.get(f"/admin/requests/{request_id}")
    assert answer.status_code in (200, 404), answer.text
    body: dict[str, Any] = answer.json()
    return body if answer.status_code == 200 else {}


def wait_phase(server: Server, request_id: str, phase: str) -> dict[str, Any]:
    """Wait until a request is there; what is told of it."""
    told: dict[str, Any] = wait_until(
        lambda: told if (told := view(server, request_id)).get("phase") == phase else None, f"it is {phase}"
    )
    return told


def cancel(server: Server, request_id: str) -> httpx.Response:
    """Try to end one."""
    return server.client.post(f"/admin/requests/{request_id}/cancel")


def cancelled(answer: httpx.Response) -> dict[str, Any]:
    """What is told of one that was ended."""
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert (told["phase"], told["is_running"]) == ("cancelled", False), told
    assert told["detail"] == "by an administrator"
    return told
