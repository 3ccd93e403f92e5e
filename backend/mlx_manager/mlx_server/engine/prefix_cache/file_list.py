"""The files of a store's nodes, as the thread that owns MLX knows them."""

from collections.abc import Iterator

from mlx_manager.mlx_server.engine.prefix_cache.disk import DiskTier
from mlx_manager.mlx_server.engine.prefix_cache.entry_file import CHECKPOINT, EDGE, Header
from mlx_manager.mlx_server.engine.prefix_cache.held import CacheNode, FileState, StoredFile
from mlx_manager.mlx_server.engine.prefix_cache.store import Store


class FileList:
    """Which file holds what of which node.

    A file is listed while it is queued or written. Once it is gone, what was only in it is lost, and the
    nodes that are left with nothing leave the trie.
    """

    def __init__(self, store: Store, disk: DiskTier) -> None:
        self._store = store
        self._disk = disk
        self._files: dict[str, StoredFile] = {}
        # Writes that had begun when their nodes were forgotten.
        self._doomed: dict[str, StoredFile] = {}
        self._is_closed = False
        store.files = self

    def get(self, name: str) -> StoredFile | None:
        """The file of this name, if it is listed."""
        return self._files.get(name)

    def add(self, header: Header, nbytes: int, node: CacheNode, state: FileState) -> StoredFile:
        """List a file whose last token is the node's."""
        file = StoredFile(header, nbytes, node, state)
        self._files[header.name] = file
        return file

    def nodes_of(self, file: StoredFile) -> Iterator[CacheNode]:
        """The nodes whose segments are in an edge's file, from the bottom."""
        for node in file.node.ancestors():
            if node.end <= file.header.start:
                break
            if node.held.edge_file is file:
                yield node

    def cancel(self, file: StoredFile) -> bool:
        """Take a queued write back. False where it has begun."""
        if not self._disk.cancel(file.header.name):
            return False
        self._drop(file)
        return True

    def release(self, node: CacheNode, *, whole: bool) -> bool:
        """Take back queued writes of a node's checkpoint, or of all of it. False where one has begun."""
        held = node.held
        for file in (held.checkpoint_file, held.edge_file if whole else None):
            if file is not None and file.state is FileState.QUEUED and not self.cancel(file):
                return False
        return True

    def abandon(self, node: CacheNode, *, shares_edge: bool) -> None:
        """Delete the files of a node that leaves the trie, or see to it that they will be."""
        held = node.held
        for file in (held.checkpoint_file, None if shares_edge else held.edge_file, *held.spare_files):
            if file is None or file.state is FileState.GONE:
                continue
            if self._is_closed:  # what was written stays for the next start
                self._drop(file)
            elif file.state is FileState.WRITTEN:
                self._drop(file)
                self._disk.delete([file.header.name])
            elif not self.cancel(file):
                self._drop(file)
                self._doomed[file.header.name] = file
                self._store.orphan(file)

    def write_done(self, name: str, is_there: bool) -> None:
        """A write has ended."""
        doomed = self._doomed.pop(name, None)
        if doomed is not None:
            self._store.adopt(doomed)
            if is_there and name not in self._files:
                self._disk.delete([name])
        elif (file := self._files.get(name)) is not None:
            if is_there:
                self._store.adopt(file)
                file.state = FileState.WRITTEN
            else:
                self.gone(file)

    def evicted(self, name: str) -> None:
        """The disk tier has given up a file; it may have been queued anew since."""
        file = self._files.get(name)
        if file is not None and file.state is FileState.WRITTEN:
            self.gone(file)

    def gone(self, file: StoredFile) -> None:
        """A file is not there any more."""
        nodes = [file.node] if file.header.kind == CHECKPOINT else list(self.nodes_of(file))
        self._drop(file)
        for node in reversed(nodes):
            if not node.held.has_segments:
                self._store.forget(node)
                break
        if not file.node.held.is_forgotten:
            self._store.prune(file.node)

    def _drop(self, file: StoredFile) -> None:
        """Strike a file off the list and off its nodes."""
        self._store.adopt(file)
        file.state = FileState.GONE
        del self._files[file.header.name]
        if file.header.kind == CHECKPOINT:
            file.node.held.checkpoint_file = None
            self._store.unreserve(file.node, checkpoint=True)
            return
        if file in file.node.held.spare_files:
            file.node.held.spare_files.remove(file)
        for node in list(self.nodes_of(file)):
            node.held.edge_file = None
            self._store.unreserve(node, segments=True)

    def close(self) -> None:
        """The tier is over: go on with what is in memory."""
        self._is_closed = True
        for file in list(self._files.values()):
            if file.state is not FileState.GONE:
                self.gone(file)

    def check(self) -> str:
        """What is wrong, or an empty string."""
        orphaned = [file for file in (*self._files.values(), *self._doomed.values()) if file.is_orphaned]
        if sum(file.nbytes for file in orphaned) != self._store.writer_bytes:
            return "the bytes that writes hold are not what is counted"
        for name, file in self._files.items():
            if file.state is FileState.GONE or file.node.held.is_forgotten or name != file.header.name:
                return f"the file {name} is listed and gone"
            if file.node.end != file.header.end:
                is_cut = file.header.kind == EDGE and file.node.end > file.header.start
                if not is_cut or file.node.held.edge_file is not file:
                    return f"the file {name} ends elsewhere than its node"
        for node in self._store.trie.nodes():
            for stored in (node.held.edge_file, node.held.checkpoint_file, *node.held.spare_files):
                if stored is not None and self._files.get(stored.header.name) is not stored:
                    return f"the node at {node.start} names a file that is not listed"
            edge = node.held.edge_file
            if edge is not None:
                skip = node.start - edge.header.start
                if edge.header.token_array()[skip : skip + len(node.tokens)] != node.tokens:
                    return f"the file of the node at {node.start} is of other tokens"
        return ""
