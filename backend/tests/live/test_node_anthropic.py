"""Messages through Anthropic's SDK for Node."""

from typing import Any

import pytest

from tests.live.node_sdk import NodeSdk, one_leaves
from tests.live.server import ENDLESS, Server

MESSAGES: list[Any] = [{"role": "user", "content": "What is MLX Manager?"}]
ASKED: dict[str, Any] = {"model": "demo", "messages": MESSAGES, "max_tokens": 48, "temperature": 0}
# What is reserved for it is memory; this is minutes of text.
UNENDING: dict[str, Any] = {"model": ENDLESS, "messages": MESSAGES, "max_tokens": 60_000, "temperature": 1}


def text_of(message: dict[str, Any]) -> str:
    """The text of a message's blocks."""
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


def num_read(usage: dict[str, Any]) -> int:
    """Tokens of the prompt, those from the cache included."""
    cached = ("cache_read_input_tokens", "cache_creation_input_tokens")
    return int(usage["input_tokens"]) + sum(usage.get(name) or 0 for name in cached)


@pytest.fixture(scope="module")
def whole(node_anthropic: NodeSdk) -> dict[str, Any]:
    """The answer that is not streamed."""
    message: dict[str, Any] = node_anthropic.call("messages.create", ASKED).result
    return message


def test_a_whole_message_is_what_a_chat_gives(whole: dict[str, Any], server: Server) -> None:
    chat = server.post("/v1/chat/completions", ASKED).json()
    assert (whole["type"], whole["role"], whole["model"]) == ("message", "assistant", "demo")
    assert text_of(whole) == chat["choices"][0]["message"]["content"] != ""
    reasons = {"stop": "end_turn", "length": "max_tokens"}
    assert whole["stop_reason"] == reasons[chat["choices"][0]["finish_reason"]]
    assert whole["usage"]["input_tokens"] > 0
    assert num_read(whole["usage"]) == chat["usage"]["prompt_tokens"]
    assert whole["usage"]["output_tokens"] == chat["usage"]["completion_tokens"]


def test_a_stream_adds_up_to_the_whole_message(node_anthropic: NodeSdk, whole: dict[str, Any]) -> None:
    events = node_anthropic.call("messages.create", {**ASKED, "stream": True}).items
    types = [event["type"] for event in events if event["type"] != "ping"]
    assert (types[0], types[-2:]) == ("message_start", ["message_delta", "message_stop"])
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert "".join(delta["text"] for delta in deltas if delta["type"] == "text_delta") == text_of(whole)
    (end,) = [event for event in events if event["type"] == "message_delta"]
    assert end["delta"]["stop_reason"] == whole["stop_reason"]
    assert end["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


def test_what_the_sdk_puts_together_is_the_whole_message(
    node_anthropic: NodeSdk, whole: dict[str, Any]
) -> None:
    message = node_anthropic.call("messages.stream", ASKED).result
    for name in ("type", "role", "model", "content", "stop_reason", "stop_sequence"):
        assert message[name] == whole[name], name
    assert num_read(message["usage"]) == num_read(whole["usage"])
    assert message["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


def test_tokens_are_counted_as_they_are_reported(node_anthropic: NodeSdk, whole: dict[str, Any]) -> None:
    counted = node_anthropic.call("messages.countTokens", {"model": "demo", "messages": MESSAGES}).result
    assert counted["input_tokens"] == num_read(whole["usage"])


def test_models_are_listed(node_anthropic: NodeSdk) -> None:
    assert [model["id"] for model in node_anthropic.call("models.list").items] == ["demo", ENDLESS]


@pytest.mark.parametrize("method", ["messages.create", "messages.stream"])
@pytest.mark.parametrize(
    ("changed", "name", "status", "kind"),
    [
        ({"model": "nothing"}, "NotFoundError", 404, "not_found_error"),
        ({"temperature": 3}, "BadRequestError", 400, "invalid_request_error"),
    ],
)
def test_errors_are_those_that_the_sdk_knows(
    node_anthropic: NodeSdk, method: str, changed: dict[str, Any], name: str, status: int, kind: str
) -> None:
    error = node_anthropic.error(method, {**ASKED, **changed})
    assert (error["name"], error["status"]) == (name, status)
    assert (error["body"]["type"], error["body"]["error"]["type"]) == ("error", kind)
    assert error["body"]["error"]["message"]


def test_an_aborted_stream_leaves_the_server_idle(node_anthropic: NodeSdk, server: Server) -> None:
    with one_leaves(server):
        aborted = node_anthropic.call("messages.create", {**UNENDING, "stream": True}, abort_after=4)
    assert len(aborted.items) >= 4
    with one_leaves(server):
        error = node_anthropic.error("messages.stream", UNENDING, abort_after=4)
    assert error["name"] == "APIUserAbortError"
