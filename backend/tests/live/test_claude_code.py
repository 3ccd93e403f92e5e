"""Claude Code's conversation: each turn reads only what is new."""

import uuid
from typing import Any

from tests import claude_code
from tests.live.messages import COUNT, post, prompt_tokens
from tests.live.server import Server


def test_a_claude_code_conversation_reads_on(server: Server) -> None:
    salt = uuid.uuid4().hex
    first = first_answer(server, salt)
    blocks = first["content"]
    before = prompt_tokens(first["usage"])
    assert first["usage"]["cache_read_input_tokens"] == 0
    said = [claude_code.text("And what is its licence?", marked=True)]
    body = claude_code.second_turn(blocks, said, salt=salt, tools=())
    second = post(server, body, claude_code.PATH, headers=claude_code.HEADERS)
    usage = second["usage"]
    # All of the first prompt, but for the call for the answer, which may be kept with it or not.
    assert usage["cache_read_input_tokens"] >= before - 4
    assert usage["input_tokens"] <= prompt_tokens(usage) - before + 4
    again = post(server, body, claude_code.PATH)
    assert again["usage"]["input_tokens"] == 1
    assert again["content"] == second["content"]


def first_answer(server: Server, salt: str) -> dict[str, Any]:
    body = claude_code.first_turn(salt=salt, tools=())
    counted = post(server, body, f"{COUNT}?beta=true", headers=claude_code.HEADERS)
    answer = server.post(claude_code.PATH, body, headers=claude_code.HEADERS)
    assert answer.status_code == 200, answer.text
    named = answer.headers["x-ignored-fields"].split(", ")
    assert {"system.0", "metadata", "context_management", "output_config.effort"} <= set(named)
    whole: dict[str, Any] = answer.json()
    assert prompt_tokens(whole["usage"]) == counted["input_tokens"]
    assert whole["stop_reason"] == "end_turn"
    return whole
