"""What one token tells about the caches' bytes is what filling them shows."""

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from families import FAMILIES
from mlx_lm.models.cache import ChunkedKVCache, QuantizedKVCache, make_prompt_cache
from teacher_forced import merged, read
from tiny_models import build, tiny

from mlx_manager.mlx_server.engine.kv_size import GROWTH_TOKENS, MEASURED_TOKENS, KVSize, Window, measure_kv
from mlx_manager.mlx_server.engine.trial import leaves

UNKNOWN = {"deepseek_v41"}


def size_of(family: str) -> KVSize:
    model = tiny(family)
    return measure_kv(model, lambda: make_prompt_cache(model))


def held(cache: list[Any]) -> int:
    return sum(leaf.nbytes for leaf in leaves(cache))


def decoded(model: Any, num_tokens: int) -> list[Any]:
    """A cache of so many tokens, the last of them read alone: a window is then no longer than it is."""
    cache = read(model, [1] * (num_tokens - 1))
    model(mx.array([[1]]), cache=cache)
    mx.eval([layer.state for layer in cache])
    return cache


@pytest.mark.sample(8)
@pytest.mark.parametrize("family", FAMILIES)
def test_slope_and_intercept_are_those_measured_at_257_and_513_tokens(family: str) -> None:
    size = size_of(family)
    few, many = (held(decoded(tiny(family), tokens)) for tokens in MEASURED_TOKENS)
    slope = (many - few) / GROWTH_TOKENS
    assert size.bytes_per_token == slope
    chunked = any(window.beside for window in size.windows)
    if family in UNKNOWN:
        assert size.fixed_bytes == few - MEASURED_TOKENS[0] * slope
    elif not chunked:
        windows = sum(window.tokens * window.bytes_per_token for window in size.windows)
        # At 257 tokens two steps of 256 are allocated.
        assert size.fixed_bytes + windows == few - 2 * GROWTH_TOKENS * slope


@pytest.mark.sample(6)
@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_allocated_is_beyond_the_bound(family: str) -> None:
    model, size = tiny(family), size_of(family)
    for num_tokens, chunk in ((1, 1), (2, 7), (100, 64), (300, 100), (513, 200)):
        cache = read(model, [1] * num_tokens, chunk)
        assert held(cache) <= size.allocated_bytes(num_tokens, chunk)
        if family not in UNKNOWN:
            assert size.used_bytes(num_tokens) <= held(cache)
    if all(hasattr(layer, "merge") for layer in cache):
        batch = merged(read(model, [1] * 200))
        for layer, other in zip(batch, merged(read(model, [1] * 20)), strict=True):
            layer.extend(other)
        # Growing is what allocates, also where the model cannot make sense of a batch.
        for leaf in leaves(batch):
            if hasattr(leaf, "left_padding") and hasattr(leaf, "update_and_fetch") and leaf.keys is not None:
                leaf.update_and_fetch(leaf.keys[:, :, :1], leaf.values[:, :, :1])
        assert held(batch) <= 2 * size.allocated_bytes(201)


def test_quantised_kv_is_smaller() -> None:
    model = build("mistral")

    def make_cache() -> list[Any]:
        return [QuantizedKVCache(group_size=32, bits=8) for _ in model.layers]

    with pytest.raises(ValueError, match="group"):  # its head size is 8
        measure_kv(model, make_cache)
    model = build("lille-130m")
    full = measure_kv(model, lambda: make_prompt_cache(model))
    quantised = measure_kv(model, make_cache)
    # Eight bits and a scale and a bias of 32 bits for each 32 values, instead of 32 bits a value.
    assert quantised.bytes_per_token == full.bytes_per_token * (8 + 2) / 32


def test_windows_of_one_length_are_one() -> None:
    assert size_of("gemma3_text").windows == (Window(24, 2 * 3 * 8 * 4 * 2),)
    assert size_of("gemma3_text").max_window_tokens == 24
    assert size_of("llama").max_window_tokens == 0


def test_a_cache_of_unknown_class_is_filled_to_be_measured() -> None:
    class Doubled:
        """Keeps everything twice."""

        def __init__(self) -> None:
            self.seen = np.zeros((0, 6), np.int8)

        state = ()

        def empty(self) -> bool:
            return False

        @property
        def nbytes(self) -> int:
            return 40 + 2 * self.seen.nbytes

    class Model:
        def __call__(self, ids: mx.array, cache: list[Doubled]) -> None:
            cache[0].seen = np.resize(cache[0].seen, (len(cache[0].seen) + ids.shape[1], 6))

    assert measure_kv(Model(), lambda: [Doubled()]) == KVSize(12, 40)


def test_llama4_keeps_a_chunk() -> None:
    assert isinstance(make_prompt_cache(tiny("llama4"))[0], ChunkedKVCache)
    assert size_of("llama4").max_window_tokens == 24
