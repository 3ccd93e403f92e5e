"""Claude Code's conversation: each turn reads only what is new."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from tests import claude_code
from tests.live.messages import COUNT, post, prompt_tokens
from tests.live.server import Server


@pytest.mark.parametrize("tools", [(), claude_code.TOOLS], ids=["talk", "tools"])
def test_the_second_turn_reads_what_is_new(server: Server, tools: Sequence[Any]) -> None:
    salt = uuid.uuid4().hex
    first = first_answer(server, claude_code.first_turn(salt=salt, tools=tools))
    before = prompt_tokens(first["usage"])
    body = claude_code.second_turn(first["content"], next_turn(first["content"]), salt=salt, tools=tools)
    second = post(server, body, claude_code.PATH, headers=claude_code.HEADERS)
    usage = second["usage"]
    # All of the first prompt, but for the call for the answer, which may be kept with it or not.
    assert usage["cache_read_input_tokens"] >= before - 4
    assert usage["input_tokens"] <= prompt_tokens(usage) - before + 4
    again = post(server, body, claude_code.PATH)
    assert again["usage"]["input_tokens"] == 1
    assert again["content"] == second["content"]


def first_answer(server: Server, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to the first request, which reads all of its prompt."""
    counted = post(server, body, f"{COUNT}?beta=true", headers=claude_code.HEADERS)
    answer = server.post(claude_code.PATH, body, headers=claude_code.HEADERS)
    assert answer.status_code == 200, answer.text
    named = answer.headers["x-ignored-fields"].split(", ")
    assert {"system.0", "metadata", "context_management", "output_config.effort"} <= set(named)
    whole: dict[str, Any] = answer.json()
    assert prompt_tokens(whole["usage"]) == counted["input_tokens"]
    assert whole["usage"]["cache_read_input_tokens"] == 0
    return whole


def next_turn(answer: Sequence[Any]) -> list[Any]:
    """What the client says next: what the calls came to, if there were any, and a question."""
    calls = [block["id"] for block in answer if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": call, "content": "It is MIT."} for call in calls]
    return [*results, claude_code.text("And what is its licence?", marked=True)]
