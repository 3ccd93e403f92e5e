"""Responses through OpenAI's SDK for Node."""

from typing import Any

import pytest

from tests.live.node_sdk import NodeSdk, one_leaves
from tests.live.server import ENDLESS, Server

QUESTION = "What is MLX Manager?"
ASKED: dict[str, Any] = {"model": "demo", "input": QUESTION, "max_output_tokens": 48, "temperature": 0}
# What is reserved for it is memory; this is minutes of text.
UNENDING: dict[str, Any] = {
    "model": ENDLESS,
    "input": QUESTION,
    "max_output_tokens": 60_000,
    "temperature": 1,
}


def contents(response: dict[str, Any]) -> list[Any]:
    """What each item of the output holds, without the ids."""
    return [(item["type"], item["status"], item.get("content")) for item in response["output"]]


def num_tokens(response: dict[str, Any]) -> tuple[int, int]:
    """Tokens that were read and drawn."""
    return response["usage"]["input_tokens"], response["usage"]["output_tokens"]


@pytest.fixture(scope="module")
def whole(node_openai: NodeSdk) -> dict[str, Any]:
    """The answer that is not streamed."""
    response: dict[str, Any] = node_openai.call("responses.create", ASKED).result
    return response


def test_a_whole_response_is_what_a_chat_gives(whole: dict[str, Any], server: Server) -> None:
    body = {"model": "demo", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 48}
    chat = server.post("/v1/chat/completions", {**body, "temperature": 0}).json()
    assert (whole["object"], whole["model"], whole["error"]) == ("response", "demo", None)
    assert whole["output_text"] == chat["choices"][0]["message"]["content"] != ""
    states = {"stop": "completed", "length": "incomplete"}
    assert whole["status"] == states[chat["choices"][0]["finish_reason"]]
    assert num_tokens(whole) == (chat["usage"]["prompt_tokens"], chat["usage"]["completion_tokens"])


def test_a_stream_adds_up_to_the_whole_response(node_openai: NodeSdk, whole: dict[str, Any]) -> None:
    events = node_openai.call("responses.create", {**ASKED, "stream": True}).items
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert (events[0]["type"], events[-1]["type"]) == ("response.created", f"response.{whole['status']}")
    deltas = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    assert "".join(deltas) == whole["output_text"]
    assert contents(events[-1]["response"]) == contents(whole)
    assert num_tokens(events[-1]["response"]) == num_tokens(whole)


def test_what_the_sdk_puts_together_is_the_whole_response(
    node_openai: NodeSdk, whole: dict[str, Any]
) -> None:
    streamed = node_openai.call("responses.stream", ASKED)
    assert streamed.result["id"] == streamed.items[0]["response"]["id"]
    for name in ("status", "model", "output_text"):
        assert streamed.result[name] == whole[name], name
    assert num_tokens(streamed.result) == num_tokens(whole)


def test_a_stored_response_is_retrieved_and_deleted(node_openai: NodeSdk) -> None:
    stored = node_openai.call("responses.create", {**ASKED, "store": True}).result
    found = node_openai.call("responses.retrieve", stored["id"]).result
    assert (found["id"], found["output"]) == (stored["id"], stored["output"])
    assert found["output_text"] == stored["output_text"]
    node_openai.call("responses.delete", stored["id"])
    gone = node_openai.error("responses.retrieve", stored["id"])
    assert (gone["name"], gone["status"]) == ("NotFoundError", 404)


@pytest.mark.parametrize("method", ["responses.create", "responses.stream"])
@pytest.mark.parametrize(
    ("changed", "name", "status", "param"),
    [
        ({"model": "nothing"}, "NotFoundError", 404, "model"),
        ({"temperature": 3}, "BadRequestError", 400, "temperature"),
    ],
)
def test_errors_are_those_that_the_sdk_knows(
    node_openai: NodeSdk, method: str, changed: dict[str, Any], name: str, status: int, param: str
) -> None:
    error = node_openai.error(method, {**ASKED, **changed})
    assert (error["name"], error["status"], error["param"]) == (name, status, param)
    assert error["body"]["message"]


def test_an_aborted_stream_leaves_the_server_idle(node_openai: NodeSdk, server: Server) -> None:
    with one_leaves(server):
        aborted = node_openai.call("responses.create", {**UNENDING, "stream": True}, abort_after=6)
    assert len(aborted.items) >= 6
    with one_leaves(server):
        error = node_openai.error("responses.stream", UNENDING, abort_after=6)
    assert error["name"] == "APIUserAbortError"
