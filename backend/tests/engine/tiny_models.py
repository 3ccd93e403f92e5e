"""Models with random weights: small enough to be made in a test, of families that differ in their caches."""

import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from family_configs import FULL, MIXTURE, MULTI_LATENT, SLIDING_WINDOW, config
from family_configs import VOCAB as VOCAB
from family_configs_recurrent import HYBRID, RECURRENT
from mlx.utils import tree_flatten, tree_map_with_path
from mlx_lm.utils import MODEL_REMAPPING

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
# One of each kind of cache, for tests of the engine; all families are in ALL_CONFIGS.
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
ALL_CONFIGS = CONFIGS | FULL | SLIDING_WINDOW | MIXTURE | MULTI_LATENT | RECURRENT | HYBRID

# Quantised weights come in groups of 32 along a matrix's rows.
_GROUPED: dict[str, Any] = {"hidden_size": 64, "num_attention_heads": 8, "num_key_value_heads": 4}
QUANTISED = {
    f"{family}-{bits}bit": config(family, base, _GROUPED, quantization={"group_size": 32, "bits": bits})
    for family, base in (
        ("llama", {}),
        ("qwen3", {}),
        ("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    )
    for bits in (4, 8)
}


# Heads that are wide enough to be held in groups of 32 quantised values.
WIDE = {"llama_wide": CONFIGS["llama"] | {"head_dim": 32}}


def config_of(family: str) -> dict[str, Any]:
    """The family's config.json."""
    return (ALL_CONFIGS | QUANTISED | WIDE)[family]


def num_kv_heads(family: str) -> int | None:
    """As the loader finds it in a config.json."""
    whole = config_of(family)
    found: int | None = whole.get("text_config", whole).get("num_key_value_heads")
    return found


@cache
def tiny(family: str) -> Any:
    """A model of this family in fp32, its weights scaled up so that greedy text varies."""
    return build(family)


def build(family: str, **changed: Any) -> Any:
    """As `tiny`, and nobody else's; with some of its configuration changed."""
    family_config = config_of(family) | changed
    model_type = family_config["model_type"]
    module = importlib.import_module(f"mlx_lm.models.{MODEL_REMAPPING.get(model_type, model_type)}")
    mx.random.seed(7)
    model = module.Model(module.ModelArgs.from_dict(json.loads(json.dumps(family_config))))
    tied = _is_tied(model, family_config["vocab_size"])
    model.update(tree_map_with_path(lambda name, weight: _livelier(name, weight, tied), model.parameters()))
    model.set_dtype(mx.float32)
    if "quantization" in family_config:
        nn.quantize(model, **family_config["quantization"])
    model.eval()
    mx.eval(model.parameters())
    return model


def has_tied_output(family: str) -> bool:
    """Whether mlx-lm offers this family with one matrix for input and output only."""
    return _is_tied(tiny(family), config_of(family)["vocab_size"])


def _is_tied(model: Any, vocab_size: int) -> bool:
    inputs = ("embed", "wte")
    return not any(
        weight.shape[0] == vocab_size and ("embed_out" in name or not any(word in name for word in inputs))
        for name, weight in tree_flatten(model.parameters())
        if weight.ndim == 2
    )


def _livelier(name: str, weight: mx.array, tied: bool) -> mx.array:
    """Weights under which the model says something else at each step, whatever the architecture.

    A model that is told its own token by a tied output says it again and again. Random signs in the
    norm before the output take that away. What begins at zero, such as a convolution, would hide what
    the cache holds for it, and so would a state that decays within a few tokens.
    """
    spared = "bias" in name or ("norm" in name and weight.ndim == 1)
    if not spared and not weight.any().item():
        return mx.random.normal(weight.shape)
    if name.endswith("A_log"):
        return weight - 3.0
    if tied and weight.ndim == 1 and ".layers." not in name and ".h." not in name:
        return mx.random.normal(weight.shape)
    if weight.ndim == 2 and weight.size > 256:
        return weight * 3.0
    return weight


def save_folder(path: Path, family: str = "llama", **changed: Any) -> Path:
    """The model as a folder that `loader.load` can read; with some of its configuration changed."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text(json.dumps(config_of(family) | changed))
    model = build(family, **changed) if changed else tiny(family)
    mx.save_safetensors(str(path / "model.safetensors"), dict(tree_flatten(model.parameters())))
    return path
