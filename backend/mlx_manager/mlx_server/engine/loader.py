"""From a model's folder to a model that has proven whether it can batch."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx_lm.utils import load_model

from mlx_manager.mlx_server.engine.device import compute_in_fp32
from mlx_manager.mlx_server.engine.probe import ProbeResult, probe_batching


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model with its weights in memory.

    Attributes:
        vocab_size: width of its logits.
    """

    model: Any
    vocab_size: int
    probe: ProbeResult
    load_s: float


def load(path: Path) -> LoadedModel:
    """Load a folder of safetensors with mlx-lm; code inside the folder is never run.

    Raises:
        Exception: whatever mlx-lm says of a folder that it cannot load.
    """
    started = time.perf_counter()
    model, config = load_model(path, lazy=True)
    compute_in_fp32(model)
    mx.eval(model.parameters())
    model.eval()
    vocab_size = int(model(mx.array([[0]])).shape[-1])
    text_config = config.get("text_config", config)
    probe = probe_batching(model, vocab_size, text_config.get("num_key_value_heads"))
    mx.clear_cache()
    return LoadedModel(model, vocab_size, probe, time.perf_counter() - started)
