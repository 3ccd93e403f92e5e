"""Files that were there at the start get their places in the trie."""

from mlx_manager.mlx_server.engine.prefix_cache.entry_file import CHECKPOINT, Header
from mlx_manager.mlx_server.engine.prefix_cache.file_list import FileList
from mlx_manager.mlx_server.engine.prefix_cache.folder import Indexed
from mlx_manager.mlx_server.engine.prefix_cache.held import CacheNode, FileState, StoredFile
from mlx_manager.mlx_server.engine.prefix_cache.store import Store
from mlx_manager.mlx_server.engine.prefix_cache.trie import common_length


def attach(store: Store, files: FileList, entry: Indexed) -> bool:
    """List a file and make nodes for its tokens, whatever was inserted meanwhile.

    Returns:
        False where the file has no place and is to be deleted.
    """
    header = entry.header
    if files.get(header.name) is not None:
        return True
    base = _base(store, files, entry.parent, header)
    if base is None:
        return False
    if header.kind == CHECKPOINT:
        if base.parent is None or base.held.checkpoint_file is not None:
            return False
        file = base.held.checkpoint_file = files.add(header, entry.nbytes, base, FileState.WRITTEN)
        base.held.checkpoint_tick = max(base.held.checkpoint_tick, entry.tick)
    else:
        file = files.add(header, entry.nbytes, base, FileState.WRITTEN)
        if not _grow(store, files, base, file):
            files.gone(file)
            return False
    store.trie.recall(file.node, entry.tick)
    return True


def _base(store: Store, files: FileList, parent: str, header: Header) -> CacheNode | None:
    """The node where the tokens before `header.start` end, made by a split if need be."""
    if not header.parent:
        return store.trie.root(header.salt)
    above = files.get(parent)
    if above is None:
        return None
    node = above.node
    while node.parent is not None and node.start >= header.start:
        node = node.parent
    return _split(store, files, node, header.start - node.start) if node.end > header.start else node


def _grow(store: Store, files: FileList, base: CacheNode, file: StoredFile) -> bool:
    """Nodes for an edge's tokens; those that are there keep their files. False where one cannot be split."""
    node, tokens = base, file.header.token_array()
    while tokens:
        child: CacheNode | None = node.children.get(tokens[0])
        if child is None:
            child = store.trie.extend(node, tokens)
            child.held.role = file.header.role
        elif (agreed := common_length(child.tokens, tokens)) < len(child.tokens):
            child = _split(store, files, child, agreed)
        if child is None:
            return False
        if child.held.edge_file is None:
            child.held.edge_file = file
        node, tokens = child, tokens[len(child.tokens) :]
        file.node = node
    if node.held.edge_file is not file:
        node.held.spare_files.append(file)  # others in the index may continue it
    return True


def _split(store: Store, files: FileList, node: CacheNode, length: int) -> CacheNode | None:
    """Cut an edge of which a write may hold the arrays; None where there is no room for a second copy."""
    file = node.held.edge_file
    if file is not None and file.state is FileState.QUEUED and not file.is_orphaned:
        has_room = store.nbytes + file.nbytes <= store.budget_bytes
        if not has_room and not files.cancel(file):
            return None
    return store.split(node, length)
