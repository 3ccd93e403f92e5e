"""A model folder's tokenizer: templates, special tokens, the ids that end a sequence."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as FastTokenizer
from tokenizers import models, pre_tokenizers, processors

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt, TextPrompt, TokenPrompt
from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer

DATA = Path(os.environ.get("MLX_MANAGER_TEST_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))
TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}"
    "{% for c in m.tool_calls or [] %}[{{ c.function.name }} {{ c.function.arguments.x }}]{% endfor %}"
    "{% if m.tool_call_id is defined %}({{ m.tool_call_id }}){% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}{{ mood }}"
)


def make_folder(path: Path, *, template: str | None = TEMPLATE, **files: Any) -> Path:
    """A folder with a word tokenizer; each of `files` is the content of NAME.json."""
    path.mkdir(exist_ok=True)
    words = ["<unk>", "<s>", "</s>", "hello", "world", "<user>", "<assistant>"]
    fast = FastTokenizer(
        models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>")
    )
    fast.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast.add_special_tokens(["<unk>", "<s>", "</s>"])
    fast.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    fast.save(str(path / "tokenizer.json"))
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
    }
    if template is not None:
        config["chat_template"] = template
    (path / "tokenizer_config.json").write_text(json.dumps(config))
    for name, content in files.items():
        (path / f"{name}.json").write_text(json.dumps(content))
    return path


def chat(*messages: ChatMessage, **kwargs: Any) -> ChatPrompt:
    return ChatPrompt(messages, kwargs)


def test_render(tmp_path: Path) -> None:
    tokenizer = Tokenizer.load(make_folder(tmp_path))
    call = ToolCall("c1", "f", '{"x": 7}')
    prompt = chat(
        ChatMessage("system", "be"),
        ChatMessage("user", "hi"),
        ChatMessage("assistant", "", tool_calls=(call,)),
        ChatMessage("tool", "8", tool_call_id="c1"),
        mood="!",
    )
    assert tokenizer.render(prompt) == "<system>be<user>hi<assistant>[f 7]<tool>8(c1)<assistant>!"


def test_without_a_template(tmp_path: Path) -> None:
    tokenizer = Tokenizer.load(make_folder(tmp_path, template=None))
    with pytest.raises(ApiError) as caught:
        tokenizer.encode(chat(ChatMessage("user", "hi")))
    assert (caught.value.code, caught.value.param) == (ErrorCode.CHAT_TEMPLATE_MISSING, "messages")


@pytest.mark.parametrize(
    ("template", "words"),
    [("{{ raise_exception('roles must alternate') }}", "roles must alternate"), ("{{ 1 // 0 }}", "zero")],
)
def test_a_template_that_raises(tmp_path: Path, template: str, words: str) -> None:
    tokenizer = Tokenizer.load(make_folder(tmp_path, template=template))
    with pytest.raises(ApiError, match=words) as caught:
        tokenizer.render(chat(ChatMessage("user", "hi")))
    assert (caught.value.code, caught.value.param) == (ErrorCode.CHAT_TEMPLATE_FAILED, "messages")


def test_a_template_cannot_reach_the_machine(tmp_path: Path) -> None:
    template = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    with pytest.raises(ApiError) as caught:
        Tokenizer.load(make_folder(tmp_path, template=template)).render(chat(ChatMessage("user", "hi")))
    assert caught.value.code is ErrorCode.CHAT_TEMPLATE_FAILED


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, {2}),
        ({"generation_config": {"eos_token_id": 3}}, {2, 3}),
        ({"generation_config": {"eos_token_id": [3, 4]}}, {2, 3, 4}),
        ({"generation_config": {"eos_token_id": [3]}, "config": {"eos_token_id": 5}}, {2, 3, 5}),
        ({"generation_config": {"eos_token_id": None}, "config": {}}, {2}),
    ],
)
def test_stop_ids(tmp_path: Path, files: dict[str, Any], wanted: set[int]) -> None:
    assert Tokenizer.load(make_folder(tmp_path, **files)).stop_ids == wanted


def test_special_tokens_are_added_to_text_and_not_to_chats(tmp_path: Path) -> None:
    tokenizer = Tokenizer.load(make_folder(tmp_path, template="{{ messages[0].content }} <assistant>"))
    assert tokenizer.encode(TextPrompt("hello world")) == EncodedPrompt([1, 3, 4], "hello world")
    rendered = tokenizer.encode(chat(ChatMessage("user", "hello")))
    assert (rendered.token_ids, rendered.text) == ([3, 6], "hello <assistant>")
    assert tokenizer.encode(TokenPrompt((4, 3))) == EncodedPrompt([4, 3], "")
    assert tokenizer.detokenizer().push([1, 3, 4, 2]) == "hello world"


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"(?i)token|config"):
        Tokenizer.load(tmp_path)


def test_a_real_one() -> None:
    folder = DATA / "models" / "stories260k-fp32"
    if not folder.is_dir():
        pytest.skip(f"no {folder}; set MLX_MANAGER_TEST_DATA")
    golden = json.loads((DATA / "models" / "golden.json").read_text())["stories260k-fp32"]
    tokenizer = Tokenizer.load(folder)
    assert tokenizer.stop_ids == {2}
    assert tokenizer.encode(TextPrompt(golden["prompt"])).token_ids == golden["prompt_ids"]
    prompt = tokenizer.encode(chat(ChatMessage("user", "One day")))
    assert prompt.text == "One day"
    assert tokenizer.detokenizer().push(prompt.token_ids) == "One day"
