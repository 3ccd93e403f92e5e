"""What the trie's nodes hold, and what the RAM tier asks of the disk tier."""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Protocol

from mlx_manager.mlx_server.engine.prefix_cache.arrays import Arrays
from mlx_manager.mlx_server.engine.prefix_cache.entry_file import Header
from mlx_manager.mlx_server.engine.prefix_cache.trie import Node

RANKS: Final = {"assistant": 0, "user": 1, "system": 2}


class FileState(Enum):
    """How a file is doing."""

    QUEUED = auto()
    WRITTEN = auto()
    GONE = auto()


@dataclass(slots=True, eq=False)
class StoredFile:
    """A file of the disk tier, as the trie knows it.

    Attributes:
        nbytes: of its arrays.
        node: the node that ends where the file ends. The halves of an edge that was split share its file.
        is_orphaned: the queued write holds arrays that no node holds any more.
    """

    header: Header
    nbytes: int
    node: "CacheNode"
    state: FileState
    is_orphaned: bool = False


@dataclass(slots=True, eq=False)
class Held:
    """What a node holds.

    Attributes:
        role: of the message that ends at the node.
        segments: of the edge's tokens; None while they are on disk only.
        checkpoint: the state at the node's end.
        checkpoint_tick: when the checkpoint itself was last used.
        reserved_segments, reserved_checkpoint: bytes that are being read from disk.
        spare_files: edges that end here, too, and hold nothing that other files do not.
        num_reads: reads asked for since the last hit.
        came_from_disk: whether the next hit is the disk tier's.
        is_forgotten: the node has left the trie.
    """

    role: str = "assistant"
    segments: Arrays | None = None
    segment_bytes: int = 0
    checkpoint: Arrays | None = None
    checkpoint_bytes: int = 0
    checkpoint_tick: int = 0
    reserved_segments: int = 0
    reserved_checkpoint: int = 0
    edge_file: StoredFile | None = None
    checkpoint_file: StoredFile | None = None
    spare_files: list[StoredFile] = field(default_factory=list)
    num_reads: int = 0
    came_from_disk: bool = False
    is_forgotten: bool = False

    @property
    def reserved(self) -> int:
        """Bytes that are being read from disk."""
        return self.reserved_segments + self.reserved_checkpoint

    @property
    def nbytes(self) -> int:
        """Bytes that count against the budget."""
        return self.segment_bytes + self.checkpoint_bytes + self.reserved

    @property
    def has_segments(self) -> bool:
        """In memory or on disk."""
        return self.segments is not None or is_written(self.edge_file)

    @property
    def has_checkpoint(self) -> bool:
        """In memory or on disk."""
        return self.checkpoint is not None or is_written(self.checkpoint_file)


CacheNode = Node[Held]


def is_written(file: StoredFile | None) -> bool:
    """Whether it can be read back."""
    return file is not None and file.state is FileState.WRITTEN


class Files(Protocol):
    """What the RAM tier asks of the disk tier."""

    def release(self, node: CacheNode, *, whole: bool) -> bool:
        """Make sure no write holds the node's checkpoint, or anything of it; False where one has begun."""

    def abandon(self, node: CacheNode, *, shares_edge: bool) -> None:
        """The node leaves the trie: its files are of no use, the edge's unless it is shared."""


class NoFiles:
    """No disk tier."""

    def release(self, node: CacheNode, *, whole: bool) -> bool:
        """Nothing is ever written."""
        return True

    def abandon(self, node: CacheNode, *, shares_edge: bool) -> None:
        """There are no files."""
