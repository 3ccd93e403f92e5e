"""Benchmark models: folders that mlx-lm reads, prompts of known length."""

from pathlib import Path

import pytest
from bench.models import LARGE, SMALL, WIDE, ModelSpec, ensure_model
from bench.vocabulary import PromptMaker, first_word_id, vocabulary

from mlx_manager.mlx_server.domain.request import ChatMessage, ChatPrompt
from mlx_manager.mlx_server.engine.device import prepare_device, prepare_process
from mlx_manager.mlx_server.text.tokenizer import Tokenizer

TINY = ModelSpec("tiny", 512, 32, 2, 4, 2, 64)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_model(TINY, tmp_path_factory.mktemp("models"))


def test_mlx_lm_reads_the_folder(tiny: Path) -> None:
    prepare_process()
    prepare_device()
    from mlx.utils import tree_flatten
    from mlx_lm.utils import load

    model, tokenizer = load(str(tiny))
    weights = dict(tree_flatten(model.parameters()))
    assert {name: tuple(weight.shape) for name, weight in weights.items()} == dict(TINY.tensors())
    assert {str(weight.dtype) for weight in weights.values()} == {"mlx.core.float32"}
    # No token ends a sequence, or requests would not yield their full length.
    assert tokenizer.eos_token_ids == set()
    prompt = PromptMaker(TINY.vocab_size).make(50, "seed")
    assert tokenizer.encode(prompt.text) == list(prompt.ids)


def test_our_tokenizer_agrees(tiny: Path) -> None:
    tokenizer = Tokenizer.load(tiny)
    assert tokenizer.stop_ids == frozenset()
    assert "hello" in tokenizer.render(ChatPrompt((ChatMessage("user", "hello"),)))


def test_folder_is_made_once_and_again_when_its_shape_changes(tmp_path: Path) -> None:
    def made_at() -> int:
        return (ensure_model(TINY, tmp_path) / "model.safetensors").stat().st_mtime_ns

    first = made_at()
    assert made_at() == first
    config = tmp_path / TINY.name / "config.json"
    config.write_text(config.read_text().replace('"vocab_size": 512', '"vocab_size": 511'))
    assert made_at() != first
    assert [entry.name for entry in tmp_path.iterdir()] == [TINY.name]


def test_weights_are_the_same_each_time(tiny: Path, tmp_path: Path) -> None:
    again = ensure_model(TINY, tmp_path)
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (again / name).read_bytes() == (tiny / name).read_bytes()


@pytest.mark.parametrize(("spec", "millions"), [(SMALL, 5), (LARGE, 126)])
def test_sizes(spec: ModelSpec, millions: int) -> None:
    assert spec.num_parameters // 1_000_000 == millions
    assert spec.max_position_embeddings >= 8192


def test_wide_vocabulary_is_distinct_short_ascii() -> None:
    tokens = vocabulary(WIDE.vocab_size)
    assert len(set(tokens)) == WIDE.vocab_size == 151_936
    assert max(map(len, tokens)) <= 7
    words = tokens[first_word_id() :]
    assert all(word.startswith("Ġ") and word[1:].isascii() for word in words)


def test_impossible_vocabularies_are_refused() -> None:
    for size in (100, 2_000_000):
        with pytest.raises(ValueError, match="no vocabulary"):
            vocabulary(size)


def test_prompts_are_known_by_their_seed() -> None:
    maker = PromptMaker(TINY.vocab_size)
    assert maker.make(20, "a") == maker.make(20, "a")
    assert maker.make(20, "a") != maker.make(20, "b")
    both = maker.make(3, "a") + maker.make(4, "b")
    assert len(both.ids) == len(both.text.split()) == 7
