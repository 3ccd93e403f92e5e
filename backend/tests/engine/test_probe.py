"""The probe passes what batches rightly and refuses what does not."""

from typing import Any

import mlx.core as mx
import pytest
from families import ONE_ROW
from family_configs import SLIDING_WINDOW
from harness import Calls, Harness, assert_greedy, prompts, submit
from mlx_lm.models.cache import (
    ArraysCache,
    BatchKVCache,
    BatchRotatingKVCache,
    KVCache,
    RotatingKVCache,
    make_prompt_cache,
)
from tiny_models import CONFIGS, VOCAB, build, num_kv_heads, tiny

from mlx_manager.mlx_server.engine import probe
from mlx_manager.mlx_server.engine.probe import probe_batching
from mlx_manager.mlx_server.engine.trial import DiffersError, ModelFailsError, Trial


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


class FilteredBatch(BatchKVCache):  # type: ignore[misc]
    """Loses track of the rows' padding when one leaves."""

    def filter(self, batch_indices: list[int]) -> None:
        """Keep the right keys and the wrong offsets."""
        batch: Any = self
        offset = batch.offset
        super().filter(batch_indices)
        batch.offset = offset[: len(batch_indices)]


class FiltersWrongly(KVCache):  # type: ignore[misc]
    """A cache whose batch form is wrong once a row has left."""

    @classmethod
    def merge(cls, caches: list[Any]) -> Any:
        """A batch that is right until then."""
        merged = BatchKVCache.merge(caches)
        merged.__class__ = FilteredBatch
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
    result = probe_batching(tiny(family), VOCAB, num_kv_heads(family))
    assert result.can_batch, result.finding
    assert result.can_join_prefill, result.finding


@pytest.mark.parametrize("layer", [SwapsRows, LosesPadding, FiltersWrongly, CannotExtend, Unmergeable])
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


def test_the_number_of_kv_heads_is_read_off_the_caches() -> None:
    assert "2, 3, 4 and 6 rows" in probe_batching(tiny("gpt2"), VOCAB, None).finding


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


def long_window(layer: type[RotatingKVCache], size: int) -> WithCache:
    """A Gemma whose sliding layers have a window of `size`."""

    class LongWindow(WithCache):
        def make_cache(self) -> list[Any]:
            """Sliding, sliding, whole context."""
            return [layer(size), layer(size), KVCache()]

    model = build("gemma3_text")
    model.args.sliding_window = model.model.window_size = size
    return LongWindow(model, layer)


class WrongPastWindow(RotatingKVCache):  # type: ignore[misc]
    """A cache whose batch form is wrong once it has gone round."""

    @classmethod
    def merge(cls, caches: list[Any]) -> Any:
        """A batch that forgets where it is."""
        merged = BatchRotatingKVCache.merge(caches)
        merged.__class__ = ForgetsRotation
        return merged


class ForgetsRotation(BatchRotatingKVCache):  # type: ignore[misc]
    """Takes what it holds for in order when a row joins."""

    def _temporal_order(self) -> None:
        self.rotated = False


@pytest.mark.parametrize("size", [24, 4096])
def test_a_fault_past_the_sliding_window_is_seen(size: int) -> None:
    good, wrong = long_window(RotatingKVCache, size), long_window(WrongPastWindow, size)
    result = probe_batching(good, VOCAB, 3)
    assert result.can_batch, result.finding
    assert f"past its sliding window of {size} tokens" in result.finding
    assert ("tried with one of 8" in result.finding) == (size > probe.LONGEST_FILLED_WINDOW)
    result = probe_batching(wrong, VOCAB, 3)
    assert not result.can_batch
    assert "logits differ" in result.finding


WINDOWED = [*SLIDING_WINDOW, "gemma3_text", "recurrent_gemma", "baichuan_m1", "gear"]


@pytest.mark.sample(3)
@pytest.mark.parametrize("family", WINDOWED)
def test_a_shortened_window_tells_what_the_whole_one_does(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "LONGEST_FILLED_WINDOW", 0)
    result = probe_batching(tiny(family), VOCAB, num_kv_heads(family))
    assert "tried with one of 8" in result.finding
    assert result.can_batch == (family not in ONE_ROW)
    assert result.can_join_prefill


@pytest.mark.parametrize(("family", "most"), [("llama", 48), ("qwen", 48), ("gemma3_text", 48)])
def test_costs_few_passes_of_few_tokens(family: str, most: int) -> None:
    calls = Calls(tiny(family))
    probe_batching(calls, VOCAB, num_kv_heads(family))
    assert len(calls.shapes) <= most
    assert sum(rows * tokens for rows, tokens in calls.shapes) < 700


def test_gemma2_in_a_batch_as_large_as_its_kv_heads_is_wrong_without_an_exception() -> None:
    model = tiny("gemma2")
    trial = Trial(model, VOCAB, lambda: make_prompt_cache(model))
    with pytest.raises(ValueError, match="broadcast"):
        trial.live((2, 5, 7, 10), [2])
    with pytest.raises(DiffersError):
        trial.live((2, 5, 7, 10), [3])
    assert trial.worst > 1.0


def test_an_index_that_depends_on_padding_is_seen() -> None:
    model = tiny("minimax_m3_vl")
    trial = Trial(model, VOCAB, lambda: make_prompt_cache(model))
    trial.live((2, 5, 7, 10), [2, 3, 4])  # too short for it to matter
    result = probe_batching(model, VOCAB, 3)
    assert not result.can_batch
    assert str(probe.INDEXED_TOKENS) in result.finding
    assert "2304 tokens in its index" in probe_batching(tiny("deepseek_v32"), VOCAB, 3).finding


def test_forbidden_tokens_do_not_count() -> None:
    class Forbids(WithCache):
        def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
            logits = super().__call__(ids, cache)
            return mx.where(mx.arange(VOCAB) < 5, -mx.inf, logits)

    assert probe_batching(Forbids(tiny("llama"), KVCache), VOCAB, 3).can_batch


def test_a_model_that_does_not_run_is_no_model() -> None:
    class Raises(WithCache):
        def __call__(self, ids: mx.array, cache: Any = None) -> mx.array:
            raise NotImplementedError("no kernel")

    with pytest.raises(ModelFailsError, match="no kernel"):
        probe_batching(Raises(tiny("llama"), KVCache), VOCAB, 3)


class EmptyIsPadded(KVCache):  # type: ignore[misc]
    """A cache whose batch form is wrong only where it begins empty."""

    @classmethod
    def merge(cls, caches: list[Any]) -> Any:
        """A batch that forgets its first token."""
        merged = BatchKVCache.merge(caches)
        if merged.empty():
            merged.left_padding = merged.left_padding + 1
        return merged


def test_reading_together_is_a_question_of_its_own() -> None:
    result = probe_batching(WithCache(tiny("llama"), EmptyIsPadded), VOCAB, 3)
    assert result.can_batch
    assert not result.can_join_prefill
    assert "one by one" in result.finding
