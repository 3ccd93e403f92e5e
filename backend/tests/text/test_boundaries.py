"""Ends of messages in tokens: of real templates, of odd ones, and within bounds."""

import os
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from text_tokenizers import SENTENCES, byte_level_trained
from tokenizers import AddedToken
from tokenizers import Tokenizer as FastTokenizer
from transformers import PreTrainedTokenizerFast

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.domain.request import Boundary, ChatMessage, ChatPrompt, TextPrompt, TokenPrompt
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolDefinition
from mlx_manager.mlx_server.text.boundaries import find_ends, to_boundaries
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer

DATA = Path(os.environ.get("MLX_MANAGER_TEST_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))
TEMPLATES = sorted((DATA / "templates").glob("*.jinja"))
# The marks that templates write around a message; in their own models' vocabularies they are tokens.
MARKS = re.compile("<\\|\\w+\\|>|<[a-z_:]+>|\\[/?[A-Z_]+\\]|<\uff5c[^\uff5c]+\uff5c>")

Message = ChatMessage
CALL = ToolCall("abcdefghi", "f", '{"x": 1}')
SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
TOOL = ToolDefinition("f", "Doubles.", SCHEMA)
CONVERSATIONS: dict[str, tuple[ChatMessage, ...]] = {
    "one": (Message("user", "Hé 日本 😀?"),),
    "turns": (
        Message("user", "Cafe\u0301 😀"),
        Message("assistant", "Hello!"),
        Message("user", "Und jetzt? 👩‍👧"),
        Message("assistant", "Gut."),
        Message("user", "  "),
    ),
    "system": (
        Message("system", "Be brief. 😀"),
        Message("user", "Hi"),
        Message("assistant", "Hello!"),
        Message("user", "日本語?"),
        Message("assistant", "Gut."),
        Message("user", "And now?"),
    ),
    "tools": (
        Message("system", "S"),
        Message("user", "q"),
        Message("assistant", "", tool_calls=(CALL,)),
        Message("tool", "8", name="f", tool_call_id="abcdefghi"),
        Message("assistant", "It is 8"),
        Message("user", "thx"),
    ),
}
# Of these, every message of `system` but those named ends where the next one begins.
COMPLETE: dict[str, set[int]] = {
    "Qwen-Qwen2.5-7B-Instruct": set(),
    "Qwen3-Coder": set(),
    "Qwen-QwQ-32B": set(),
    "LFM2-8B-A1B": set(),
    "HuggingFaceTB-SmolLM3-3B": set(),
    "meta-llama-Llama-3.1-8B-Instruct": set(),
    "meta-llama-Llama-3.2-3B-Instruct": set(),
    "ibm-granite-granite-3.3-2B-Instruct": set(),
    "microsoft-Phi-3.5-mini-instruct": set(),
    "Mistral-Small-3.2-24B-Instruct-2506": set(),
    "GLM-4.6": set(),
    "ByteDance-Seed-OSS": set(),
    "Kimi-K2-Instruct": set(),
    "google-gemma-4-31B-it": set(),
    "deepseek-ai-DeepSeek-V3.1": set(),
    # An assistant's last turn is written with its reasoning, an earlier one without.
    "Qwen-Qwen3-0.6B": {2, 4},
    "Qwen3.5-4B": {2, 4},
}


@cache
def qwen2(*, with_marks: bool) -> PreTrainedTokenizerFast:
    file = DATA / "tokenizers" / "qwen2" / "tokenizer.json"
    if not file.is_file() or not TEMPLATES:
        pytest.skip(f"no templates or no qwen2 tokenizer in {DATA}; set MLX_MANAGER_TEST_DATA")
    fast = FastTokenizer.from_file(str(file))
    if with_marks:
        names = sorted({mark for path in TEMPLATES for mark in MARKS.findall(path.read_text())})
        fast.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    return PreTrainedTokenizerFast(tokenizer_object=fast, bos_token="<s>", eos_token="</s>")


def with_template(template: str, *, with_marks: bool = True) -> Tokenizer:
    inner = qwen2(with_marks=with_marks)
    inner.chat_template = template
    return Tokenizer(inner, frozenset())


def check(tokenizer: Tokenizer, messages: Sequence[ChatMessage], prompt: EncodedPrompt) -> None:
    """Every boundary is a place between two tokens that a shorter conversation agrees up to."""
    positions = [end.position for end in prompt.boundaries]
    assert positions == sorted(set(positions))
    offsets = tokenizer._rust.encode(prompt.text, add_special_tokens=False).offsets
    for end in prompt.boundaries:
        assert 0 < end.position <= len(prompt.token_ids)
        cut = offsets[end.position][0] if end.position < len(offsets) else len(prompt.text)
        head = tokenizer._rust.encode(prompt.text[:cut], add_special_tokens=False).ids
        assert head == prompt.token_ids[: end.position]
        role = messages[end.message_index].role
        assert end.role == ("user" if role == "tool" else role)


@pytest.mark.sample(24)
@pytest.mark.parametrize("with_marks", [True, False], ids=["marks", "no-marks"])
@pytest.mark.parametrize("path", TEMPLATES or [None], ids=lambda path: path.stem if path else "absent")
def test_every_template(path: Path | None, with_marks: bool) -> None:
    tokenizer = with_template("" if path is None else path.read_text(), with_marks=with_marks)
    rendered = 0
    for messages in CONVERSATIONS.values():
        for tools in ((), (TOOL,)):
            prompt = ChatPrompt(messages, tools=tools)
            try:
                text = tokenizer.render(prompt)
            except ApiError:
                continue  # some refuse a system message, or tools in this shape
            rendered += 1
            few, every = tokenizer.encode(prompt), tokenizer.encode(prompt, all_boundaries=True)
            assert few.text == every.text == text
            assert few.token_ids == every.token_ids
            assert set(few.boundaries) <= set(every.boundaries)
            check(tokenizer, messages, few)
            check(tokenizer, messages, every)
    assert rendered > 0


@pytest.mark.parametrize("name", COMPLETE)
def test_templates_that_write_turn_after_turn(name: str) -> None:
    qwen2(with_marks=True)
    tokenizer = with_template((DATA / "templates" / f"{name}.jinja").read_text())
    messages = CONVERSATIONS["system"]
    found = {end.message_index for end in tokenizer.encode(ChatPrompt(messages)).boundaries}
    assert found == set(range(len(messages))) - COMPLETE[name]


def test_at_most_templates_the_last_message_ends_before_the_answer_begins() -> None:
    """The end of the last message is what the next turn begins with."""
    qwen2(with_marks=True)
    found = 0
    for path in TEMPLATES:
        tokenizer = with_template(path.read_text())
        messages = CONVERSATIONS["one"]
        try:
            prompt = tokenizer.encode(ChatPrompt(messages))
        except ApiError:
            continue
        found += bool(prompt.boundaries) and prompt.boundaries[-1].message_index == 0
    assert found >= len(TEMPLATES) - 2


CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@cache
def small() -> PreTrainedTokenizerFast:
    fast = FastTokenizer.from_str(byte_level_trained().to_str())
    fast.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    return PreTrainedTokenizerFast(tokenizer_object=fast, eos_token="<eos>")


def chat(template: str = CHATML, **fields: Any) -> Callable[..., EncodedPrompt]:
    inner = small()
    inner.chat_template = template
    tokenizer = Tokenizer(inner, frozenset())
    return lambda *messages: tokenizer.encode(ChatPrompt(messages), **fields)


def ends(prompt: EncodedPrompt) -> list[tuple[str, int]]:
    return [(end.role, end.message_index) for end in prompt.boundaries]


LONG = [
    Message("system", "a"),
    Message("system", "b"),
    *(
        Message("user" if index % 2 == 0 else "assistant", f"{index} {SENTENCES[index % 4]}")
        for index in range(20)
    ),
]


def test_the_ends_that_are_kept() -> None:
    prompt = chat()(*LONG)
    assert ends(prompt) == [
        ("system", 1),
        ("assistant", 17),
        ("user", 18),
        ("assistant", 19),
        ("user", 20),
        ("assistant", 21),
    ]
    assert [index for _, index in ends(chat(all_boundaries=True)(*LONG))] == list(range(22))


def test_the_tokens_before_an_end_are_the_messages() -> None:
    tokenizer = Tokenizer(small(), frozenset())
    prompt = chat(all_boundaries=True)(*LONG)
    for end in prompt.boundaries:
        head = tokenizer.show(prompt.token_ids[: end.position])
        assert head.endswith(f"{LONG[end.message_index].content}<|im_end|>\n")
        assert prompt.text.startswith(head)


def test_the_role_of_a_tool_is_the_users() -> None:
    messages = (Message("user", "x"), Message("assistant", "y"), Message("tool", "8", tool_call_id="c"))
    assert ends(chat()(*messages)) == [("user", 0), ("assistant", 1), ("user", 2)]


def test_text_and_token_prompts_have_none() -> None:
    tokenizer = Tokenizer(small(), frozenset())
    assert tokenizer.encode(TextPrompt("hello"), all_boundaries=True).boundaries == ()
    assert tokenizer.encode(TokenPrompt((1, 2)), all_boundaries=True).boundaries == ()


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        # Refuses a conversation that does not end with the user.
        (
            CHATML + "{% if messages[-1].role != 'user' %}{{ raise_exception('user last') }}{% endif %}",
            [0, 2],
        ),
        # Fails with another error than a template's own.
        (CHATML + "{{ 1 // (messages | length - 2) }}", []),
        # Writes how many messages there are: no shorter one is a beginning.
        ("{{ messages | length }}" + CHATML, [2]),
        # Writes only the last one.
        ("{{ messages[-1].content }}{{ '!' if add_generation_prompt }}", [2]),
        # Writes nothing at all until the answer.
        ("{{ '<|im_start|>' if add_generation_prompt }}", []),
        # Closes a conversation that awaits no answer.
        (CHATML + "{{ eos_token if not add_generation_prompt }}", [0, 1, 2]),
        # Ends within a token.
        ("{% set n = messages | length %}{{ ' fox'[: 4 if add_generation_prompt else n] }}", []),
    ],
)
def test_odd_templates(template: str, wanted: list[int]) -> None:
    messages = (Message("user", "The"), Message("assistant", "quick"), Message("user", "fox"))
    prompt = chat(template)(*messages)
    positions = [end.position for end in prompt.boundaries]
    assert positions == sorted(set(positions))
    assert all(0 < position <= len(prompt.token_ids) for position in positions)
    assert [end.message_index for end in prompt.boundaries] == wanted


def test_a_system_message_that_is_written_further_on_has_no_end_of_its_own() -> None:
    folded = (
        "<|im_start|>{% for m in messages %}{% if m.role == 'user' %}"
        "{{ messages[0].content }} {{ m.content }}{% endif %}{% endfor %}"
    )
    assert ends(chat(folded)(Message("system", "be"), Message("user", "fox"))) == [("user", 1)]


def test_a_template_that_wants_a_user_still_ends_the_system_message() -> None:
    template = (
        CHATML
        + "{% if messages | rejectattr('role', 'equalto', 'system') | list | length == 0 %}"
        + "{{ raise_exception('no user') }}{% endif %}"
    )
    prompt = chat(template)(Message("system", "brief"), Message("user", "fox"))
    assert ends(prompt) == [("system", 0), ("user", 1)]
    shown = Tokenizer(small(), frozenset()).show(prompt.token_ids[: prompt.boundaries[0].position])
    assert shown == "<|im_start|>system\nbrief<|im_end|>\n<|im_start|>user\n"


@pytest.mark.parametrize(
    ("count", "length", "most"), [(5_000, 10, 60), (300, 0, 256), (2, 2**24, 0), (100_000, 0, 3)]
)
def test_the_work_is_bounded(count: int, length: int, most: int) -> None:
    rendered: list[int] = []

    def render(some: Sequence[ChatMessage]) -> str:
        rendered.append(len(some))
        return "x" * length * len(some)

    find_ends([Message("user", "")] * count, "x" * length * count, render, all_messages=True)
    assert len(rendered) <= most
    # What is looked at first is what the next turn needs.
    assert not rendered or max(rendered) == count


def test_ends_between_and_within_tokens() -> None:
    user = [Message("user", "x")] * 9
    # Three tokens share the character at 2; the one at 5 to 5 is a space that the offsets leave out.
    offsets = [(0, 2), (2, 3), (2, 3), (2, 3), (3, 4), (5, 5), (5, 7)]
    found = to_boundaries({1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6}, user, offsets)
    assert found == (
        Boundary(1, "user", 1),
        Boundary(4, "user", 2),
        Boundary(6, "user", 4),
        Boundary(7, "user", 6),
    )
