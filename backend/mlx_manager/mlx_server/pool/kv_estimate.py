"""What a request's cache may take, told by a config before the model is loaded."""

from collections.abc import Mapping
from typing import Any, Final

_BYTES: Final = 2
_LAYERS: Final = ("num_hidden_layers", "num_layers", "n_layers", "n_layer", "num_transformer_layers")
_HEADS: Final = ("num_attention_heads", "num_heads", "n_heads", "n_head")
_KV_HEADS: Final = ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "num_attention_groups")
_WIDTH: Final = ("hidden_size", "hidden_dim", "model_dim", "d_model", "n_embd")
_LATENT: Final = {"kv_lora_rank": 1, "qk_rope_head_dim": 1, "index_head_dim": 2}
# Names of layers whose state does not grow with the text.
_FIXED: Final = ("mamba", "linear", "conv", "recurrent", "sliding", "chunked", "local", "swa")
# One in so many layers attends to the whole text.
_ONE_IN: Final = ("full_attention_interval", "sliding_window_pattern", "layer_group_size", "mamba_step")
_MOST_LAYERS: Final = 10_000
# mlx-lm keeps the keys and values of these as every head sees them, not the vector they are made from.
_UNPACKED_LATENT: Final = ("deepseek_v2", "minicpm3", "youtu_llm")
# Layers of these attend twice.
_TWICE: Final = ("longcat_flash", "longcat_flash_ngram")


def kv_bytes_per_token(config: Mapping[str, Any]) -> int:
    """Bytes for each token of a request, at 16 bits, in the layers that keep every token.

    An estimate from the entries that families have in common: the model says the true number when it is
    loaded. 0 where the config does not say.
    """
    return _num_growing_heads(config) * _numbers_per_head(config) * _BYTES


def _numbers_per_head(config: Mapping[str, Any]) -> int:
    """Of a token, in one head's keys and values."""
    if _is_latent(config):
        # Of an index mlx-lm keeps the keys twice.
        return sum(_int(config, name) * times for name, times in _LATENT.items())
    if _int(config, "kv_lora_rank"):
        return sum(_int(config, name) for name in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"))
    heads = _int(config, *_HEADS)
    key_width = _int(config, "head_dim", "kv_channels") or (_int(config, *_WIDTH) // heads if heads else 0)
    return key_width + (_int(config, "v_head_dim") or key_width)


def _num_growing_heads(config: Mapping[str, Any]) -> int:
    """Heads with keys and values of their own, in all layers that attend to the whole text."""
    heads = _int(config, *_HEADS)
    match config.get("block_configs"):
        case [*blocks]:
            return sum(_heads_of_block(block, heads) for block in blocks)
    layers = min(_num_growing_layers(config), _MOST_LAYERS) * (_int(config, "num_loops") or 1)
    if _is_latent(config):
        return layers * (2 if config.get("model_type") in _TWICE else 1)
    if config.get("multi_query") is True:
        return layers
    return layers * (_int(config, *_KV_HEADS) or heads)


def _heads_of_block(block: Any, heads: int) -> int:
    """Of a layer that has a description of its own, as in Nemotron-NAS."""
    match block:
        case {"attention": {"n_heads_in_group": int(group)}} if group > 0:
            return heads // group
    return 0


def _is_latent(config: Mapping[str, Any]) -> bool:
    """Whether layers keep one vector for all heads together."""
    return _int(config, "kv_lora_rank") > 0 and config.get("model_type") not in _UNPACKED_LATENT


def _num_growing_layers(config: Mapping[str, Any]) -> int:
    """Layers that attend to the whole text, by whichever entry tells the kinds of layers."""
    num_layers = _int(config, *_LAYERS)
    if _int(config, "state_size") or ("block_types" in config and "attention_window_size" in config):
        return 0  # recurrent throughout, or with windows at most
    match config:
        case {"hybrid_override_pattern": str() | list() as pattern}:
            return sum(kind in ("*", "attention") for kind in pattern)
        case {"hybrid_layer_pattern": list(pattern)}:
            return sum(kind == 0 for kind in pattern)
        case {"layer_types": list(kinds)} | {"layers_block_type": list(kinds)}:
            # The last ones use what earlier ones keep.
            own = kinds[: max(len(kinds) - _int(config, "num_kv_shared_layers"), 0)]
            return sum(_grows(kind) for kind in own)
        case {"linear_attn_config": {"full_attn_layers": list(full)}} | {"full_attn_idxs": list(full)}:
            return len(full)
        case {"sliding_window_layers": list(sliding)}:
            return max(num_layers - len(sliding), 0)
        case {"attn_layer_period": int(period), "attn_layer_offset": int(offset)} if 0 <= offset < period:
            return len(range(offset, num_layers, period))
    for name in _ONE_IN:
        match config.get(name):
            case int(every) if every > 0:
                return num_layers // every
            case str(pattern) if pattern:
                return num_layers * pattern.count("G") // len(pattern)
    return num_layers // 4 if _int(config, "attention_chunk_size") else num_layers


def _grows(kind: object) -> bool:
    return not any(word in str(kind) for word in _FIXED)


def _int(config: Mapping[str, Any], *names: str) -> int:
    """The first of these entries that is a number; 0 where none is."""
    values = (config.get(name) for name in names)
    return next((value for value in values if type(value) is int and 0 < value < 2**31), 0)
