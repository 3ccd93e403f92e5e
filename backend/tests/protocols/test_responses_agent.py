"""A coding agent's turns: the second begins like the first, and what has no effect is named."""

from typing import Any

import pytest

from mlx_manager.mlx_server.domain.request import ChatPrompt
from mlx_manager.mlx_server.protocols.openai_responses.parse import (
    ParsedResponses,
    parse_responses,
    read_request,
)
from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from tests.agent_turns import ANSWER, FIRST, RESULTS, TOOLS, request
from tests.live.server import DEMO


def parse(body: dict[str, Any]) -> ParsedResponses:
    return parse_responses(read_request(body), "r")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(DEMO)


def text_of(tokenizer: Tokenizer, body: dict[str, Any]) -> str:
    prompt = parse(body).generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    return tokenizer.encode(prompt).text


@pytest.mark.parametrize("among_items", [False, True])
def test_the_second_turn_begins_like_the_first(tokenizer: Tokenizer, among_items: bool) -> None:
    fields: dict[str, Any] = {}
    head: list[dict[str, Any]] = []
    if among_items:
        head = [{"type": "additional_tools", "role": "developer", "id": "at_a", "tools": TOOLS}]
        fields = {"tools": None}
    first = text_of(tokenizer, request(*head, *FIRST, **fields))
    second = text_of(tokenizer, request(*head, *FIRST, *ANSWER, *RESULTS, **fields))
    assert first.endswith("Fix the test.<|im_end|>\n<|im_start|>assistant\n")
    assert second.startswith(first)
    turn = second.removeprefix(first)
    assert turn.startswith('I look.\n<tool_call>{"name": "exec"')
    assert '"name": "notes.read", "arguments": {"path": "a"}' in turn
    assert turn.count("<tool_response>") == 2
    for name in ("exec(", "notes.read(", "edit(input: string)"):
        assert name in first
    for name in ("web_search", "local_shell", "tool_search"):
        assert name not in first.replace("You edit code.", "")


def test_what_has_no_effect_is_named() -> None:
    assert parse(request(*FIRST, *ANSWER, *RESULTS)).ignored == [
        "prompt_cache_key",
        "client_metadata",
        "text.verbosity",
        "reasoning.summary",
        "reasoning.context",
        "tools.2.description",
        "tools.3",
        "tools.4",
        "tools.5",
    ]


def test_the_reasoning_comes_back() -> None:
    prompt = parse(request(*FIRST, *ANSWER, *RESULTS)).generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    [assistant] = [message for message in prompt.messages if message.role == "assistant"]
    assert assistant.reasoning == "I should look first."
    assert [call.name for call in assistant.tool_calls] == ["exec", "notes.read"]
