"""Where a prompt left what the prefix cache held, told with text and message."""

import pytest
from text_tokenizers import byte_level_trained
from tokenizers import Tokenizer as FastTokenizer
from transformers import PreTrainedTokenizerFast

from mlx_manager.mlx_server.backends.base import Restored
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt, TextPrompt
from mlx_manager.mlx_server.text.cache_report import cache_report
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MESSAGES = [
    ChatMessage("system", "Be brief."),
    ChatMessage("user", "The quick brown fox"),
    ChatMessage("assistant", "jumps over"),
    ChatMessage("user", "the lazy dog 😀"),
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    fast = FastTokenizer.from_str(byte_level_trained().to_str())
    fast.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    inner = PreTrainedTokenizerFast(tokenizer_object=fast, eos_token="<eos>")
    inner.chat_template = TEMPLATE
    return Tokenizer(inner, frozenset())


def encode(tokenizer: Tokenizer, *messages: ChatMessage) -> EncodedPrompt:
    return tokenizer.encode(ChatPrompt(messages or tuple(MESSAGES)), all_boundaries=True)


def common(one: EncodedPrompt, other: EncodedPrompt) -> int:
    """Tokens that both begin with."""
    pairs = zip(one.token_ids, other.token_ids, strict=False)
    return next((index for index, (left, right) in enumerate(pairs) if left != right), len(other.token_ids))


@pytest.mark.parametrize("changed", range(4))
def test_the_message_that_differs_is_named(tokenizer: Tokenizer, changed: int) -> None:
    stored_messages = list(MESSAGES)
    stored_messages[changed] = ChatMessage(MESSAGES[changed].role, "Zzz, was something else")
    prompt, stored = encode(tokenizer), encode(tokenizer, *stored_messages)
    matched = common(prompt, stored)
    stored_ids = tuple(stored.token_ids[matched : matched + 16])
    report = cache_report(prompt, Restored(matched, matched, stored_ids), tokenizer)
    assert (report.message_index, report.role) == (changed, MESSAGES[changed].role)
    assert report.diverged_at == matched == report.matched_tokens == report.cached_tokens
    assert report.stored_text.startswith("Z")
    assert MESSAGES[changed].content.startswith(report.prompt_text[0])
    assert report.prompt_tokens == len(prompt.token_ids)


def test_texts_are_short_and_name_special_tokens(tokenizer: Tokenizer) -> None:
    prompt = encode(tokenizer)
    report = cache_report(prompt, Restored(0, 0, tuple(prompt.token_ids[:50])), tokenizer)
    assert report.prompt_text.startswith("<|im_start|>system\n")
    assert report.prompt_text == report.stored_text == tokenizer.show(prompt.token_ids[:16])
    assert (report.diverged_at, report.message_index, report.role) == (0, 0, "system")


def test_a_prompt_that_goes_on_after_what_was_stored(tokenizer: Tokenizer) -> None:
    prompt = encode(tokenizer)
    matched = prompt.boundaries[2].position
    report = cache_report(prompt, Restored(matched, matched, ()), tokenizer)
    assert (report.diverged_at, report.stored_text) == (None, "")
    assert (report.message_index, report.role) == (3, "user")
    assert report.prompt_text.startswith("<|im_start|>user\n")


def test_what_follows_the_last_message_is_in_none(tokenizer: Tokenizer) -> None:
    prompt = encode(tokenizer)
    matched = prompt.boundaries[-1].position
    report = cache_report(prompt, Restored(matched, matched, (1, 2)), tokenizer)
    assert (report.diverged_at, report.message_index, report.role) == (matched, None, None)
    assert report.prompt_text == "<|im_start|>assistant\n"


def test_a_whole_prompt_that_was_stored(tokenizer: Tokenizer) -> None:
    prompt = encode(tokenizer)
    total = len(prompt.token_ids)
    report = cache_report(prompt, Restored(total - 1, total, (1, 2)), tokenizer)
    assert (report.cached_tokens, report.matched_tokens, report.prompt_text) == (total - 1, total, "")
    assert (report.diverged_at, report.message_index, report.role) == (None, None, None)


def test_a_text_prompt_has_no_messages(tokenizer: Tokenizer) -> None:
    prompt = tokenizer.encode(TextPrompt("The quick brown fox"), all_boundaries=True)
    report = cache_report(prompt, Restored(1, 1, tuple(prompt.token_ids[:1])), tokenizer)
    assert (report.diverged_at, report.message_index, report.role) == (1, None, None)
    assert report.prompt_text == " quick brown fox"


def test_nothing_was_stored(tokenizer: Tokenizer) -> None:
    report = cache_report(encode(tokenizer), Restored(0, 0, ()), tokenizer)
    assert (report.cached_tokens, report.diverged_at, report.stored_text) == (0, None, "")
