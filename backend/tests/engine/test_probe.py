"""The probe passes what batches rightly and refuses what does not."""

from typing import Any

import mlx.core as mx
import pytest
from harness import Harness, assert_greedy, prompts, submit
from mlx_lm.models.cache import ArraysCache, BatchKVCache, KVCache
from tiny_models import CONFIGS, VOCAB, build, tiny

from mlx_manager.mlx_server.engine.probe import probe_batching


class WithCache:
    """A model whose caches are of another class."""

    def __init__(self, model: Any, layer: type) -> None:
        self._model, self._layer = model, layer
        self.layers = model.layers

    def make_cache(self) -> list[Any]:
        """What mlx-lm asks a model for."""
        return [self._layer() for _ in self.layers]

    def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
        logits: mx.array = self._model(ids, cache=cache)
        return logits


class SwappedBatch(BatchKVCache):  # type: ignore[misc]
    """Joins rows in the wrong order."""

    def extend(self, other: Any) -> None:
        """Put the newcomer first for the keys and last for the values."""
        super().extend(other)
        batch: Any = self
        batch.keys = batch.keys[::-1]


class SwapsRows(KVCache):  # type: ignore[misc]
    """A cache whose batch form is wrong."""

    @classmethod
    def merge(cls, caches: list[Any]) -> Any:
        """A batch that swaps."""
        merged = BatchKVCache.merge(caches)
        merged.__class__ = SwappedBatch
        return merged


class LosesPadding(KVCache):  # type: ignore[misc]
    """A cache whose batch form forgets how long its rows are."""

    @classmethod
    def merge(cls, caches: list[Any]) -> Any:
        """A batch that begins too late."""
        merged = BatchKVCache.merge(caches)
        merged.offset = merged.offset + 1
        return merged


class CannotExtend(KVCache):  # type: ignore[misc]
    """A cache whose batch form takes no other row."""

    @classmethod
    def merge(cls, caches: list[Any]) -> Any:
        """No batch at all."""
        raise NotImplementedError("no batches here")


class Unmergeable:
    """A cache without `merge`."""

    def __init__(self) -> None:
        self._layer = KVCache()

    def __getattr__(self, name: str) -> Any:
        if name == "merge":
            raise AttributeError(name)
        return getattr(self._layer, name)


@pytest.mark.sample(2)
@pytest.mark.parametrize("family", CONFIGS)
def test_passes(family: str) -> None:
    result = probe_batching(tiny(family), VOCAB, CONFIGS[family].get("num_key_value_heads"))
    assert result.can_batch, result.finding


@pytest.mark.parametrize("layer", [SwapsRows, LosesPadding, CannotExtend, Unmergeable])
def test_refuses_and_the_engine_answers_all_the_same(layer: type) -> None:
    model = WithCache(tiny("llama"), layer)
    result = probe_batching(model, VOCAB, 3)
    assert not result.can_batch
    assert "one row at a time" in result.finding
    harness = Harness(model, can_batch=result.can_batch)
    given = dict(enumerate(prompts(4)))
    for index, prompt in given.items():
        harness.submit(submit(index, prompt, 6))
    harness.run()
    assert harness.most_rows == 1
    for index, prompt in given.items():
        assert assert_greedy(tiny("llama"), prompt, harness.tokens[index]) > 0
        assert harness.finish[index] == "length"


def test_a_fault_at_one_batch_size_only_is_seen() -> None:
    # A mask of shape (B, ...) taken for one of (H, ...) shows only where B equals the number of heads.
    class WrongAtThree(WithCache):
        def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
            logits = super().__call__(ids, cache)
            return logits + 0.01 * (ids.shape[0] == 5)

    model = WrongAtThree(tiny("llama"), KVCache)
    assert probe_batching(model, VOCAB, None).can_batch
    result = probe_batching(model, VOCAB, 5)
    assert not result.can_batch
    assert "5" in result.finding


def test_nan_is_refused() -> None:
    class Nan(WithCache):
        def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
            return super().__call__(ids, cache) * float("nan")

    assert not probe_batching(Nan(tiny("llama"), KVCache), VOCAB, None).can_batch


@pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float16])
def test_half_precision_is_judged_by_its_own_resolution(dtype: mx.Dtype) -> None:
    model = build("llama")
    model.set_dtype(dtype)
    result = probe_batching(model, VOCAB, 3)
    assert result.can_batch, result.finding
    assert not probe_batching(WithCache(model, LosesPadding), VOCAB, 3).can_batch


def test_recurrent_state_is_what_mlx_lm_calls_it() -> None:
    assert all(isinstance(layer, ArraysCache) for layer in tiny("rwkv7").make_cache())
