"""Which prefix of a prompt can be restored, and from what."""

from collections.abc import Callable
from dataclasses import dataclass

from mlx_manager.mlx_server.engine.prefix_cache.held import CacheNode, Held
from mlx_manager.mlx_server.engine.prefix_cache.layers import Layout
from mlx_manager.mlx_server.engine.prefix_cache.trie import Match

Test = Callable[[Held], bool]


@dataclass(frozen=True, slots=True)
class Plan:
    """A prefix to restore.

    Attributes:
        length: tokens.
        nodes: whose segments cover them, from the top; the last one may reach further.
        donor: whose checkpoint is used; it may lie below the nodes where it can be cut shorter.
    """

    length: int
    nodes: list[CacheNode]
    donor: CacheNode | None = None


NOTHING = Plan(0, [])


def longest(match: Match[Held], limit: int, layout: Layout, *, with_disk: bool) -> Plan:
    """The longest restorable prefix of at most `limit` tokens, from memory or from the disk tier, too."""

    def has_segments(held: Held) -> bool:
        return held.has_segments if with_disk else held.segments is not None

    def has_checkpoint(held: Held) -> bool:
        return held.has_checkpoint if with_disk else held.checkpoint is not None

    nodes = _unbroken(match, has_segments)
    reach = min(limit, match.length, nodes[-1].end) if nodes else 0
    if reach == 0:
        return NOTHING
    while nodes[-1].start >= reach:
        nodes.pop()
    if not layout.needs_checkpoint:
        return Plan(reach, nodes)
    while nodes:
        last = nodes[-1]
        donor = last if last.end <= reach and has_checkpoint(last.held) else None
        donor = donor or _donor_below(last, layout.cut_limit, has_checkpoint)
        if donor is not None:
            return Plan(min(last.end, reach), nodes, donor)
        nodes.pop()
    return NOTHING


def _unbroken(match: Match[Held], has_segments: Test) -> list[CacheNode]:
    """The matching nodes from the top, down to the first that lacks its segments."""
    nodes: list[CacheNode] = []
    for node in (*match.path, *((match.partial,) if match.partial is not None else ())):
        if not has_segments(node.held):
            break
        nodes.append(node)
    return nodes


def _donor_below(top: CacheNode, cut_limit: int, has_checkpoint: Test) -> CacheNode | None:
    """A node at or below `top` with a checkpoint that can be cut to any shorter length."""
    stack = [top]
    while stack:
        node = stack.pop()
        if node.end > cut_limit:
            continue
        if has_checkpoint(node.held):
            return node
        stack.extend(node.children.values())
    return None
