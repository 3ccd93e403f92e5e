"""The folder is small, complete and what mlx-lm loads."""

import json
import struct
from math import prod
from typing import Any

from demo_model.facts import PARAMETERS
from demo_model.records import MODEL_DIR

LIMIT_BYTES = 8_000_000
LIMIT_PARAMETERS = 4_000_000


def config() -> dict[str, Any]:
    value: dict[str, Any] = json.loads((MODEL_DIR / "config.json").read_text())
    return value


def num_parameters() -> int:
    """From the header of the safetensors file: eight bytes of its length, then JSON."""
    with (MODEL_DIR / "model.safetensors").open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


def test_the_folder_is_small() -> None:
    files = [path for path in MODEL_DIR.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) <= LIMIT_BYTES
    assert num_parameters() <= LIMIT_PARAMETERS


def test_it_says_its_true_size() -> None:
    assert f"{num_parameters() / 1e6:.1f} million" == PARAMETERS
    assert PARAMETERS in (MODEL_DIR / "README.md").read_text()


def test_the_context_is_long_enough() -> None:
    assert config()["max_position_embeddings"] >= 2048
    assert config()["architectures"] == ["LlamaForCausalLM"]


def test_the_end_token_is_the_same_everywhere() -> None:
    generation = json.loads((MODEL_DIR / "generation_config.json").read_text())
    tokens = {
        token["content"]: token
        for token in json.loads((MODEL_DIR / "tokenizer.json").read_text())["added_tokens"]
    }
    assert config()["eos_token_id"] == generation["eos_token_id"] == tokens["<|im_end|>"]["id"]
    assert not any(tokens[text]["special"] for text in ("<think>", "</think>", "<tool_call>", "</tool_call>"))
    assert all(tokens[text]["special"] for text in ("<|im_start|>", "<|im_end|>", "<|endoftext|>"))


def test_mlx_lm_loads_it_with_its_tools_and_thoughts() -> None:
    from mlx_lm import load

    model, tokenizer = load(str(MODEL_DIR))[:2]
    assert tokenizer.has_tool_calling
    assert tokenizer.tool_call_start == "<tool_call>"
    assert tokenizer.has_thinking
    assert tokenizer.think_start == "<think>"
    assert tokenizer.eos_token_ids == {config()["eos_token_id"]}
    assert len(model.layers) == config()["num_hidden_layers"]
