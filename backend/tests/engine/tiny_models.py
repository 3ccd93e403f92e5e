"""Models with random weights: small enough to be made in a test, of families that differ in their caches."""

import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten, tree_map

VOCAB = 97

_COMMON: dict[str, Any] = {"vocab_size": VOCAB, "hidden_size": 32, "intermediate_size": 48}
_ATTENTION: dict[str, Any] = _COMMON | {
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 3,
    "head_dim": 8,
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": _ATTENTION | {"model_type": "llama"},
    "qwen3": _ATTENTION | {"model_type": "qwen3", "rope_theta": 10000.0},
    "gemma3_text": _ATTENTION
    | {
        "model_type": "gemma3_text",
        "num_hidden_layers": 3,
        "sliding_window": 24,
        "sliding_window_pattern": 3,
        "query_pre_attn_scalar": 8,
    },
    "mamba2": {
        "model_type": "mamba2",
        "vocab_size": VOCAB,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 4,
        "head_dim": 16,
        "state_size": 16,
        "num_hidden_layers": 2,
        "layer_norm_epsilon": 1e-5,
        "conv_kernel": 4,
        "n_groups": 1,
        "use_bias": False,
        "use_conv_bias": True,
        "tie_word_embeddings": False,
        "time_step_limit": [0.001, 0.1],
        "time_step_rank": "auto",
    },
    "rwkv7": _COMMON
    | {
        "model_type": "rwkv7",
        "norm_eps": 1e-5,
        "head_dim": 16,
        "num_hidden_layers": 2,
        "a_low_rank_dim": 8,
        "v_low_rank_dim": 8,
        "gate_low_rank_dim": 8,
        "decay_low_rank_dim": 8,
    },
}


@cache
def tiny(family: str) -> Any:
    """A model of this family in fp32, its matrices scaled up so that greedy text varies."""
    return build(family)


def build(family: str) -> Any:
    """As `tiny`, and nobody else's."""
    module = importlib.import_module(f"mlx_lm.models.{family}")
    mx.random.seed(7)
    model = module.Model(module.ModelArgs.from_dict(CONFIGS[family]))
    model.update(tree_map(lambda p: p * 3.0 if p.ndim == 2 and p.size > 256 else p, model.parameters()))
    model.set_dtype(mx.float32)
    model.eval()
    mx.eval(model.parameters())
    return model


def save_folder(path: Path, family: str = "llama") -> Path:
    """The model as a folder that `loader.load` can read."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text(json.dumps(CONFIGS[family]))
    mx.save_safetensors(str(path / "model.safetensors"), dict(tree_flatten(tiny(family).parameters())))
    return path
