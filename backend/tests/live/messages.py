"""What the tests of Anthropic's dialect need to talk to a server."""

import json
from typing import Any

import httpx
from anthropic import Anthropic

from tests.live.server import DEADLINE_S, ENDLESS, Server

PATH = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
QUESTION = {"role": "user", "content": "What is MLX Manager?"}
ASKED: dict[str, Any] = {"model": "demo", "max_tokens": 64, "messages": [QUESTION]}
GREEDY = {"temperature": 0}
ENDLESSLY: dict[str, Any] = {
    "model": ENDLESS,
    "max_tokens": 60_000,  # what is reserved for it is memory; this is minutes of text
    "messages": [{"role": "user", "content": "Hello"}],
}
HOT = {"temperature": 1, "seed": 1}


def sdk(server: Server, **options: Any) -> Anthropic:
    """Anthropic's own SDK, pointed at a server; it does not repeat failed requests."""
    credential = options or {"api_key": "unused"}
    return Anthropic(base_url=server.base_url, max_retries=0, timeout=DEADLINE_S, **credential)


def events(response: httpx.Response) -> list[dict[str, Any]]:
    """A stream's events to its end; each is named by its type."""
    assert response.status_code == 200, response.read()
    assert response.headers["content-type"].startswith("text/event-stream")
    name, found = "", []
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line:
            found.append(json.loads(line.removeprefix("data: ")))
            assert found[-1]["type"] == name
    return found


def streamed(server: Server, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Stream an answer to its end."""
    with server.client.stream("POST", PATH, json=body | {"stream": True}) as response:
        return events(response)


def post(server: Server, body: dict[str, Any], path: str = PATH, **options: Any) -> dict[str, Any]:
    """The answer to a request that is answered."""
    response = server.post(path, body, **options)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def prompt_tokens(usage: dict[str, Any]) -> int:
    """All tokens of the prompt, wherever they came from."""
    kinds = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(usage[kind] for kind in kinds)


def text_of(message: Any) -> str:
    """A message's text."""
    return "".join(block.text for block in message.content if block.type == "text")


def check_error(
    response: httpx.Response, status: int, kind: str, param: str | None = None, code: str = ""
) -> None:
    """Anthropic's envelope, with the request's id in it and in both headers."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"type", "error", "request_id"}
    assert (body["type"], body["error"]["type"], body["error"]["param"]) == ("error", kind, param)
    assert not code or body["error"]["code"] == code
    assert body["request_id"] == response.headers["request-id"] == response.headers["x-request-id"]
