"""Model folders that hold just enough to be listed, or to be loaded."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "rms_norm_eps": 1e-5,
    "vocab_size": 32,
    "max_position_embeddings": 128,
    "tie_word_embeddings": True,
    "torch_dtype": "float32",
}


def write_listed(path: Path, config: Any = None, generation: Any = None) -> Path:
    """A folder that the catalogue offers; its weights are eight bytes."""
    path.mkdir(parents=True)
    text = config if isinstance(config, str) else json.dumps(CONFIG if config is None else config)
    (path / "config.json").write_text(text)
    (path / "model.safetensors").write_bytes(b"12345678")
    (path / "tokenizer.json").write_text("{}")
    if generation is not None:
        text = generation if isinstance(generation, str) else json.dumps(generation)
        (path / "generation_config.json").write_text(text)
    return path


def write_loadable(path: Path, *, seed: int = 0) -> Path:
    """A llama of one layer with random weights and a word tokenizer."""
    path.mkdir(parents=True)
    random = np.random.default_rng(seed)
    shapes = {
        "embed_tokens": (32, 16),
        "layers.0.self_attn.q_proj": (16, 16),
        "layers.0.self_attn.k_proj": (8, 16),
        "layers.0.self_attn.v_proj": (8, 16),
        "layers.0.self_attn.o_proj": (16, 16),
        "layers.0.mlp.gate_proj": (32, 16),
        "layers.0.mlp.up_proj": (32, 16),
        "layers.0.mlp.down_proj": (16, 32),
        "layers.0.input_layernorm": (16,),
        "layers.0.post_attention_layernorm": (16,),
        "norm": (16,),
    }
    weights = {
        f"model.{name}.weight": random.normal(0, 0.3, shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    save_file(weights, path / "model.safetensors")
    (path / "config.json").write_text(json.dumps(CONFIG))
    vocab = {f"w{index}": index for index in range(32)}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(path / "tokenizer.json"))
    (path / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    return path


def write_broken(path: Path) -> Path:
    """As `write_loadable`, but its weights are no safetensors."""
    write_loadable(path)
    (path / "model.safetensors").write_bytes(b"\xff" * 64)
    return path
