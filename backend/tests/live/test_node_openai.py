"""Chat and text completions through OpenAI's SDK for Node."""

from typing import Any

import pytest

from tests.live.node_sdk import NodeSdk, one_leaves
from tests.live.server import ENDLESS, Server, chunk_text, endless_chat, endless_completion

CHAT: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "What is MLX Manager?"}],
    "max_tokens": 48,
    "temperature": 0,
}
TEXT: dict[str, Any] = {"model": "demo", "prompt": "Hello, this is", "max_tokens": 32, "temperature": 0}
STREAMED: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer but for what differs between two equal requests."""
    usage = {name: count for name, count in answer["usage"].items() if name != "prompt_tokens_details"}
    differing = ("id", "created", "timings")
    return {name: value for name, value in answer.items() if name not in differing} | {"usage": usage}


def check_stream(items: list[Any], text: str, whole: dict[str, Any]) -> None:
    """A stream's chunks add up to the whole answer, its usage comes last."""
    assert "".join(map(chunk_text, items)) == text
    reasons = [choice["finish_reason"] for item in items for choice in item["choices"]]
    assert reasons == [None] * (len(reasons) - 1) + [whole["choices"][0]["finish_reason"]]
    assert lasting(items[-1])["usage"] == lasting(whole)["usage"]
    assert len({item["id"] for item in items}) == 1


def test_a_whole_chat_is_what_plain_http_gives(node_openai: NodeSdk, server: Server) -> None:
    whole = node_openai.call("chat.completions.create", CHAT).result
    assert lasting(whole) == lasting(server.post("/v1/chat/completions", CHAT).json())
    assert whole["choices"][0]["message"]["content"]
    assert whole["usage"]["completion_tokens"] > 0


def test_a_streamed_chat_is_the_whole_one(node_openai: NodeSdk, server: Server) -> None:
    whole = server.post("/v1/chat/completions", CHAT).json()
    streamed = node_openai.call("chat.completions.create", {**CHAT, **STREAMED})
    check_stream(streamed.items, whole["choices"][0]["message"]["content"], whole)


def test_what_the_sdk_puts_together_is_the_whole_chat(node_openai: NodeSdk, server: Server) -> None:
    whole = server.post("/v1/chat/completions", CHAT).json()
    options = {"stream_options": STREAMED["stream_options"]}
    streamed = node_openai.call("chat.completions.stream", {**CHAT, **options})
    check_stream(streamed.items, whole["choices"][0]["message"]["content"], whole)
    (choice,), (expected,) = streamed.result["choices"], whole["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"] == expected["message"]["content"]
    assert choice["finish_reason"] == expected["finish_reason"]
    assert lasting(streamed.result)["usage"] == lasting(whole)["usage"]


def test_text_completions_are_the_same_both_ways(node_openai: NodeSdk, server: Server) -> None:
    whole = node_openai.call("completions.create", TEXT).result
    assert lasting(whole) == lasting(server.post("/v1/completions", TEXT).json())
    streamed = node_openai.call("completions.create", {**TEXT, **STREAMED})
    check_stream(streamed.items, whole["choices"][0]["text"], whole)


def test_models_are_listed_and_retrieved(node_openai: NodeSdk) -> None:
    models = node_openai.call("models.list").items
    assert [(model["id"], model["object"]) for model in models] == [("demo", "model"), (ENDLESS, "model")]
    assert node_openai.call("models.retrieve", "demo").result["id"] == "demo"


@pytest.mark.parametrize("method", ["chat.completions.create", "chat.completions.stream"])
@pytest.mark.parametrize(
    ("changed", "name", "status", "param", "code"),
    [
        ({"model": "nothing"}, "NotFoundError", 404, "model", "model_not_found"),
        ({"temperature": 3}, "BadRequestError", 400, "temperature", "invalid_request"),
    ],
)
def test_errors_are_those_that_the_sdk_knows(
    node_openai: NodeSdk,
    server: Server,
    method: str,
    changed: dict[str, Any],
    name: str,
    status: int,
    param: str,
    code: str,
) -> None:
    body = {**CHAT, **changed}
    expected = server.post("/v1/chat/completions", body).json()["error"]
    error = node_openai.error(method, body)
    assert (error["name"], error["status"], error["param"], error["code"]) == (name, status, param, code)
    assert error["body"] == expected
    assert error["message"] == f"{status} {expected['message']}"
    assert error["requestID"]


@pytest.mark.parametrize(
    ("method", "body"),
    [("chat.completions.create", endless_chat), ("completions.create", endless_completion)],
)
def test_an_aborted_stream_leaves_the_server_idle(
    node_openai: NodeSdk, server: Server, method: str, body: Any
) -> None:
    with one_leaves(server):
        aborted = node_openai.call(method, body(stream=True), abort_after=4)
    assert len(aborted.items) >= 4


def test_aborting_what_the_sdk_puts_together_leaves_the_server_idle(
    node_openai: NodeSdk, server: Server
) -> None:
    with one_leaves(server):
        error = node_openai.error("chat.completions.stream", endless_chat(), abort_after=4)
    assert error["name"] == "APIUserAbortError"
    assert node_openai.call("chat.completions.create", CHAT).result["choices"]
