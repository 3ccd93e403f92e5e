"""The traffic with the disk tier: what is written, asked for and taken in.

Everything here runs on the thread that owns MLX; the tier's own thread sees headers and numpy views only.
"""

from mlx_manager.mlx_server.engine.prefix_cache.arrays import (
    Arrays,
    from_numpy,
    num_bytes,
    signature,
    to_numpy,
)
from mlx_manager.mlx_server.engine.prefix_cache.disk import DiskTier, Evicted, IndexRead, ReadDone, WriteDone
from mlx_manager.mlx_server.engine.prefix_cache.entry_file import CHECKPOINT, EDGE, Header, Views, text_digest
from mlx_manager.mlx_server.engine.prefix_cache.file_list import FileList
from mlx_manager.mlx_server.engine.prefix_cache.folder import Indexed
from mlx_manager.mlx_server.engine.prefix_cache.held import CacheNode, FileState, StoredFile
from mlx_manager.mlx_server.engine.prefix_cache.index import attach
from mlx_manager.mlx_server.engine.prefix_cache.layers import checkpoint_fault, segments_fault
from mlx_manager.mlx_server.engine.prefix_cache.store import Store
from mlx_manager.mlx_server.engine.prefix_cache.trie import TokenArray, token_array


class Mirror:
    """Keeps a store and a disk tier in step.

    Args:
        store: its nodes are attached, filled and forgotten as files come and go.
        disk: the tier; started here.
        fingerprint: see `DiskTier.start`.
    """

    def __init__(self, store: Store, disk: DiskTier, fingerprint: str) -> None:
        self._store = store
        self._disk = disk
        self._model = text_digest(fingerprint, "model")
        self._files = FileList(store, disk)
        self._is_indexed = False
        self._skips_index = False
        self._is_closed = False
        disk.start(fingerprint)

    def settle(self) -> bool:
        """Take in what the disk tier has done. False while its index is still being read."""
        # The order matters: a thread that has ended has left all its results behind.
        is_over = not self._disk.is_alive
        for result in self._disk.poll():
            match result:
                case IndexRead(files=files):
                    self._index_read(files)
                case WriteDone(name=name, is_there=is_there):
                    self._files.write_done(name, is_there)
                case ReadDone(name=name, content=content):
                    self._read_done(name, content)
                case Evicted(names=names):
                    for name in names:
                        self._files.evicted(name)
        if is_over:
            self._end()
        return self._is_indexed or self._is_closed

    def _index_read(self, entries: list[Indexed]) -> None:
        self._is_indexed = True
        if self._is_closed:
            return
        layers = self._store.layout.kinds
        for entry in entries:
            name = entry.header.name
            if entry.header.layers != layers and not self._skips_index:
                self._disk.delete([name], "its layers are not the model's")
            elif self._skips_index or not attach(self._store, self._files, entry):
                self._disk.delete([name])

    def persist(self, salt: str, path: list[CacheNode]) -> None:
        """Queue what of a path is not on disk yet; parents first, since a file names the one it continues.

        Args:
            salt: digest of the namespace.
        """
        if not self._disk.can_write:
            return
        for node in path:
            held = node.held
            if held.edge_file is None:
                if held.segments is None:
                    return
                above = node.parent.held.edge_file if node.parent is not None else None
                held.edge_file = self._queue(salt, EDGE, node, above, node.tokens, held.segments)
            if held.checkpoint is not None and held.checkpoint_file is None:
                held.checkpoint_file = self._queue(
                    salt, CHECKPOINT, node, held.edge_file, token_array(()), held.checkpoint
                )

    def _queue(
        self,
        salt: str,
        kind: str,
        node: CacheNode,
        above: StoredFile | None,
        tokens: TokenArray,
        arrays: Arrays,
    ) -> StoredFile:
        start = node.end - len(tokens)
        views, dtypes = to_numpy(arrays)
        cut = start - above.header.start if above is not None else 0
        header = Header(
            kind=kind,
            model=self._model,
            salt=salt,
            parent=above.header.digest_at(cut) if above is not None else "",
            parent_file=above.header.name if above is not None else "",
            cut=cut,
            start=start,
            tokens=tokens.tobytes(),
            role=node.held.role,
            layers=self._store.layout.kinds,
            dtypes=dtypes,
        )
        if (known := self._files.get(header.name)) is not None:
            return known
        file = self._files.add(header, num_bytes(arrays), node, FileState.QUEUED)
        self._disk.write(header, views)
        return file

    def request(self, nodes: list[CacheNode], checkpoint: CacheNode | None) -> None:
        """Read back segments of `nodes`, and a checkpoint; room has been made for the bytes of each."""
        names: dict[str, None] = {}
        for node in nodes:
            assert node.held.edge_file is not None
            names[node.held.edge_file.header.name] = None
            self._store.reserve(node, segments=segment_bytes_on_disk(node))
        if checkpoint is not None:
            assert checkpoint.held.checkpoint_file is not None
            names[checkpoint.held.checkpoint_file.header.name] = None
            self._store.reserve(checkpoint, checkpoint=checkpoint.held.checkpoint_file.nbytes)
        self._disk.read(list(names))

    def _read_done(self, name: str, content: tuple[Header, Views] | None) -> None:
        file = self._files.get(name)
        if file is None:
            return
        if content is None:
            self._files.gone(file)
            return
        try:
            if file.header.kind == CHECKPOINT:
                self._fill_checkpoint(file, *content)
            else:
                self._fill_segments(file, *content)
        except (ValueError, IndexError) as error:
            self._disk.delete([name], str(error))
            self._files.gone(file)

    def _fill_checkpoint(self, file: StoredFile, header: Header, views: Views) -> None:
        """Raises ValueError where the content does not fit the model."""
        if fault := checkpoint_fault(self._store.layout, views, header.start):
            raise ValueError(fault)
        if file.node.held.reserved_checkpoint:
            self._store.put_checkpoint(file.node, from_numpy(views, header.dtypes))
            file.node.held.came_from_disk = True

    def _fill_segments(self, file: StoredFile, header: Header, views: Views) -> None:
        """Raises ValueError where the content does not fit the model."""
        if fault := segments_fault(self._store.layout, views, header.num_tokens):
            raise ValueError(fault)
        for node in self._files.nodes_of(file):
            if not node.held.reserved_segments:
                continue
            skip = node.start - header.start
            part = {name: view[:, :, skip : skip + len(node.tokens)] for name, view in views.items()}
            arrays = from_numpy(part, header.dtypes)
            if self._store.signature is None:
                self._store.signature = signature(arrays)
            if signature(arrays) != self._store.signature:
                raise ValueError("its arrays are of other shapes than the model's")
            self._store.put_segments(node, arrays)
            node.held.came_from_disk = True

    def skip_index(self) -> None:
        """What was there at the start, and is not known yet, is to be deleted."""
        self._skips_index = not self._is_indexed

    def close(self, timeout_s: float) -> bool:
        """Write what is queued, end the tier, keep what is in memory. False where writes were left."""
        flushed = self._disk.close(timeout_s)
        self.settle()
        self._end()
        return flushed

    def _end(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._files.close()

    def check(self) -> str:
        """What is wrong, or an empty string."""
        return self._files.check()


def segment_bytes_on_disk(node: CacheNode) -> int:
    """Bytes that a node's segments take once they are read back; 0 where there is nothing to be read."""
    file = node.held.edge_file
    if node.held.segments is not None or file is None:
        return 0
    return -(-file.nbytes * len(node.tokens) // file.header.num_tokens)
