"""Benchmark models: ordinary Llama folders with seeded random weights, made on the spot."""

import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.vocabulary import save_tokenizer


@dataclass(frozen=True)
class ModelSpec:
    """The shape of a Llama. Embeddings are tied, weights are fp32, no token ends a sequence.

    Attributes:
        name: the folder's name and the id that servers know it by; a changed shape needs a new one.
    """

    name: str
    vocab_size: int
    hidden_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    intermediate_size: int
    max_position_embeddings: int = 16_384

    @property
    def num_parameters(self) -> int:
        """Parameters, embeddings included."""
        return sum(math.prod(shape) for _, shape in self.tensors())

    def tensors(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Names and shapes of all weights, as mlx-lm's Llama calls them."""
        hidden, head_dim = self.hidden_size, self.hidden_size // self.num_heads
        kv = self.num_kv_heads * head_dim
        yield "model.embed_tokens.weight", (self.vocab_size, hidden)
        for layer in range(self.num_layers):
            prefix = f"model.layers.{layer}."
            for name, shape in (
                ("self_attn.q_proj", (hidden, hidden)),
                ("self_attn.k_proj", (kv, hidden)),
                ("self_attn.v_proj", (kv, hidden)),
                ("self_attn.o_proj", (hidden, hidden)),
                ("mlp.gate_proj", (self.intermediate_size, hidden)),
                ("mlp.up_proj", (self.intermediate_size, hidden)),
                ("mlp.down_proj", (hidden, self.intermediate_size)),
                ("input_layernorm", (hidden,)),
                ("post_attention_layernorm", (hidden,)),
            ):
                yield f"{prefix}{name}.weight", shape
        yield "model.norm.weight", (hidden,)

    def config(self) -> dict[str, Any]:
        """The `config.json`."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "torch_dtype": "float32",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.num_layers,
            "num_attention_heads": self.num_heads,
            "num_key_value_heads": self.num_kv_heads,
            "max_position_embeddings": self.max_position_embeddings,
            "rms_norm_eps": 1e-5,
            "rope_theta": 10_000.0,
            "hidden_act": "silu",
            "tie_word_embeddings": True,
            "bos_token_id": None,
            "eos_token_id": None,
        }


SMALL = ModelSpec("bench-llama-5m", 4096, 256, 6, 8, 4, 640)
LARGE = ModelSpec("bench-llama-126m", 32_000, 768, 12, 12, 4, 3008)
NARROW = ModelSpec("bench-llama-512-vocabulary", 512, 256, 6, 8, 4, 640)
WIDE = ModelSpec("bench-llama-151k-vocabulary", 151_936, 128, 4, 8, 4, 384)


def default_models_dir() -> Path:
    """Where the models are kept between runs: the user's cache."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mlx-manager-bench"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlx-manager-bench"


def ensure_model(spec: ModelSpec, folder: Path) -> Path:
    """The model's folder inside `folder`, made if it is not there in this shape."""
    target = folder / spec.name
    if _config_of(target) == spec.config():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    # Renamed when complete, so that a run that was ended half-way leaves no half model.
    made = Path(tempfile.mkdtemp(prefix=f".{spec.name}-", dir=folder))
    try:
        _write(spec, made)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return target


def _config_of(folder: Path) -> Any:
    try:
        return json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return None


def _write(spec: ModelSpec, folder: Path) -> None:
    from safetensors.numpy import save_file

    folder.chmod(0o755)
    (folder / "config.json").write_text(json.dumps(spec.config(), indent=2) + "\n")
    (folder / "generation_config.json").write_text('{"do_sample": false}\n')
    save_tokenizer(folder, spec.vocab_size)
    random = np.random.default_rng(0)
    weights = {name: _random_weight(random, shape) for name, shape in spec.tensors()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "mlx"})


def _random_weight(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    # Keeps activations of order one through the layers, as in a trained model.
    scale = np.float32(1 / math.sqrt(shape[1]))
    return random.standard_normal(shape, np.float32) * scale
