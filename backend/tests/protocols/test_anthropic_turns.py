"""Claude Code's second turn begins with its first one's tokens, whatever it has changed around them."""

from typing import Any

import pytest

from mlx_manager.mlx_server.protocols.anthropic_messages.parse import Parsed, parse_messages
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer
from tests.claude_code import TOOLS, first_turn, second_turn, text
from tests.live.server import DEMO

ANSWER = [
    {"type": "thinking", "thinking": "I look.", "signature": "EqQB"},
    text("I look."),
    {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"file_path": "README.md"}},
]
RESULTS: list[Any] = [
    [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "It is two programs."}],
    [
        {
            "type": "tool_result",
            "tool_use_id": "toolu_1",
            "is_error": True,
            "content": [text("no such file"), {"type": "tool_reference", "tool_name": "WebFetch"}],
            "cache_control": {"type": "ephemeral"},
        },
        text("Try again.", marked=True),
    ],
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(DEMO)


def encode(tokenizer: Tokenizer, parsed: Parsed) -> EncodedPrompt:
    return tokenizer.encode(parsed.generation.prompts[0])


@pytest.mark.parametrize("tools", [TOOLS, TOOLS[:1], []])
@pytest.mark.parametrize("result", RESULTS)
def test_the_second_turn_begins_with_the_first(tokenizer: Tokenizer, tools: list[Any], result: Any) -> None:
    first = encode(tokenizer, parse_messages(first_turn(tools=tools), "r1"))
    second = encode(tokenizer, parse_messages(second_turn(ANSWER, result, tools=tools), "r2"))
    # All of it, and the call for the assistant's turn that ends it.
    assert second.token_ids[: len(first.token_ids)] == first.token_ids
    assert first.text.endswith("<|im_start|>assistant\n")
    assert "billing" not in first.text
    assert "I look." in second.text[len(first.text) :]


def test_prefixes_are_kept_where_the_marks_are(tokenizer: Tokenizer) -> None:
    prompt = encode(tokenizer, parse_messages(first_turn(), "r"))
    kept = {tokenizer.decode(prompt.token_ids[: end.position])[-30:] for end in prompt.boundaries}
    assert any(end.endswith("help people with their files.") for end in kept)


def test_what_has_no_effect_is_named(tokenizer: Tokenizer) -> None:
    parsed = parse_messages(first_turn(), "r")
    assert set(parsed.ignored) == {
        "system.0",
        "system.1.cache_control.ttl",
        "system.2.cache_control.ttl",
        "messages.0.content.1.cache_control.ttl",
        "messages.1.content.0.cache_control.ttl",
        "tools.1.defer_loading",
        "tools.1.eager_input_streaming",
        "tools.2",
        "thinking.display",
        "context_management",
        "metadata",
    }
    assert encode(tokenizer, parsed).ignored == ("output_config.effort",)
