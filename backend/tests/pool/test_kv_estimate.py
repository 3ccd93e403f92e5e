"""Bytes of cache for each token, of configs as they are found in the world."""

from typing import Any

import pytest

from mlx_manager.mlx_server.pool.kv_estimate import kv_bytes_per_token

LLAMA: dict[str, Any] = {
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}
SLIDING, FULL = "sliding_attention", "full_attention"
# Keys and values of one layer: 8 heads of 128 numbers in 16 bits.
LAYER = 2 * 8 * 128 * 2


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        # llama-3.1-8b, whose caches are known to take 128 KiB for each token
        (LLAMA, 128 * 1024),
        (LLAMA | {"head_dim": 64}, 64 * 1024),
        (LLAMA | {"num_key_value_heads": None}, 512 * 1024),
        (LLAMA | {"layer_types": [SLIDING, FULL] * 16}, 16 * LAYER),
        (LLAMA | {"layer_types": ["linear_attention"] * 3 + [FULL]}, LAYER),
        (LLAMA | {"layer_types": ["conv", FULL, "mamba", "attention", "chunked_attention"]}, 2 * LAYER),
        (LLAMA | {"layer_types": [SLIDING, FULL] * 4, "num_kv_shared_layers": 4}, 2 * LAYER),
        (LLAMA | {"layers_block_type": ["mamba", "hybrid"] * 8}, 8 * LAYER),
        (LLAMA | {"hybrid_override_pattern": "M-M*-M*"}, 2 * LAYER),
        (LLAMA | {"sliding_window": 512, "sliding_window_pattern": 6}, 5 * LAYER),
        (LLAMA | {"sliding_window": 512, "sliding_window_pattern": "LLLG"}, 8 * LAYER),
        (LLAMA | {"full_attention_interval": 4}, 8 * LAYER),
        (LLAMA | {"attn_layer_period": 8, "attn_layer_offset": 4}, 4 * LAYER),
        (LLAMA | {"linear_attn_config": {"full_attn_layers": [4, 8]}}, 2 * LAYER),
        # deepseek-v3: 61 layers that keep 512 + 64 numbers
        (LLAMA | {"num_hidden_layers": 61, "kv_lora_rank": 512, "qk_rope_head_dim": 64}, 61 * 576 * 2),
        # gpt-2
        ({"n_layer": 12, "n_head": 12, "n_embd": 768}, 12 * 2 * 768 * 2),
        # Recurrent: nothing grows.
        ({"hidden_size": 768, "num_hidden_layers": 32, "state_size": 16}, 0),
        ({"hidden_size": 768, "num_hidden_layers": 32, "state_size": 16, "num_heads": 24, "head_dim": 64}, 0),
        ({"hidden_size": 768, "num_hidden_layers": 12, "head_dim": 64}, 0),
        ({}, 0),
    ],
)
def test_known_kinds(config: dict[str, Any], wanted: int) -> None:
    assert kv_bytes_per_token(config) == wanted


@pytest.mark.parametrize("value", [None, True, -1, 0, 0.5, float("nan"), "8", [8], {}, 10**400, "", [[]]])
@pytest.mark.parametrize(
    "name",
    [
        *("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim"),
        *("layer_types", "layers_block_type", "hybrid_override_pattern", "hybrid_layer_pattern"),
        *("sliding_window_pattern", "full_attention_interval", "attn_layer_period", "linear_attn_config"),
        *("kv_lora_rank", "qk_rope_head_dim", "state_size", "num_kv_shared_layers", "v_head_dim"),
    ],
)
def test_strange_values_give_a_number(name: str, value: Any) -> None:
    for more in ({}, {"attn_layer_offset": value}):
        assert 0 <= kv_bytes_per_token(LLAMA | {name: value} | more) < 2**63
