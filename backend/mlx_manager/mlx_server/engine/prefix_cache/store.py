"""The RAM tier: what is held in memory, to the byte."""

from collections.abc import Collection, Iterator

import mlx.core as mx

from mlx_manager.mlx_server.engine.prefix_cache.arrays import Arrays, Signature, num_bytes
from mlx_manager.mlx_server.engine.prefix_cache.held import (
    CacheNode,
    Files,
    FileState,
    Held,
    NoFiles,
    StoredFile,
)
from mlx_manager.mlx_server.engine.prefix_cache.layers import Layout, cut
from mlx_manager.mlx_server.engine.prefix_cache.trie import Trie


class Store:
    """Nodes within a byte budget.

    A node's segments are in memory only while its parent's are, so that what is in memory can be
    used without the disk. Segments go from the leaves; a checkpoint may go from anywhere.

    Attributes:
        files: the disk tier.
        writer_bytes: arrays that only writes under way still hold.
        signature: what the model's segments look like; None until some were seen.
    """

    def __init__(self, layout: Layout, budget_bytes: int) -> None:
        self.layout = layout
        self.budget_bytes = budget_bytes
        self.trie: Trie[Held] = Trie(self._make_held)
        self.files: Files = NoFiles()
        self.writer_bytes = 0
        self.signature: Signature | None = None
        self.num_evicted = 0
        self._node_bytes = 0
        # Nodes with bytes of their own: far fewer than are known where there is a disk tier.
        self._charged: dict[CacheNode, None] = {}

    def _make_held(self) -> Held:
        # A model without per-token layers has nothing to miss.
        return Held(segments=None if self.layout.segments else {})

    @property
    def nbytes(self) -> int:
        """Bytes held or reserved."""
        return self._node_bytes + self.writer_bytes

    def charged(self) -> Iterator[CacheNode]:
        """The nodes that count against the budget."""
        return iter(self._charged)

    def put_segments(self, node: CacheNode, arrays: Arrays) -> None:
        """Hold evaluated segments; room has been made."""
        held = node.held
        assert held.segments is None
        self.unreserve(node, segments=True)
        held.segments, held.segment_bytes = arrays, num_bytes(arrays)
        self._charge(node, held.segment_bytes)

    def put_checkpoint(self, node: CacheNode, arrays: Arrays) -> None:
        """Hold an evaluated checkpoint; room has been made."""
        held = node.held
        assert held.checkpoint is None
        self.unreserve(node, checkpoint=True)
        held.checkpoint, held.checkpoint_bytes = arrays, num_bytes(arrays)
        held.checkpoint_tick = node.tick
        self._charge(node, held.checkpoint_bytes)

    def reserve(self, node: CacheNode, *, segments: int = 0, checkpoint: int = 0) -> None:
        """Count bytes that are being read; room has been made."""
        node.held.reserved_segments += segments
        node.held.reserved_checkpoint += checkpoint
        self._charge(node, segments + checkpoint)

    def unreserve(self, node: CacheNode, *, segments: bool = False, checkpoint: bool = False) -> None:
        """A read has come to nothing."""
        held, before = node.held, node.held.reserved
        if segments:
            held.reserved_segments = 0
        if checkpoint:
            held.reserved_checkpoint = 0
        self._charge(node, held.reserved - before)

    def _charge(self, node: CacheNode, nbytes: int) -> None:
        """A node's bytes have changed by so many."""
        self._node_bytes += nbytes
        if node.held.nbytes:
            self._charged[node] = None
        else:
            self._charged.pop(node, None)

    def split(self, node: CacheNode, length: int) -> CacheNode:
        """Cut an edge and what is held of it; both halves are copies. Returns the new upper node."""
        held = node.held
        total, before = len(node.tokens), node.held.nbytes
        upper = self.trie.split(node, length)
        upper.held.role, upper.held.edge_file = held.role, held.edge_file
        upper.held.num_reads, upper.held.came_from_disk = held.num_reads, held.came_from_disk
        upper.held.reserved_segments = -(-held.reserved_segments * length // total)
        held.reserved_segments -= upper.held.reserved_segments
        if self.layout.segments and held.segments is not None:
            self._split_segments(upper, node)
        self._charge(upper, upper.held.nbytes)
        self._charge(node, held.nbytes - before)
        return upper

    def orphan(self, file: StoredFile) -> None:
        """From now on a queued write alone holds the arrays of before."""
        if not file.is_orphaned:
            file.is_orphaned = True
            self.writer_bytes += file.nbytes

    def adopt(self, file: StoredFile) -> None:
        """The write holds nothing any more."""
        if file.is_orphaned:
            file.is_orphaned = False
            self.writer_bytes -= file.nbytes

    def _split_segments(self, upper: CacheNode, lower: CacheNode) -> None:
        held, whole = lower.held, lower.held.segments
        assert whole is not None
        file = held.edge_file
        if file is not None and file.state is FileState.QUEUED:
            self.orphan(file)
        length = len(upper.tokens)
        upper.held.segments = cut(whole, 0, length)
        held.segments = cut(whole, length, length + len(lower.tokens))
        mx.eval(upper.held.segments, held.segments)
        for half in (upper.held, held):
            half.segment_bytes = num_bytes(half.segments or {})

    def drop_segments(self, node: CacheNode) -> None:
        """Let go of a node's segments, except of a model that has none."""
        if self.layout.segments:
            before = node.held.segment_bytes
            node.held.segments, node.held.segment_bytes = None, 0
            self._charge(node, -before)

    def drop_checkpoint(self, node: CacheNode) -> None:
        """Let go of a node's checkpoint."""
        before = node.held.checkpoint_bytes
        node.held.checkpoint, node.held.checkpoint_bytes = None, 0
        self._charge(node, -before)

    def prune(self, node: CacheNode, keep: Collection[CacheNode] = ()) -> CacheNode:
        """Remove a leaf that nothing can be restored from, and so on upwards. Returns the node that stays."""
        while node.parent is not None and not node.children and node not in keep and self._is_useless(node):
            parent = node.parent
            self.forget(node)
            node = parent
        return node

    def _is_useless(self, node: CacheNode) -> bool:
        held = node.held
        if held.reserved:
            return False
        if not held.has_segments:
            return True
        file = held.edge_file
        is_shared = file is not None and node.parent is not None and node.parent.held.edge_file is file
        return self.layout.needs_checkpoint and not held.has_checkpoint and not is_shared

    def forget(self, node: CacheNode) -> None:
        """Remove a node and all below it, their files, too."""
        assert node.parent is not None
        shared = node.parent.held.edge_file
        for each in node.subtree():
            self.files.abandon(each, shares_edge=shared is not None and each.held.edge_file is shared)
            self.unreserve(each, segments=True, checkpoint=True)
            self.drop_checkpoint(each)
            self.drop_segments(each)
            each.held.is_forgotten = True
        if shared is not None and shared.node.held.is_forgotten:
            shared.node = node.parent
        self.trie.remove(node)

    def check(self) -> str:
        """What is wrong, or an empty string; recomputes every sum."""
        if fault := self.trie.check():
            return fault
        total = self.writer_bytes
        if set(self._charged) != {node for node in self.trie.nodes() if node.held.nbytes}:
            return "the nodes with bytes are not those that are listed"
        for node in self.trie.nodes():
            held = node.held
            if held.is_forgotten:
                return f"the node at {node.start} is forgotten and still there"
            if held.segment_bytes != num_bytes(held.segments or {}):
                return f"the segments at {node.start} have other bytes than are counted"
            if any(array.shape[2] != len(node.tokens) for array in (held.segments or {}).values()):
                return f"the segments at {node.start} are of another length than the edge"
            if held.checkpoint_bytes != num_bytes(held.checkpoint or {}):
                return f"the checkpoint at {node.end} has other bytes than are counted"
            if not held.has_segments:
                return f"the node at {node.start} is neither in memory nor on disk"
            parent = node.parent
            if held.segments is not None and parent and parent.parent and parent.held.segments is None:
                return f"the node at {node.start} is in memory without its parent"
            total += held.nbytes
        if total != self.nbytes:
            return f"{self.nbytes} bytes are counted, {total} are held"
        if self.nbytes > self.budget_bytes:
            return f"{self.nbytes} bytes are held, the budget is {self.budget_bytes}"
        return ""
