"""A chat's messages as a tree, without their text."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Node:
    """A message's place."""

    id: str
    parent_id: str | None
    role: str
    status: str
    created_at: datetime

    @property
    def age_key(self) -> tuple[datetime, str]:
        """By which siblings stand in their order, the oldest first."""
        return self.created_at, self.id


class Tree:
    """Who follows whom."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = {node.id: node for node in nodes}
        self._children: defaultdict[str | None, list[Node]] = defaultdict(list)
        for node in sorted(self.nodes.values(), key=lambda node: node.age_key):
            self._children[node.parent_id].append(node)

    def path(self, message_id: str | None) -> list[Node]:
        """From a first message to this one; empty for None."""
        found: list[Node] = []
        node = None if message_id is None else self.nodes[message_id]
        while node is not None:
            found.append(node)
            node = None if node.parent_id is None else self.nodes[node.parent_id]
        return found[::-1]

    def children(self, message_id: str | None) -> list[Node]:
        """Those that follow a message, or with None the first ones, the oldest first."""
        return list(self._children.get(message_id, ()))

    def siblings(self, message_id: str) -> list[str]:
        """All that follow the same message, this one included, the oldest first."""
        return [node.id for node in self._children[self.nodes[message_id].parent_id]]

    def newest_leaf(self, message_id: str) -> str:
        """Of the messages below that nothing follows, the one that was made last."""
        newest = None
        waiting = [self.nodes[message_id]]
        while waiting:
            node = waiting.pop()
            children = self._children.get(node.id)
            if children:
                waiting += children
            elif newest is None or node.age_key > newest.age_key:
                newest = node
        assert newest is not None
        return newest.id
