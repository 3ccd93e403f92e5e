"""KV caches held in 8 or 4 bits, where the owner asks for it: such a model runs one row at a time."""

from typing import Any, Final

import mlx.core as mx
from mlx_lm.models.cache import KVCache, QuantizedKVCache, make_prompt_cache

# mx.quantize scales so many neighbouring values together; the head size must be a multiple.
_GROUP_SIZES: Final = (64, 32)


class QuantisedCacheModel:
    """A model whose prompt caches are quantised; everything else is the model's own."""

    def __init__(self, model: Any, bits: int, group_size: int) -> None:
        self._model = model
        self._bits = bits
        self._group_size = group_size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, ids: mx.array, cache: list[Any] | None = None) -> mx.array:
        """Logits of shape (B, L, V)."""
        logits: mx.array = self._model(ids, cache=cache)
        return logits

    def make_cache(self) -> list[Any]:
        """Per-layer caches; mlx-lm's `make_prompt_cache` asks for them here."""
        return [
            QuantizedKVCache(group_size=self._group_size, bits=self._bits)
            for _ in make_prompt_cache(self._model)
        ]


def with_quantised_cache(model: Any, bits: int) -> QuantisedCacheModel:
    """The model with KV caches of so many bits, proven to run with them.

    Raises:
        ValueError: a layer's cache is no plain KV cache (a sliding window, recurrent state), the
            attention has sinks, or the head size does not divide; the message says which.
    """
    if others := {type(layer).__name__ for layer in make_prompt_cache(model) if type(layer) is not KVCache}:
        raise ValueError(f"kv_bits: {', '.join(sorted(others))} cannot be quantised")
    faults = []
    for group_size in _GROUP_SIZES:
        quantised = QuantisedCacheModel(model, bits, group_size)
        cache = quantised.make_cache()
        try:
            for ids in ([[0, 0, 0]], [[0]]):
                mx.eval(quantised(mx.array(ids), cache=cache))
        except Exception as fault:  # MLX says in its own words why it cannot
            faults.append(str(fault))
        else:
            return quantised
    raise ValueError(f"kv_bits: this model's KV cache cannot be quantised: {faults[-1]}")
