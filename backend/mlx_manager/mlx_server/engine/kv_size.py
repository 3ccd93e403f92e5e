"""What a sequence's caches take in memory, found from one token and not by filling them.

A KV cache is allocated in steps of some hundred tokens, so the arrays that one token leaves behind
tell their bytes per token; a sliding window ends their growth, and a recurrent state never grows.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.models.cache import ArraysCache, ChunkedKVCache, KVCache, QuantizedKVCache, RotatingKVCache

from mlx_manager.mlx_server.engine.caches import leaves
from mlx_manager.mlx_server.engine.ledger import GROWTH_TOKENS, KVSize, Window

# Where a class of cache is unknown it is filled to these lengths: growth shows between them.
MEASURED_TOKENS: Final = (GROWTH_TOKENS + 1, 2 * GROWTH_TOKENS + 1)
_CHUNK_TOKENS: Final = 64


def measure_kv(model: Any, make_cache: Callable[[], list[Any]]) -> KVSize:
    """Run one token through the model and read the sizes off its caches.

    The arrays are asked for their shapes only, so that MLX computes nothing.

    Args:
        make_cache: makes the empty caches of one sequence, such as `make_prompt_cache` of the model.
    """
    cache = make_cache()
    model(mx.array([[0]]), cache=cache)
    found = [_of(leaf) for leaf in leaves(cache)]
    known = [size for size in found if size is not None]
    if len(known) < len(found):
        known.append(_filled(model, make_cache))
    return _joined(known)


def _of(leaf: Any) -> KVSize | None:
    """The size of one cache that holds one token; None if its class is unknown.

    A cache that is still empty belongs to a layer that uses another's.
    """
    if leaf.empty():
        return KVSize(0, 0)
    if isinstance(leaf, ArraysCache):
        return KVSize(0, leaf.nbytes)
    if not isinstance(leaf, KVCache | QuantizedKVCache | RotatingKVCache | ChunkedKVCache):
        return None
    per_token = sum(array.nbytes // array.shape[2] for _, array in tree_flatten((leaf.keys, leaf.values)))
    match leaf:
        case RotatingKVCache():
            return KVSize(0, 0, (Window(leaf.max_size, per_token),))
        case ChunkedKVCache():
            return KVSize(0, 0, (Window(leaf.chunk_size, per_token, GROWTH_TOKENS),))
    return KVSize(per_token, 0)


def _filled(model: Any, make_cache: Callable[[], list[Any]]) -> KVSize:
    """Slope and intercept of the unknown caches, from what they hold at two lengths."""
    few, many = MEASURED_TOKENS
    cache = make_cache()
    at_few = _read(model, cache, 0, few)
    at_many = _read(model, cache, few, many)
    slope = -(-(at_many - at_few) // (many - few))
    return KVSize(slope, max(0, at_few - few * slope))


def _read(model: Any, cache: list[Any], start: int, end: int) -> int:
    """The bytes of the unknown caches after these tokens, the last of them read alone."""
    for chunk in (*range(start, end - 1, _CHUNK_TOKENS), end - 1):
        num_tokens = min(_CHUNK_TOKENS, end - 1 - chunk) or 1
        model(mx.zeros((1, num_tokens), dtype=mx.int32), cache=cache)
        mx.eval([layer.state for layer in cache])
    return sum(leaf.nbytes for leaf in leaves(cache) if _of(leaf) is None)


def _joined(sizes: Iterable[KVSize]) -> KVSize:
    """The sum, with windows of one length taken together."""
    per_token, fixed, windows = 0, 0, dict[tuple[int, int], int]()
    for size in sizes:
        per_token += size.bytes_per_token
        fixed += size.fixed_bytes
        for tokens, bytes_per_token, beside in size.windows:
            windows[tokens, beside] = windows.get((tokens, beside), 0) + bytes_per_token
    joined = (Window(tokens, size, beside) for (tokens, beside), size in sorted(windows.items()))
    return KVSize(per_token, fixed, tuple(joined))
