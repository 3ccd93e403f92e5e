"""From a model's folder to a model that has proven whether it can batch."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.models.cache import KVCache, QuantizedKVCache, make_prompt_cache
from mlx_lm.utils import load_model

from mlx_manager.mlx_server.engine.adapter import apply_adapter
from mlx_manager.mlx_server.engine.caches import leaves
from mlx_manager.mlx_server.engine.device import compute_in_fp32
from mlx_manager.mlx_server.engine.kv_bits import with_quantised_cache
from mlx_manager.mlx_server.engine.kv_size import measure_kv
from mlx_manager.mlx_server.engine.ledger import KVSize
from mlx_manager.mlx_server.engine.probe import ProbeResult, probe_batching
from mlx_manager.mlx_server.engine.probe_store import Findings, ProbeStore, probe_key
from mlx_manager.mlx_server.engine.wire import Load

# Weights are read in so many parts of about as many bytes, after which this share of a load is done.
_PARTS: Final = 16
_WEIGHTS_SHARE: Final = 0.9


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


def load(command: Load, on_progress: Callable[[float], None] = lambda _: None) -> LoadedModel:
    """Load a folder of safetensors with mlx-lm; code inside the folder is never run.

    Args:
        on_progress: told how much of the load is done, up to the probe.

    Raises:
        Exception: whatever mlx-lm says of a folder that it cannot load.
        AdapterError: the adapter cannot be applied.
        ValueError: the model cannot run with the settings that were asked for.
    """
    started = time.perf_counter()
    key = _key(command)
    model, config = load_model(Path(command.path), lazy=True)
    if command.adapter_path:
        apply_adapter(model, Path(command.adapter_path))
    compute_in_fp32(model)
    _read_weights(model, on_progress)
    model.eval()
    vocab_size = int(model(mx.array([[0]])).shape[-1])  # a shape alone computes nothing
    if command.kv_bits:
        model = with_quantised_cache(model, command.kv_bits)
    if _key(command) != key:
        key = ""  # the folder changed while it was read
    store = ProbeStore(Path(command.probe_dir)) if key else None
    found = store.recall(key) if store is not None else None
    if found is None or found.vocab_size != vocab_size:
        found = _try_out(model, key, vocab_size, config)
        if store is not None:
            store.keep(found)
    mx.clear_cache()
    weight_bytes = sum(array.nbytes for _, array in tree_flatten(model.parameters()))
    load_s = time.perf_counter() - started
    return LoadedModel(model, vocab_size, weight_bytes, found.probe, found.kv_size, load_s)


def _read_weights(model: Any, on_progress: Callable[[float], None]) -> None:
    """Evaluate the parameters part by part."""
    arrays: list[mx.array] = [array for _, array in tree_flatten(model.parameters())]
    total = max(sum(array.nbytes for array in arrays), 1)
    part: list[mx.array] = []
    num_parts, done = 0, 0
    for array in arrays:
        part.append(array)
        done += array.nbytes
        if done * _PARTS >= total * (num_parts + 1):
            mx.eval(part)
            part, num_parts = [], done * _PARTS // total
            on_progress(_WEIGHTS_SHARE * done / total)
    mx.eval(part)  # what has no bytes


def _key(command: Load) -> str:
    """Names what the folder holds now; empty where findings are not kept."""
    if not command.probe_dir:
        return ""
    adapter = Path(command.adapter_path) if command.adapter_path else None
    return probe_key(Path(command.path), adapter, kv_bits=command.kv_bits)


def _try_out(model: Any, key: str, vocab_size: int, config: dict[str, Any]) -> Findings:
    num_kv_heads = config.get("text_config", config).get("num_key_value_heads")
    probe = probe_batching(model, vocab_size, num_kv_heads)
    return Findings(key, vocab_size, probe, measure_kv(model, lambda: make_prompt_cache(model)))
