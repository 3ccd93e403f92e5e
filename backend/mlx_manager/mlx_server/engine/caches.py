"""What a model's KV cache is made of."""

from collections.abc import Iterable, Iterator
from typing import Any

from mlx_lm.models.cache import CacheList, KVCache


def leaves(cache: Iterable[Any]) -> Iterator[Any]:
    """The caches that hold arrays, in order: a CacheList has several in one layer."""
    for layer in cache:
        # Exact types, here and below: a subclass may keep what its parent does not.
        if type(layer) is CacheList:
            yield from leaves(layer.caches)
        else:
            yield layer


def is_full_kv(cache: Iterable[Any]) -> bool:
    """Whether every layer keeps keys and values of all tokens, so that any prefix of it is a cache, too."""
    return all(type(leaf) is KVCache for leaf in leaves(cache))


def grow_by(cache: Iterable[Any], num_tokens: int) -> None:
    """Let caches make room for so many tokens when they next must.

    For a prompt as a whole: a cache that grows while it is read copies all it holds each time.
    """
    for leaf in leaves(cache):
        if type(leaf) is KVCache:
            leaf.step = -(-num_tokens // KVCache.step) * KVCache.step
