"""What the catalogue says of a folder before it is loaded is what MLX makes of it."""

import importlib
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import pytest
from families import FAMILIES
from mlx.utils import tree_flatten
from mlx_lm.models.cache import make_prompt_cache
from tiny_models import QUANTISED, config_of, tiny

from mlx_manager.mlx_server.engine.kv_size import measure_kv
from mlx_manager.mlx_server.pool.kv_estimate import kv_bytes_per_token
from mlx_manager.mlx_server.pool.safetensors_header import num_parameters, read_header

# Where a real config.json says something else than the tiny one, whose entries mlx-lm does not all read.
_NO_KV_HEADS = {"num_key_value_heads": None}
REAL: dict[str, dict[str, Any]] = {
    "phixtral": _NO_KV_HEADS,
    "talkie": _NO_KV_HEADS,
    "gptj": _NO_KV_HEADS,
    "gpt_bigcode": {"multi_query": True},
    "lille-130m": _NO_KV_HEADS | {"num_attention_heads": None, "head_dim": None, "hidden_size": None},
}
# What no entry that families share tells, and the estimate as a multiple of the true number.
INEXACT = {"minimax_m3_vl": 384 / 416, "deepseek_v41": 21.0}


def unpacked(family: str) -> Any:
    """The model before it is quantised."""
    plain = {key: value for key, value in config_of(family).items() if key != "quantization"}
    module = importlib.import_module(f"mlx_lm.models.{plain['model_type']}")
    return module.Model(module.ModelArgs.from_dict(plain))


def counted(path: Path, model: Any, group_sizes: dict[str, int]) -> int:
    mx.save_safetensors(str(path), dict(tree_flatten(model.parameters())))
    return num_parameters(read_header(path), group_sizes)


@pytest.mark.parametrize("family", QUANTISED)
def test_packed_weights_are_counted_unpacked(tmp_path: Path, family: str) -> None:
    model = unpacked(family)
    wanted = sum(array.size for _, array in tree_flatten(model.parameters()))
    assert counted(tmp_path / "plain.safetensors", model, {}) == wanted
    quantization = config_of(family)["quantization"]
    nn.quantize(model, **quantization)
    assert counted(tmp_path / "packed.safetensors", model, {"": quantization["group_size"]}) == wanted


def test_weights_that_are_packed_in_several_ways(tmp_path: Path) -> None:
    model = unpacked("llama-4bit")
    wanted = sum(array.size for _, array in tree_flatten(model.parameters()))
    own = {
        "lm_head": {"group_size": 64, "bits": 8},
        "model.layers.0.mlp.up_proj": {"group_size": 64, "bits": 6},
    }
    nn.quantize(
        model,
        group_size=32,
        bits=4,
        class_predicate=lambda path, module: own.get(
            path, hasattr(module, "to_quantized") and "q_proj" not in path
        ),
    )
    sizes = {module: options["group_size"] for module, options in own.items()}
    assert counted(tmp_path / "packed.safetensors", model, {"": 32, **sizes}) == wanted


@pytest.mark.sample(12)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_cache_is_estimated_as_it_is_measured(family: str) -> None:
    config = config_of(family) | REAL.get(family, {})
    model = tiny(family)
    measured = measure_kv(model, lambda: make_prompt_cache(model)).bytes_per_token
    estimated = 2 * kv_bytes_per_token(config.get("text_config", config))  # of 16 bits; these have 32
    assert estimated == measured * INEXACT.get(family, 1.0)
