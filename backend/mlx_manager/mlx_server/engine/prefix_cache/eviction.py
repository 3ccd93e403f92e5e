"""Who goes first when memory is full: assistant before user before system, then the least recently used."""

import heapq
from collections.abc import Collection
from dataclasses import dataclass, field

from mlx_manager.mlx_server.engine.prefix_cache.held import RANKS, CacheNode
from mlx_manager.mlx_server.engine.prefix_cache.store import Store


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    """Something that may be evicted; the least goes first."""

    rank: int
    tick: int
    depth: int
    whole: bool
    node: CacheNode = field(compare=False)


def make_room(
    store: Store, needed: int, keep: Collection[CacheNode], keep_checkpoint: CacheNode | None = None
) -> bool:
    """Evict until `needed` more bytes fit into the budget.

    Segments go from the leaves, since a node's children need them; a checkpoint may go from anywhere.

    Args:
        keep: nodes whose segments stay.
        keep_checkpoint: the node whose checkpoint stays.

    Returns:
        False where there is no room; if that is known beforehand, nothing was evicted.
    """
    fixed = store.writer_bytes + sum(node.held.segment_bytes + node.held.reserved for node in keep)
    if keep_checkpoint is not None:
        fixed += keep_checkpoint.held.checkpoint_bytes
    if fixed + needed > store.budget_bytes:
        return False
    return _evict_down_to(store, store.budget_bytes - needed, keep, keep_checkpoint)


def shrink(store: Store, budget_bytes: int) -> None:
    """Evict down to a lower budget. What is just being read or written cannot go, and stays within it."""
    _evict_down_to(store, budget_bytes, (), None)
    store.budget_bytes = max(budget_bytes, store.nbytes)


def _evict_down_to(
    store: Store, nbytes: int, keep: Collection[CacheNode], keep_checkpoint: CacheNode | None
) -> bool:
    """Evict until no more than so many bytes are held. False where that cannot be."""
    if store.nbytes <= nbytes:
        return True

    def candidate(node: CacheNode) -> _Candidate | None:
        return _candidate(node, keep, keep_checkpoint)

    queue = [entry for node in store.charged() if (entry := candidate(node)) is not None]
    heapq.heapify(queue)
    while store.nbytes > nbytes:
        if not queue:
            return False
        entry = heapq.heappop(queue)
        node = entry.node
        if node.held.is_forgotten or candidate(node) != entry:
            continue  # what was said of it has been overtaken
        above = _evict(store, node, whole=entry.whole, keep=keep)
        if above is not None and (entry_above := candidate(above)) is not None:
            heapq.heappush(queue, entry_above)
    return True


def _candidate(
    node: CacheNode, keep: Collection[CacheNode], keep_checkpoint: CacheNode | None
) -> _Candidate | None:
    """What of a node may go now, if anything."""
    held = node.held
    if node.parent is None or node is keep_checkpoint:
        return None
    rank = RANKS[held.role]
    is_leaf = not any(child.held.nbytes for child in node.children.values())
    if is_leaf and held.nbytes and not held.reserved and node not in keep:
        return _Candidate(rank, node.tick, node.end, True, node)
    if held.checkpoint is not None:
        return _Candidate(rank, held.checkpoint_tick, node.end, False, node)
    return None


def _evict(store: Store, node: CacheNode, *, whole: bool, keep: Collection[CacheNode]) -> CacheNode | None:
    """Drop what a node holds in memory. Returns the node that may be a leaf now."""
    if not store.files.release(node, whole=whole):
        return None
    store.num_evicted += 1
    store.drop_checkpoint(node)
    if not whole:
        return None
    store.drop_segments(node)
    if not node.held.has_segments:
        store.forget(node)
    assert node.parent is not None
    stays = store.prune(node.parent if node.held.is_forgotten else node, keep)
    return node.parent if stays is node else stays
