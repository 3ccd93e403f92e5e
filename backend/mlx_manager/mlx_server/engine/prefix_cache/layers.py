"""Between mlx-lm's per-layer caches and plain arrays: what can be kept of each, and how it is put back.

A cache is a list with one entry a layer; `CacheList` entries hold more, so that all here speaks of its
*leaves*. Arrays are named `leaf.index`. What is per token (`segments`) has the sequence on axis 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.models.cache import ArraysCache, KVCache, QuantizedKVCache, RotatingKVCache

from mlx_manager.mlx_server.engine.caches import leaves
from mlx_manager.mlx_server.engine.prefix_cache.arrays import Arrays, fresh

# KVCache grows in steps of so many tokens; room up to the next step spares a copy of all of it.
STEP = KVCache.step


class Unsupported(ValueError):
    """A cache of a kind whose content we do not know how to keep."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the leaves of a model's cache are.

    Attributes:
        kinds: one a leaf, with its parameters: `kv`, `quantized:64:8`, `window:1024:0`, `state:2`.
        segments: leaves whose content is per token, so that any prefix of it is a cache, too.
        windows: leaves that keep the last tokens only.
        states: leaves that are good at exactly one position.
        cut_limit: a checkpoint of up to so many tokens can be cut to any shorter length.
    """

    kinds: tuple[str, ...]
    segments: tuple[int, ...]
    windows: tuple[int, ...]
    states: tuple[int, ...]
    cut_limit: int

    @property
    def needs_checkpoint(self) -> bool:
        """Whether segments alone do not restore a cache."""
        return bool(self.windows or self.states)


def _kind(leaf: Any) -> str:
    # Exact types: a subclass may keep what its parent does not.
    if type(leaf) is KVCache:
        return "kv"
    if type(leaf) is QuantizedKVCache:
        return f"quantized:{leaf.group_size}:{leaf.bits}"
    if type(leaf) is RotatingKVCache:
        return f"window:{leaf.max_size}:{leaf.keep}"
    if type(leaf) is ArraysCache:
        return f"state:{len(leaf.cache)}"
    raise Unsupported(f"{type(leaf).__name__} cannot be kept")


def layout_of(cache: Sequence[Any]) -> Layout:
    """What this cache's leaves are. Raises Unsupported."""
    kinds = tuple(_kind(leaf) for leaf in leaves(cache))
    groups: dict[str, list[int]] = {"segment": [], "window": [], "state": []}
    for index, kind in enumerate(kinds):
        name = kind.partition(":")[0]
        groups[name if name in groups else "segment"].append(index)
    sizes = [int(kinds[index].split(":")[1]) for index in groups["window"]]
    return Layout(
        kinds,
        segments=tuple(groups["segment"]),
        windows=tuple(groups["window"]),
        states=tuple(groups["state"]),
        cut_limit=min(sizes) if sizes and not groups["state"] else 0,
    )


def mismatch(layout: Layout, cache: Sequence[Any], num_tokens: int) -> str:
    """Why this cache is not one of exactly `num_tokens` tokens at batch 1, or an empty string."""
    try:
        if layout_of(cache).kinds != layout.kinds:
            return "its layers are not the model's"
    except Unsupported as error:
        return str(error)
    found = list(leaves(cache))
    for index in (*layout.segments, *layout.windows):
        leaf = found[index]
        if leaf.keys is not None and leaf.offset != num_tokens:
            return f"leaf {index} holds {leaf.offset} tokens instead of {num_tokens}"
    for index in layout.windows:
        leaf = found[index]
        if leaf.keys is not None and _window(leaf)[0].shape[2] != min(num_tokens, leaf.max_size):
            return f"leaf {index} has lost a part of its window"
    for index in layout.states:
        if found[index].left_padding is not None or found[index].lengths is not None:
            return f"leaf {index} is padded"
    arrays = segments(layout, cache, 0, min(num_tokens, 1)) | checkpoint(layout, cache)
    if any(array.shape[:1] != (1,) for array in arrays.values()):
        return "it is a batch"
    return ""


def segments(layout: Layout, cache: Sequence[Any], start: int, end: int) -> Arrays:
    """Copies of the per-token leaves' positions [start, end); not evaluated yet."""
    arrays: Arrays = {}
    found = list(leaves(cache))
    for leaf_index in layout.segments:
        leaf = found[leaf_index]
        if leaf.keys is None:  # a layer that the model has not used
            continue
        assert end <= leaf.offset  # what is past it is room to grow
        parts = (leaf.keys, leaf.values) if type(leaf) is KVCache else (*leaf.keys, *leaf.values)
        for index, part in enumerate(parts):
            arrays[f"{leaf_index}.{index}"] = mx.contiguous(part[:, :, start:end])
    return arrays


def cut(arrays: Arrays, start: int, end: int) -> Arrays:
    """Copies of the tokens [start, end) of segments; not evaluated yet."""
    return {name: mx.contiguous(array[:, :, start:end]) for name, array in arrays.items()}


def checkpoint(layout: Layout, cache: Sequence[Any]) -> Arrays:
    """Copies of all leaves that are not per token, windows in the order of time; not evaluated yet."""
    arrays: Arrays = {}
    found = list(leaves(cache))
    for leaf_index in layout.windows:
        if found[leaf_index].keys is not None:
            keys, values = _window(found[leaf_index])
            arrays |= {f"{leaf_index}.0": mx.contiguous(keys), f"{leaf_index}.1": mx.contiguous(values)}
    for leaf_index in layout.states:
        for index, part in enumerate(found[leaf_index].cache):
            if part is not None:
                arrays[f"{leaf_index}.{index}"] = mx.contiguous(part)
    return arrays


def _window(leaf: Any) -> tuple[Any, Any]:
    """Keys and values in the order of time, without what is past the window.

    After a chunk the cache holds up to a chunk more than its window, which the next write would drop.
    """
    keys, values, offset, keep, max_size, position = leaf.state

    def in_order(array: Any) -> Any:
        if position < array.shape[2]:
            if position < offset:  # a ring, whose oldest entry comes next
                ring = [array[:, :, :keep], array[:, :, position:], array[:, :, keep:position]]
                array = mx.concatenate(ring, axis=2)
            else:
                array = array[:, :, :position]
        surplus = array.shape[2] - max_size
        if surplus > 0:
            array = mx.concatenate([array[:, :, :keep], array[:, :, keep + surplus :]], axis=2)
        return array

    return in_order(keys), in_order(values)


def restore(
    layout: Layout, cache: Sequence[Any], parts: list[Arrays], kept: Arrays | None, num_tokens: int
) -> None:
    """Fill a fresh cache with a prefix, in arrays of its own; evaluated when this returns.

    Args:
        parts: segments that follow each other from position 0 and hold at least `num_tokens`.
        kept: a checkpoint, at exactly `num_tokens` or, within the layout's `cut_limit`, later.
    """
    found = list(leaves(cache))
    made: list[Any] = []
    for leaf_index in layout.segments:
        names = sorted(name for name in parts[0] if name.startswith(f"{leaf_index}."))
        if not names:
            continue
        joined = tuple(_join([part[name] for part in parts], num_tokens) for name in names)
        half = len(joined) // 2
        leaf = found[leaf_index]
        leaf.keys, leaf.values = joined if half == 1 else (joined[:half], joined[half:])
        leaf.offset = num_tokens
        made.extend(joined)
    for leaf_index in layout.windows:
        if kept is None or f"{leaf_index}.0" not in kept:
            continue
        leaf = found[leaf_index]
        keys, values = (
            fresh(kept[f"{leaf_index}.{index}"][:, :, : min(num_tokens, leaf.max_size)]) for index in (0, 1)
        )
        leaf.state = (keys, values, num_tokens, leaf.keep, leaf.max_size, keys.shape[2])
        made.extend((keys, values))
    for leaf_index in layout.states:
        for index in range(len(found[leaf_index].cache)):
            if kept is not None and (array := kept.get(f"{leaf_index}.{index}")) is not None:
                found[leaf_index][index] = fresh(array)
                made.append(found[leaf_index][index])
    mx.eval(made)


def _join(arrays: list[Any], num_tokens: int) -> Any:
    """One array of the first `num_tokens`, with room up to the next step of KVCache's growth."""
    *whole, last = arrays
    last = last[:, :, : num_tokens - sum(array.shape[2] for array in whole)]
    room = STEP - num_tokens % STEP
    shape = (*last.shape[:2], room, *last.shape[3:])
    return mx.concatenate([*whole, last, mx.zeros(shape, last.dtype)], axis=2)


def segments_fault(layout: Layout, views: dict[str, np.ndarray[Any, Any]], num_tokens: int) -> str:
    """Why these cannot be segments of so many tokens, or an empty string."""
    known = {str(index) for index in layout.segments}
    for name, view in views.items():
        if name.partition(".")[0] not in known or view.ndim != 4:
            return f"{name} is no array of a per-token layer"
        if view.shape[0] != 1 or view.shape[2] != num_tokens:
            return f"{name} has the shape {view.shape} for {num_tokens} tokens"
    return ""


def checkpoint_fault(layout: Layout, views: dict[str, np.ndarray[Any, Any]], position: int) -> str:
    """Why these cannot be a checkpoint at this position, or an empty string."""
    for name, view in views.items():
        leaf, _, index = name.partition(".")
        kind, _, size = layout.kinds[int(leaf)].partition(":")
        columns = min(position, int(size.partition(":")[0] or 0))
        if kind == "window" and (view.ndim != 4 or view.shape[0] != 1 or view.shape[2] != columns):
            return f"{name} has the shape {view.shape} at position {position}"
        if kind not in ("window", "state") or (kind == "state" and int(index) >= int(size)):
            return f"{name} is no array of a checkpoint"
    return ""
