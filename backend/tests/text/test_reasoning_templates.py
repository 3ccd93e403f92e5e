"""What templates tell of reasoning: its format, where a prompt leaves it, how it is shown and asked for."""

import json
from collections.abc import Sequence

import pytest
from test_boundaries import DATA, with_template

from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt, TemplateHint
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolDefinition
from mlx_manager.mlx_server.protocols.reasoning import Effort, effort_hint, thinking_hint
from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningFormat
from mlx_manager.mlx_server.text.reasoning_formats.known import THINK
from mlx_manager.mlx_server.text.template_hints import nearest_effort
from mlx_manager.mlx_server.text.tokenizer import Tokenizer

# The format, and where a prompt leaves the reasoning by default, where it is asked for, and where it is not.
TEMPLATES = {
    "ByteDance-Seed-OSS": ("seed_think", "ahead", "ahead", "over"),
    "CohereForAI-c4ai-command-r7b-12-2024-tool_use": ("start_thinking", "over", "ahead", "over"),
    "GLM-4.6": ("think", "ahead", "ahead", "over"),
    "HuggingFaceTB-SmolLM3-3B": ("think", "ahead", "ahead", "over"),
    "Kimi-K2-Instruct": None,
    "LFM2-8B-A1B": None,
    "Mistral-Small-3.2-24B-Instruct-2506": None,
    "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": ("think", "open", "open", "over"),
    "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": None,
    "Qwen-QwQ-32B": ("think", "over", "open", "over"),
    "Qwen-Qwen2.5-7B-Instruct": None,
    "Qwen-Qwen3-0.6B": ("think", "ahead", "ahead", "over"),
    "Qwen3-Coder": None,
    "Qwen3.5-4B": ("think", "open", "open", "over"),
    "StepFun3.5-Flash": ("think", "open", "open", "open"),
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": ("think", "over", "open", "over"),
    "deepseek-ai-DeepSeek-V3.1": ("think", "over", "open", "over"),
    "google-gemma-2-2b-it": None,
    "google-gemma-4-31B-it": ("channel_thought", "over", "ahead", "over"),
    "ibm-granite-granite-3.3-2B-Instruct": ("think_response", "ahead", "ahead", "ahead"),
    "meetkai-functionary-medium-v3.1": None,
    "meta-llama-Llama-3.1-8B-Instruct": None,
    "meta-llama-Llama-3.2-3B-Instruct": None,
    "microsoft-Phi-3.5-mini-instruct": None,
    "mistralai-Mistral-Nemo-Instruct-2407": None,
    "openai-gpt-oss-120b": ("harmony", "ahead", "ahead", "ahead"),
}
SHOWN = (
    "ByteDance-Seed-OSS",
    "GLM-4.6",
    "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
    "Qwen-Qwen3-0.6B",
    "Qwen3.5-4B",
    "StepFun3.5-Flash",
    "CohereForAI-c4ai-command-r7b-12-2024-tool_use",
    "google-gemma-4-31B-it",
    "openai-gpt-oss-120b",
)
GPT_OSS = "openai-gpt-oss-120b"
LLAMA = "meta-llama-Llama-3.1-8B-Instruct"
ASKED = ChatMessage("user", "Where?")
TOOL = ToolDefinition("look_up", "Looks.", {"type": "object", "properties": {}})
CALLS = (ToolCall("call_1", "look_up", '{"a": 1}'), ToolCall("call_2", "look_up", '{"b": 2}'))
RESULTS = tuple(
    ChatMessage("tool", text, name="look_up", tool_call_id=call.call_id)
    for call, text in zip(CALLS, ("one result", "two results"), strict=True)
)


def tokenizer_of(name: str) -> Tokenizer:
    file = DATA / "templates" / f"{name}.jinja"
    if not file.is_file():
        pytest.skip(f"no {file}; set MLX_MANAGER_TEST_DATA")
    return with_template(file.read_text())


def state(reasoning: ReasoningFormat | None, prompt: str) -> str:
    assert reasoning is not None
    if reasoning.is_opened_by(prompt):
        return "open"
    return "over" if reasoning.is_closed_by(prompt) and not reasoning.has_channels else "ahead"


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template(name: str) -> None:
    tokenizer = tokenizer_of(name)
    found = tokenizer._chat_template().reasoning_format
    wanted = TEMPLATES[name]
    if wanted is None:
        assert found is None
        return
    assert found is not None
    prompts = [tokenizer.render(ChatPrompt((ASKED,)))]
    for is_enabled in (True, False):
        hints = (thinking_hint("thinking", is_enabled=is_enabled),)
        prompts.append(tokenizer.render(ChatPrompt((ASKED,), hints=hints)))
    assert (found.name, *(state(found, prompt) for prompt in prompts)) == wanted


@pytest.mark.parametrize("name", SHOWN)
def test_reasoning_is_sent_back(name: str) -> None:
    tokenizer = tokenizer_of(name)
    called = ChatMessage("assistant", "", tool_calls=CALLS[:1], reasoning="a thought", reasoning_path="r")
    prompt = ChatPrompt((ASKED, called, RESULTS[0]), tools=(TOOL,))
    encoded = tokenizer.encode(prompt)
    assert "a thought" in encoded.text
    assert encoded.ignored == ()


def test_reasoning_that_is_not_shown_is_named() -> None:
    said = ChatMessage("assistant", "Here.", reasoning="a thought", reasoning_path="messages.1.reasoning")
    prompt = ChatPrompt((ASKED, said, ASKED))
    encoded = tokenizer_of("Qwen-QwQ-32B").encode(prompt)
    assert "a thought" not in encoded.text
    assert encoded.ignored == ("messages.1.reasoning",)


LEARNT = """{%- for m in messages -%}<|{{ m.role }}|>
{%- if m.reasoning_content %}<|BEGIN_PONDER|>
{{ m.reasoning_content }}<|END_PONDER|>{% endif %}{{ m.content }}<|eot|>{%- endfor -%}
{%- if add_generation_prompt %}<|assistant|>{% endif %}"""


def test_unknown_tags_are_learnt() -> None:
    found = with_template(LEARNT)._chat_template().reasoning_format
    assert found is not None
    assert (found.name, found.opening, found.closing) == ("learned", "<|BEGIN_PONDER|>", "<|END_PONDER|>")


def test_a_template_that_only_switches_leaves_the_tags_to_the_model() -> None:
    found = with_template("{{ 'Think.' if enable_thinking }}{{ messages }}")._chat_template().reasoning_format
    assert found is THINK


@pytest.mark.parametrize(
    "template",
    [
        LEARNT.replace("<|END_PONDER|>", "<|END_OTHER|>"),
        LEARNT.replace("<|END_PONDER|>", ""),
        LEARNT.replace("<|BEGIN_PONDER|>", "").replace("<|END_PONDER|>", ""),
    ],
)
def test_what_is_no_pair_is_not_learnt(template: str) -> None:
    assert with_template(template)._chat_template().reasoning_format is None


def turn(*calls: ToolCall, content: str = "", reasoning: str = "") -> ChatMessage:
    return ChatMessage("assistant", content, tool_calls=calls, reasoning=reasoning)


@pytest.mark.parametrize("name", [GPT_OSS, LLAMA])
def test_several_calls_are_turns_of_one_where_a_template_takes_one(name: str) -> None:
    tokenizer = tokenizer_of(name)
    text = tokenizer.render(ChatPrompt((ASKED, turn(*CALLS), *RESULTS[::-1]), tools=(TOOL,)))
    places = [text.index(part) for part in ('"a"', "one result", '"b"', "two results")]
    assert places == sorted(places)


def test_several_calls_stay_one_turn_where_a_template_takes_them() -> None:
    messages = (ASKED, turn(*CALLS), *RESULTS)
    adapted, _ = tokenizer_of("Qwen-Qwen3-0.6B")._chat_template().adapted(ChatPrompt(messages, tools=(TOOL,)))
    assert adapted.messages == messages


def test_what_is_said_beside_a_thought_is_kept_where_a_template_refuses_both() -> None:
    tokenizer = tokenizer_of(GPT_OSS)
    said = turn(CALLS[0], content="I look.", reasoning="They ask.")
    text = tokenizer.render(ChatPrompt((ASKED, said, RESULTS[0]), tools=(TOOL,)))
    assert "<|channel|>analysis<|message|>They ask.\n\nI look.<|end|>" in text


def asked_for(name: str, hints: Sequence[TemplateHint]) -> tuple[str, tuple[str, ...]]:
    """What is read of hints, and the paths of those that are not granted."""
    prompt = ChatPrompt((ASKED,), hints=tuple(hints))
    encoded = tokenizer_of(name).encode(prompt, is_read=False)
    return encoded.text, encoded.ignored


@pytest.mark.parametrize(
    ("effort", "told", "is_granted"),
    [
        ("none", "low", False),
        ("minimal", "low", True),
        ("low", "low", True),
        ("medium", "medium", True),
        ("high", "high", True),
        ("xhigh", "high", True),
        ("max", "high", True),
    ],
)
def test_gpt_oss_is_told_an_effort_that_it_knows(effort: Effort, told: str, is_granted: bool) -> None:
    text, ignored = asked_for(GPT_OSS, [effort_hint("effort", effort)])
    assert f"Reasoning: {told}\n" in text
    assert ignored == (() if is_granted else ("effort",))


@pytest.mark.parametrize(
    ("name", "hint", "told", "is_granted"),
    [
        ("ByteDance-Seed-OSS", effort_hint("x", "low"), "thinking budget, which is 1024", True),
        ("ByteDance-Seed-OSS", effort_hint("x", "none"), "thinking budget is 0", True),
        ("ByteDance-Seed-OSS", thinking_hint("x", is_enabled=True, budget=700), "which is 700", True),
        ("ByteDance-Seed-OSS", thinking_hint("x", is_enabled=True), "Where?", True),
        ("ByteDance-Seed-OSS", thinking_hint("x", is_enabled=False), "thinking budget is 0", True),
        ("HuggingFaceTB-SmolLM3-3B", effort_hint("x", "none"), "Reasoning Mode: /no_think", True),
        ("HuggingFaceTB-SmolLM3-3B", effort_hint("x", "high"), "Reasoning Mode: /think", True),
        ("GLM-4.6", effort_hint("x", "minimal"), "/nothink", True),
        ("ibm-granite-granite-3.3-2B-Instruct", effort_hint("x", "high"), "<think></think>", True),
        ("google-gemma-4-31B-it", thinking_hint("x", is_enabled=True), "<|think|>", True),
        # It reasons in any case, and has no degrees of it.
        ("StepFun3.5-Flash", thinking_hint("x", is_enabled=True, budget=9), "<think>", True),
        ("StepFun3.5-Flash", thinking_hint("x", is_enabled=False), "<think>", False),
        ("StepFun3.5-Flash", effort_hint("x", "high"), "<think>", False),
        # It does not reason at all.
        ("Qwen-Qwen2.5-7B-Instruct", thinking_hint("x", is_enabled=True), "Where?", False),
        ("Qwen-Qwen2.5-7B-Instruct", effort_hint("x", "high"), "Where?", False),
    ],
)
def test_wishes(name: str, hint: TemplateHint, told: str, is_granted: bool) -> None:
    text, ignored = asked_for(name, [hint])
    assert told in text
    assert ignored == (() if is_granted else ("x",))


@pytest.mark.parametrize(
    ("wanted", "words", "told"),
    [
        ("medium", {"none", "high"}, "high"),
        ("none", {"none", "high"}, "none"),
        ("minimal", {"none", "high"}, "high"),
        ("max", {"max"}, "max"),
        ("xhigh", {"max"}, "max"),
        ("xhigh", {"low", "high"}, "high"),
        ("medium", {"low", "high"}, "high"),
        ("max", {"none"}, "high"),
        ("heroic", set(), "heroic"),
    ],
)
def test_the_nearest_effort(wanted: str, words: set[str], told: str) -> None:
    assert nearest_effort(wanted, words) == told


def test_arguments_stay_json() -> None:
    text = tokenizer_of(GPT_OSS).render(ChatPrompt((ASKED, turn(CALLS[0]), RESULTS[0]), tools=(TOOL,)))
    written = text.partition("json<|message|>")[2].partition("<|call|>")[0]
    assert json.loads(written) == {"a": 1}
