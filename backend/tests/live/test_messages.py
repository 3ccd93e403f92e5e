"""Messages: what Anthropic's own SDK gets, and plain HTTP for what that does not show."""

from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import Message

from tests.live.messages import (
    ASKED,
    COUNT,
    GREEDY,
    HOT,
    PATH,
    QUESTION,
    post,
    prompt_tokens,
    streamed,
    text_of,
)
from tests.live.server import Server


@pytest.mark.parametrize("fields", [GREEDY, GREEDY | {"thinking": {"type": "enabled"}}, HOT])
def test_the_sdk_gets_the_same_both_ways(claude: Anthropic, fields: dict[str, Any]) -> None:
    whole = claude.messages.create(**ASKED, extra_body=fields)
    Message.model_validate(whole.model_dump(exclude_unset=True), strict=True)
    with claude.messages.stream(**ASKED, extra_body=fields) as stream:
        final = stream.get_final_message()
    assert [block.to_dict() for block in final.content] == [block.to_dict() for block in whole.content]
    assert (final.stop_reason, final.stop_sequence) == (whole.stop_reason, whole.stop_sequence)
    assert text_of(whole)
    hints = {"thinking": fields.get("thinking")}
    counted = claude.messages.count_tokens(model="demo", messages=[QUESTION], extra_body=hints)
    for message in (whole, final):
        assert prompt_tokens(message.usage.to_dict()) == counted.input_tokens
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert any(block.type == "thinking" for block in whole.content) == ("thinking" in fields)


def test_thinking_is_switched_and_comes_back(claude: Anthropic) -> None:
    thought = claude.messages.create(**ASKED, thinking={"type": "adaptive"}, extra_body=GREEDY)
    assert thought.content[0].type == "thinking"
    assert thought.content[0].signature
    plain = claude.messages.create(**ASKED, thinking={"type": "disabled"}, extra_body=GREEDY)
    assert [block.type for block in plain.content] == ["text"]
    more = [QUESTION, {"role": "assistant", "content": thought.content}, QUESTION]
    again = claude.messages.create(model="demo", max_tokens=8, messages=more)
    assert again.usage.output_tokens > 0


def test_stop_sequences(claude: Anthropic) -> None:
    full = text_of(claude.messages.create(**ASKED, extra_body=GREEDY))
    word = full.split()[3]
    stopped = claude.messages.create(**ASKED, stop_sequences=["never", word], extra_body=GREEDY)
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", word)
    assert text_of(stopped) == full[: full.index(word)]


def test_why_an_answer_ends(claude: Anthropic) -> None:
    short = claude.messages.create(**ASKED | {"max_tokens": 2}, extra_body=GREEDY)
    assert (short.stop_reason, short.stop_sequence, short.usage.output_tokens) == ("max_tokens", None, 2)
    # More than the window holds is cut to it.
    long = claude.messages.create(**ASKED | {"max_tokens": 128_000}, extra_body=GREEDY)
    assert long.stop_reason == "end_turn"


def test_a_prefill_is_gone_on_with(claude: Anthropic) -> None:
    full = text_of(claude.messages.create(**ASKED, extra_body=GREEDY))
    begun = " ".join(full.split()[:4])
    messages = [QUESTION, {"role": "assistant", "content": begun}]
    rest = claude.messages.create(**ASKED | {"messages": messages}, extra_body=GREEDY)
    assert full.startswith((begun + text_of(rest))[: len(full)])
    assert len(text_of(rest)) > 10
    with pytest.raises(anthropic.BadRequestError, match="cannot end with trailing whitespace"):
        claude.messages.create(**ASKED | {"messages": [QUESTION, {"role": "assistant", "content": "It "}]})


def test_a_stream_of_events(server: Server) -> None:
    body = ASKED | GREEDY | {"cache_debug": True, "max_tokens": 5}
    start, ping, *_, delta, stop = streamed(server, body)
    assert (ping, stop) == ({"type": "ping"}, {"type": "message_stop"})
    usage = start["message"]["usage"]
    assert prompt_tokens(usage) == prompt_tokens(delta["usage"])
    assert usage["output_tokens"] == 0
    assert delta["usage"]["output_tokens"] == 5
    assert delta["timings"]["total_ms"] > 0
    assert delta["cache_debug"]["prompt_tokens"] == prompt_tokens(usage)
    whole = post(server, body)
    assert whole["timings"]["total_ms"] > 0
    assert whole["cache_debug"]["cached_tokens"] == whole["usage"]["cache_read_input_tokens"]


def test_headers(server: Server) -> None:
    fields = {"metadata": {"user_id": "u"}, "service_tier": "auto", "output_config": {"effort": "low"}}
    for stream in (False, True):
        headers = {"anthropic-version": "2031-01-01", "anthropic-beta": "x-2031-01-01,y", "x-request-id": "q"}
        answer = server.post(f"{PATH}?beta=true", ASKED | fields | {"stream": stream}, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["request-id"] == answer.headers["x-request-id"]
        named = set(answer.headers["x-ignored-fields"].split(", "))
        assert {"metadata", "service_tier"} <= named
    counted = server.post(COUNT, ASKED | fields)
    assert counted.headers["request-id"] == counted.headers["x-request-id"]
    assert "metadata" in counted.headers["x-ignored-fields"]


@pytest.mark.parametrize("strange", [{}, [], "high", 3, {"type": "new"}, {"budget_tokens": 0}])
def test_no_thinking_and_no_effort_is_fatal(server: Server, strange: Any) -> None:
    for fields in (
        {"thinking": strange},
        {"output_config": strange},
        {"output_config": {"effort": strange}},
        {"thinking": {"type": "enabled", "budget_tokens": strange, "display": strange}},
    ):
        assert post(server, ASKED | {"max_tokens": 1} | fields)["usage"]["output_tokens"] == 1
