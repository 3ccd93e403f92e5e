"""The chat template, rendered as transformers and mlx-lm render it."""

from typing import Any

import pytest
from demo_model.data import stream
from demo_model.records import MODEL_DIR, tool
from demo_model.tokenizer import render
from transformers import AutoTokenizer

WEATHER = tool("get_weather", "Get the weather", city="string", days="integer")
CALL = '<tool_call>{"name": "get_weather", "arguments": {"city": "Łódź"}}</tool_call>'


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(MODEL_DIR, local_files_only=True)


def rendered(tokenizer: Any, messages: list[dict[str, Any]], **options: Any) -> str:
    return str(tokenizer.apply_chat_template(messages, tokenize=False, **options))


def test_roles(tokenizer: Any) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi", "reasoning_content": "hidden"},
        {"role": "tool", "content": "42"},
    ]
    assert rendered(tokenizer, messages, add_generation_prompt=True) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
        "<|im_start|>assistant\nHi<|im_end|>\n"
        "<|im_start|>tool\n<tool_response>42</tool_response><|im_end|>\n<|im_start|>assistant\n"
    )


def test_nothing_is_added_without_a_system_message(tokenizer: Any) -> None:
    assert (
        rendered(tokenizer, [{"role": "user", "content": "Hello"}]) == "<|im_start|>user\nHello<|im_end|>\n"
    )


def test_developer_is_system(tokenizer: Any) -> None:
    for place in ([], [{"role": "user", "content": "Hello"}]):
        as_developer = rendered(tokenizer, [*place, {"role": "developer", "content": "Be brief."}])
        assert as_developer == rendered(tokenizer, [*place, {"role": "system", "content": "Be brief."}])


def test_content_as_list_or_null(tokenizer: Any) -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "image_url"}, {"type": "text", "text": "lo"}]
    assert rendered(tokenizer, [{"role": "user", "content": parts}]) == "<|im_start|>user\nHello<|im_end|>\n"
    assert rendered(tokenizer, [{"role": "user", "content": None}]) == "<|im_start|>user\n<|im_end|>\n"


@pytest.mark.parametrize("definition", [WEATHER, WEATHER["function"]])
def test_tools_are_one_line_each(tokenizer: Any, definition: dict[str, Any]) -> None:
    text = rendered(tokenizer, [{"role": "user", "content": "Hello"}], tools=[definition, {"name": "bare"}])
    assert text.startswith(
        "<|im_start|>system\n# Tools\nget_weather(city: string, days: integer): Get the weather\nbare()\n"
        'To call one answer <tool_call>{"name": …, "arguments": {…}}</tool_call><|im_end|>\n'
    )


@pytest.mark.parametrize("arguments", [{"city": "Łódź"}, '{"city": "Łódź"}'])
@pytest.mark.parametrize("nested", [True, False])
def test_tool_calls(tokenizer: Any, arguments: object, nested: bool) -> None:
    call: dict[str, Any] = {"name": "get_weather", "arguments": arguments}
    call = {"id": "1", "type": "function", "function": call} if nested else call
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    assert rendered(tokenizer, [message]) == f"<|im_start|>assistant\n{CALL}<|im_end|>\n"
    both = rendered(tokenizer, [message | {"content": "Wait.", "tool_calls": [call, call]}])
    assert both == f"<|im_start|>assistant\nWait.\n{CALL}\n{CALL}<|im_end|>\n"


def test_a_call_without_arguments(tokenizer: Any) -> None:
    for arguments in ({}, "", None):
        message = {"role": "assistant", "tool_calls": [{"function": {"name": "now", "arguments": arguments}}]}
        assert '<tool_call>{"name": "now", "arguments": {}}</tool_call>' in rendered(tokenizer, [message])


def test_thinking_is_asked_for_in_the_system_block(tokenizer: Any) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    asked = rendered(tokenizer, messages, enable_thinking=True)
    assert asked.startswith("<|im_start|>system\nBe brief.\nThink first.<|im_end|>\n")
    assert "Think" not in rendered(tokenizer, messages, enable_thinking=False)
    assert "Think" not in rendered(tokenizer, messages)


def test_training_saw_what_transformers_renders(tokenizer: Any) -> None:
    for example in stream(300):
        text = rendered(
            tokenizer,
            list(example.messages),
            tools=list(example.tools) or None,
            enable_thinking=example.thinking,
        )
        assert text == render(example)


def test_tokens_decode_to_the_same_text(tokenizer: Any) -> None:
    for text in ("Hello  you,\n\tŁódź 🎉 1234 don't", "<think>\nx\n</think>\n\n", CALL):
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_a_word_has_the_same_tokens_everywhere(tokenizer: Any) -> None:
    word = tokenizer.encode("Zanzibar", add_special_tokens=False)
    for before in (" ", '"', "\n", "(", "a "):
        assert tokenizer.encode(f"{before}Zanzibar", add_special_tokens=False)[-len(word) :] == word
