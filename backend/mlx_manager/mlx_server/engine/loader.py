"""From a model's folder to a model that has proven whether it can batch."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.models.cache import KVCache, QuantizedKVCache, make_prompt_cache
from mlx_lm.utils import load_model

from mlx_manager.mlx_server.engine.caches import leaves
from mlx_manager.mlx_server.engine.device import compute_in_fp32
from mlx_manager.mlx_server.engine.kv_bits import with_quantised_cache
from mlx_manager.mlx_server.engine.kv_size import measure_kv
from mlx_manager.mlx_server.engine.ledger import KVSize
from mlx_manager.mlx_server.engine.probe import ProbeResult, probe_batching
from mlx_manager.mlx_server.engine.wire import Load


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model with its weights in memory.

    Attributes:
        vocab_size: width of its logits.
        weight_bytes: of its parameters as they are held.
        kv_size: bytes of one row's cache.
    """

    model: Any
    vocab_size: int
    weight_bytes: int
    probe: ProbeResult
    kv_size: KVSize
    load_s: float


def untrimmable(model: Any) -> str:
    """Why tokens cannot be taken back from the model's caches; empty where they can."""
    kinds = {type(layer) for layer in leaves(make_prompt_cache(model))} - {KVCache, QuantizedKVCache}
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    return f"decodes plainly: {names} cannot be trimmed" if names else ""


def load(command: Load) -> LoadedModel:
    """Load a folder of safetensors with mlx-lm; code inside the folder is never run.

    Raises:
        Exception: whatever mlx-lm says of a folder that it cannot load.
        ValueError: the model cannot run with the settings that were asked for.
    """
    started = time.perf_counter()
    model, config = load_model(Path(command.path), lazy=True)
    compute_in_fp32(model)
    mx.eval(model.parameters())
    model.eval()
    vocab_size = int(model(mx.array([[0]])).shape[-1])
    text_config = config.get("text_config", config)
    if command.kv_bits:
        model = with_quantised_cache(model, command.kv_bits)
    probe = probe_batching(model, vocab_size, text_config.get("num_key_value_heads"))
    kv_size = measure_kv(model, lambda: make_prompt_cache(model))
    mx.clear_cache()
    weight_bytes = sum(array.nbytes for _, array in tree_flatten(model.parameters()))
    return LoadedModel(model, vocab_size, weight_bytes, probe, kv_size, time.perf_counter() - started)
