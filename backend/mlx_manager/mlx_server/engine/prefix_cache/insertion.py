"""Inserting: room first, then nodes, then copies of what they lack."""

from dataclasses import dataclass
from typing import Any, Final

import mlx.core as mx

from mlx_manager.mlx_server.engine.prefix_cache import layers
from mlx_manager.mlx_server.engine.prefix_cache.arrays import Arrays, num_bytes
from mlx_manager.mlx_server.engine.prefix_cache.eviction import make_room
from mlx_manager.mlx_server.engine.prefix_cache.held import RANKS, CacheNode, FileState
from mlx_manager.mlx_server.engine.prefix_cache.store import Store
from mlx_manager.mlx_server.engine.prefix_cache.trie import TokenArray

# Long prompts become chains of edges: what a split copies, a file holds and an eviction drops stays bounded.
MAX_EDGE_TOKENS: Final = 1024


@dataclass(slots=True)
class Insertion:
    """One sequence on its way into the store.

    Attributes:
        token_ids: as much of the sequence as there is something to be inserted of.
        cache: holds at least these tokens, at batch 1.
        path: the nodes whose whole edge the sequence shares, from the top.
        partial: the node whose edge is to be split.
        matched: tokens that are known.
    """

    store: Store
    token_ids: TokenArray
    cache: list[Any]
    path: list[CacheNode]
    partial: CacheNode | None
    matched: int

    def has_room(self) -> bool:
        """Make room for all that will be copied."""
        keep = {*self.path, self.partial} if self.partial is not None else set(self.path)
        keep_checkpoint = self.path[-1] if self._ends_at_a_node else None
        return make_room(self.store, self._needed(), keep, keep_checkpoint)

    @property
    def _ends_at_a_node(self) -> bool:
        return self.partial is None and bool(self.path) and self.path[-1].end == len(self.token_ids)

    def _needed(self) -> int:
        num_tokens = len(self.token_ids) - self.matched
        num_tokens += sum(len(node.tokens) for node in self.path if node.held.segments is None)
        needed = 0
        if (partial := self.partial) is not None:
            if partial.held.segments is None:
                num_tokens += self.matched - partial.start
            elif (file := partial.held.edge_file) is not None and file.state is FileState.QUEUED:
                # The write goes on holding the arrays of before the split.
                needed += 0 if file.is_orphaned or not self.store.layout.segments else file.nbytes
        needed += num_tokens * num_bytes(layers.segments(self.store.layout, self.cache, 0, 1))
        if not (self._ends_at_a_node and self.path[-1].held.checkpoint is not None):
            needed += num_bytes(layers.checkpoint(self.store.layout, self.cache))
        return needed

    def run(self, key: str, role: str) -> list[CacheNode]:
        """Returns the sequence's nodes from the top; room has been made."""
        store, path, end = self.store, self.path, len(self.token_ids)
        if self.partial is not None:
            path.append(store.split(self.partial, self.matched - self.partial.start))
        node = path[-1] if path else store.trie.root(key)
        for start in range(node.end, end, MAX_EDGE_TOKENS):
            node = store.trie.extend(node, self.token_ids[start : min(start + MAX_EDGE_TOKENS, end)])
            node.held.role = role
            path.append(node)
        self._copy()
        node.held.checkpoint_tick = store.trie.touch(node)
        if RANKS[role] > RANKS[node.held.role]:
            node.held.role = role
        return path

    def _copy(self) -> None:
        """From the live cache, what the nodes lack, and the checkpoint at the end."""
        layout, last = self.store.layout, self.path[-1]
        copies = {
            node: layers.segments(layout, self.cache, node.start, node.end)
            for node in self.path
            if node.held.segments is None
        }
        state: Arrays = {}
        if layout.needs_checkpoint and last.held.checkpoint is None:
            state = layers.checkpoint(layout, self.cache)
        mx.eval(list(copies.values()), state)
        for node, arrays in copies.items():
            self.store.put_segments(node, arrays)
            node.held.came_from_disk = False
        if state:
            self.store.put_checkpoint(last, state)


def insert(
    store: Store, key: str, token_ids: TokenArray, cache: list[Any], role: str
) -> list[CacheNode] | None:
    """Keep what is not there yet of a cache that holds exactly `token_ids`.

    Args:
        key: the namespace.

    Returns:
        The sequence's nodes from the top, or None where there is no room.
    """
    match = store.trie.match(key, token_ids)
    path, partial, matched = list(match.path), match.partial, match.length
    if partial is not None and matched == len(token_ids) and not store.layout.needs_checkpoint:
        # Its segments serve any prefix as they are; if they are on disk only, the cache lacks the rest.
        store.trie.touch(partial)
        token_ids, matched, partial = token_ids[: partial.start], partial.start, None
        if not path:
            return path
    insertion = Insertion(store, token_ids, cache, path, partial, matched)
    if insertion.has_room():
        return insertion.run(key, role)
    if path:
        store.prune(path[-1])
    return None
