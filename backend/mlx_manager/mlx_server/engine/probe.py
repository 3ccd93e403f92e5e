"""Whether a model's batched logits equal its serial ones: a numeric gate, not a list of names.

Some families' caches cannot be merged, and some that can broadcast a wrong mask at certain batch
sizes while still printing plausible tokens. So each model is measured when it is loaded.

The cost, in forward passes of a few tokens each: about 27 for the life of a batch of up to four rows
and one of `num_kv_heads`, as many again where a sliding window is too long to be filled, and 18 for
reading prompts together; a model with an index has eight more.
"""

from typing import Any, Final, NamedTuple

import mlx.core as mx
from mlx_lm.models.cache import CacheList, KVCache, make_prompt_cache

from mlx_manager.mlx_server.engine.caches import leaves
from mlx_manager.mlx_server.engine.trial import DiffersError, ModelFailsError, Trial

# A window of so many tokens is filled as it is; for a longer one the cache is made shorter.
LONGEST_FILLED_WINDOW: Final = 128
SHORT_WINDOW: Final = 8
# Attention that picks few keys by an index takes all of them up to 2,048 in every model so far.
INDEXED_TOKENS: Final = 2304
MOST_ROWS: Final = 32


class ProbeResult(NamedTuple):
    """The finding.

    Attributes:
        can_batch: whether rows may decode together.
        finding: the same in words, with the worst difference that was seen.
        can_join_prefill: whether prompts of equal length may be read together from empty caches.
        is_conclusive: whether it would be the same the next time. False where something was raised:
            that may have been for want of memory.
    """

    can_batch: bool
    finding: str
    can_join_prefill: bool = False
    is_conclusive: bool = True


def probe_batching(model: Any, vocab_size: int, num_kv_heads: int | None) -> ProbeResult:
    """Compare teacher-forced logits, batched against serial, at several batch sizes.

    Args:
        num_kv_heads: as the model's configuration says; a batch of this size is tried too, because
            a mask of shape (B, ...) can be taken for one of shape (H, ...) there. Sizes that the
            caches show are tried whether it is given or not.

    Raises:
        ModelFailsError: the model does not run with one sequence alone either.
    """
    cache = make_prompt_cache(model)
    unmergeable = {type(leaf).__name__ for leaf in leaves(cache) if not hasattr(leaf, "merge")}
    if unmergeable:
        return ProbeResult(False, f"one row at a time: {', '.join(sorted(unmergeable))} cannot be merged")
    heads = {num_kv_heads or 1, *_heads(model)}
    sizes = sorted({2, 3, 4, *(count for count in heads if 1 < count <= MOST_ROWS)})
    window = max((leaf.max_size for leaf in leaves(cache) if hasattr(leaf, "max_size")), default=0)
    filled = window if window <= LONGEST_FILLED_WINDOW else 0
    trial = Trial(model, vocab_size, lambda: make_prompt_cache(model))
    try:
        # The second row fills the window with its first token and goes round before the fourth joins.
        trial.live((2, filled, 6, filled + 5) if filled else (2, 5, 7, 10), sizes)
        if window > filled:
            trial.make_cache = lambda: _shortened(make_prompt_cache(model))
            trial.live((2, SHORT_WINDOW, 5, SHORT_WINDOW + 5), sizes)
        if indexed := any(_is_indexed(layer) for layer in cache):
            trial.live_long(INDEXED_TOKENS)
    except ModelFailsError:
        raise
    except Exception as fault:  # some caches claim to merge and do not
        reason = f"one row at a time: {_why(trial.doing, fault)}"
        return ProbeResult(False, reason, is_conclusive=isinstance(fault, DiffersError))
    finding = f"batches: logits differ by at most {trial.worst:.1e} at {_listed(sizes)} rows"
    if window:
        tried = "" if filled else f" (tried with one of {SHORT_WINDOW})"
        finding += f", also past its sliding window of {window} tokens{tried}"
    if indexed:
        finding += f", and with {INDEXED_TOKENS} tokens in its index"
    try:
        trial.read_together((filled or SHORT_WINDOW) + 5, sizes)
    except Exception as fault:
        finding += f"; prompts are read one by one: {_why(trial.doing, fault)}"
        return ProbeResult(True, finding, is_conclusive=isinstance(fault, DiffersError))
    return ProbeResult(True, f"{finding}; prompts of equal length are read together", True)


def _heads(model: Any) -> set[int]:
    """The numbers of KV heads that the caches have; only shapes are asked for, so nothing is computed."""
    cache = make_prompt_cache(model)
    try:
        model(mx.array([[0]]), cache=cache)
    except Exception as fault:
        raise ModelFailsError(f"the model does not run: {fault}") from fault
    return {leaf.keys.shape[1] for leaf in leaves(cache) if getattr(leaf, "keys", None) is not None}


def _shortened(cache: list[Any]) -> list[Any]:
    """The same caches with windows of a few tokens.

    Sound for comparing one decoded token at a time, because what a row may see then is what the
    cache still holds, alone and in a batch: a mask of the model's own, longer window adds nothing.
    """
    for leaf in leaves(cache):
        if hasattr(leaf, "max_size"):
            leaf.max_size = SHORT_WINDOW
    return cache


def _is_indexed(layer: Any) -> bool:
    """Whether a layer keeps more than one state for each token, such as keys of an index beside its own."""
    return isinstance(layer, CacheList) and sum(isinstance(leaf, KVCache) for leaf in layer.caches) > 1


def _why(doing: str, fault: Exception) -> str:
    return f"{fault} in {doing}" if isinstance(fault, DiffersError) else f"{doing} failed: {fault}"


def _listed(sizes: list[int]) -> str:
    return f"{', '.join(map(str, sizes[:-1]))} and {sizes[-1]}"
