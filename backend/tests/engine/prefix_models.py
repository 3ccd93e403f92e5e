"""Models and caches for the prefix cache's tests: families beyond `tiny_models`, and a make-believe model."""

import importlib
from collections.abc import Callable
from functools import cache as memo
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map
from mlx_lm.models.cache import (
    ArraysCache,
    CacheList,
    KVCache,
    QuantizedKVCache,
    RotatingKVCache,
    make_prompt_cache,
)
from tiny_models import CONFIGS, VOCAB, tiny

from mlx_manager.mlx_server.engine.prefix_cache.disk import DiskTier
from mlx_manager.mlx_server.engine.prefix_cache.prefix_cache import Hit, PrefixCache

WAIT_S = 60.0

_MORE: dict[str, dict[str, Any]] = {
    "llama": CONFIGS["llama"] | {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32},
    "falcon_h1": {
        "model_type": "falcon_h1",
        "vocab_size": VOCAB,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "mamba_d_ssm": 32,
        "mamba_d_head": 8,
        "mamba_n_heads": 4,
        "mamba_d_state": 8,
        "mamba_d_conv": 4,
        "mamba_expand": 1,
        "tie_word_embeddings": False,
    },
    "qwen3_next": {
        "model_type": "qwen3_next",
        "vocab_size": VOCAB,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "linear_num_value_heads": 4,
        "linear_num_key_heads": 2,
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 8,
        "linear_conv_kernel_dim": 4,
        "num_experts": 2,
        "num_experts_per_tok": 1,
        "decoder_sparse_step": 1,
        "shared_expert_intermediate_size": 16,
        "mlp_only_layers": [0, 1, 2, 3],
        "moe_intermediate_size": 16,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "partial_rotary_factor": 0.5,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": False,
    },
    "deepseek_v32": {
        "model_type": "deepseek_v32",
        "vocab_size": VOCAB,
        "hidden_size": 32,
        "index_head_dim": 16,
        "index_n_heads": 2,
        "index_topk": 16,
        "intermediate_size": 48,
        "moe_intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "kv_lora_rank": 16,
        "q_lora_rank": 16,
        "qk_rope_head_dim": 8,
        "v_head_dim": 8,
        "qk_nope_head_dim": 8,
        "first_k_dense_replace": 2,
    },
}


class Quantized:
    """A model whose caches are quantised."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.layers = model.layers

    def make_cache(self) -> list[Any]:
        return [QuantizedKVCache(group_size=32, bits=8) for _ in self.layers]

    def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
        logits: mx.array = self._model(ids, cache=cache)
        return logits


@memo
def model_of(family: str) -> Any:
    """A tiny model of a family; `quantised` is a llama with a quantised cache."""
    if family == "quantised":
        return Quantized(_build("llama"))
    return tiny(family) if family in CONFIGS else _build(family)


def _build(family: str) -> Any:
    module = importlib.import_module(f"mlx_lm.models.{family}")
    mx.random.seed(7)
    model = module.Model(module.ModelArgs.from_dict(_MORE[family]))
    model.update(tree_map(lambda p: p * 3.0 if p.ndim == 2 and p.size > 256 else p, model.parameters()))
    model.set_dtype(mx.float32)
    model.eval()
    mx.eval(model.parameters())
    return model


def fresh(family: str) -> Callable[[], list[Any]]:
    """What `PrefixCache` asks for."""
    return lambda: make_prompt_cache(model_of(family))


def prefill(family: str, ids: list[int], cache: list[Any], chunk: int = 16) -> np.ndarray[Any, Any]:
    """Read tokens in chunks after what the cache holds. Returns all their logits, (L, vocab)."""
    logits = [
        model_of(family)(mx.array([ids[start : start + chunk]]), cache=cache)[0]
        for start in range(0, len(ids), chunk)
    ]
    return np.array(mx.concatenate(logits))


def tokens(count: int, seed: int = 0) -> list[int]:
    """A random prompt."""
    return np.random.default_rng(seed).integers(0, VOCAB, count).tolist()  # type: ignore[no-any-return]


def read(family: str, ids: list[int]) -> list[Any]:
    """A cache that holds exactly these tokens."""
    cache = make_prompt_cache(model_of(family))
    prefill(family, ids, cache)
    return cache


def assert_continues(family: str, prompt: list[int], hit: Hit | None, num_tokens: int) -> None:
    """The hit is so long, and from there on the logits are those of a run from scratch."""
    assert hit is not None
    assert hit.num_tokens == num_tokens
    assert hit.cache is not None
    more = [*prompt, *tokens(5, seed=99)]
    wanted = prefill(family, more, make_prompt_cache(model_of(family)))[num_tokens:]
    assert np.abs(prefill(family, more[num_tokens:], hit.cache) - wanted).max() < 1e-4


# A make-believe model: what it computes at a position is a hash of all tokens up to there, so that anything
# mixed up shows.

KINDS = ("kv", "window", "hybrid", "state")
WINDOW = 12


def make_believe(kind: str) -> Callable[[], list[Any]]:
    """Fresh caches of a kind."""
    return {
        "kv": lambda: [KVCache(), CacheList(KVCache(), KVCache())],
        "window": lambda: [KVCache(), RotatingKVCache(max_size=WINDOW)],
        "hybrid": lambda: [CacheList(ArraysCache(2), KVCache()), RotatingKVCache(max_size=WINDOW, keep=2)],
        "state": lambda: [ArraysCache(1)],
    }[kind]


def hashes(ids: list[int]) -> list[float]:
    """One a position."""
    found, value = [], 1
    for token in ids:
        value = (value * 31 + token + 1) % 65521
        found.append(float(value))
    return found


def _leaves(cache: list[Any]) -> list[Any]:
    return [leaf for entry in cache for leaf in (entry.caches if isinstance(entry, CacheList) else [entry])]


def believe(cache: list[Any], ids: list[int], start: int = 0) -> list[Any]:
    """ "Read" the tokens from `start` on."""
    values = mx.array(hashes(ids)[start:])
    for leaf in _leaves(cache):
        if isinstance(leaf, ArraysCache):
            leaf[0] = values[-1:].reshape(1, 1)
        elif start < len(ids):
            keys = mx.broadcast_to(values.reshape(1, 1, -1, 1), (1, 2, len(values), 3))
            leaf.update_and_fetch(keys, keys + 0.25)
    return cache


def assert_believable(hit: Hit, prompt: list[int]) -> None:
    """The restored caches hold what the make-believe model would have computed."""
    assert (hit.cache is None) == (hit.num_tokens == 0)
    if hit.cache is None:
        return
    wanted = hashes(prompt)[: hit.num_tokens]
    for leaf in _leaves(hit.cache):
        if isinstance(leaf, ArraysCache):
            assert leaf[0].tolist() == [[wanted[-1]]]
            continue
        assert leaf.offset == hit.num_tokens
        expected = wanted
        if isinstance(leaf, RotatingKVCache) and hit.num_tokens > leaf.max_size:
            expected = wanted[: leaf.keep] + wanted[hit.num_tokens - leaf.max_size + leaf.keep :]
        keys, values = leaf.keys_and_values()
        assert keys[0, 1, :, 2].tolist() == expected
        assert values[0, 0, :, 0].tolist() == [value + 0.25 for value in expected]


class Tier:
    """A prefix cache with a disk tier whose answers are waited for."""

    def __init__(self, make_cache: Callable[[], list[Any]], folder: Path, **options: Any) -> None:
        settings: dict[str, Any] = {"ram": 2**30, "disk": 2**30, "floor": 0, "fingerprint": "a model"}
        settings |= options
        self.num_ready = 0
        self.disk = DiskTier(
            folder, budget_bytes=settings["disk"], floor_bytes=settings["floor"], on_ready=self._ready
        )
        self.cache = PrefixCache(
            make_cache,
            budget_bytes=settings["ram"],
            fingerprint=settings["fingerprint"],
            disk=self.disk,
        )

    def _ready(self) -> None:
        self.num_ready += 1

    def lookup(self, salt: str, prompt: list[int]) -> Hit:
        """Ask until there is an answer: once for the index, thrice at most for reads."""
        for _ in range(5):
            hit = self.cache.lookup(salt, prompt)
            if hit is not None:
                return hit
            assert self.disk.wait_idle(WAIT_S)
        raise AssertionError("a lookup is never answered")

    def flush(self) -> None:
        """All is written, and nothing is wrong."""
        assert self.cache.flush(WAIT_S)
        assert self.cache.check() == ""

    def close(self) -> None:
        """As at the end of a worker."""
        assert self.cache.close(WAIT_S)
        assert self.cache.check() == ""
