"""Calls as blocks of messages: streamed and whole, and sent back with what they came to."""

from typing import Any

import pytest
from anthropic import Anthropic

from tests.live.messages import COUNT, GREEDY, post, prompt_tokens, streamed, text_of
from tests.live.server import Server

WEATHER = {
    "name": "get_weather",
    "description": "Gets the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
QUESTION = {"role": "user", "content": "What is the weather in Paris?"}
ASKED: dict[str, Any] = {"model": "demo", "max_tokens": 100, "messages": [QUESTION], "tools": [WEATHER]}


def blocks(message: Any) -> list[dict[str, Any]]:
    """A message's blocks without the calls' ids, which are new in every answer."""
    return [block.to_dict() | {"id": None} for block in message.content]


@pytest.mark.parametrize("thinking", ["disabled", "adaptive"])
def test_a_call_is_the_same_both_ways(claude: Anthropic, thinking: str) -> None:
    fields = GREEDY | {"thinking": {"type": thinking}}
    whole = claude.messages.create(**ASKED, extra_body=fields)
    with claude.messages.stream(**ASKED, extra_body=fields) as stream:
        final = stream.get_final_message()
    assert blocks(final) == blocks(whole)
    assert whole.stop_reason == final.stop_reason == "tool_use"
    call = whole.content[-1]
    assert call.type == "tool_use"
    assert (call.name, call.input) == ("get_weather", {"city": "Paris"})


def test_the_arguments_are_streamed_as_json(server: Server) -> None:
    events = streamed(server, ASKED | GREEDY)
    (start,) = [event for event in events if event["type"] == "content_block_start"]
    assert start["content_block"]["type"] == "tool_use"
    assert start["content_block"]["input"] == {}
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert {delta["type"] for delta in deltas} == {"input_json_delta"}
    assert "Paris" in "".join(delta["partial_json"] for delta in deltas)


def test_a_result_is_read_and_answered(server: Server, claude: Anthropic) -> None:
    first = post(server, ASKED | GREEDY)
    call = first["content"][-1]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "18 degrees, sunny"}
    messages = [
        QUESTION,
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [result]},
    ]
    body = ASKED | {"messages": messages}
    answer = claude.messages.create(**body, extra_body=GREEDY)
    assert answer.stop_reason == "end_turn"
    assert "18" in text_of(answer)
    usage = answer.usage.to_dict()
    assert prompt_tokens(usage) == post(server, body, COUNT)["input_tokens"]
    assert usage["cache_read_input_tokens"] >= prompt_tokens(first["usage"]) - 4


def test_where_none_may_be_called_none_is(claude: Anthropic) -> None:
    answer = claude.messages.create(**ASKED, tool_choice={"type": "none"}, extra_body=GREEDY)
    assert "tool_use" not in {block.type for block in answer.content}
    assert answer.stop_reason != "tool_use"
