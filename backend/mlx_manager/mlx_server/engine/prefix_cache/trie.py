"""A radix trie over token ids: edges of many tokens, a root a namespace. Does not know what nodes hold."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    TokenArray = array[int]
else:
    TokenArray = array

H = TypeVar("H")


def token_array(token_ids: Sequence[int]) -> TokenArray:
    """Ids as 32-bit unsigned: two slices compare as memory does. Raises OverflowError on a negative id."""
    return array("I", token_ids)


def common_length(one: TokenArray, other: TokenArray) -> int:
    """How many tokens agree from the start; by halving, as a loop over tokens is a thousand times slower."""
    same, different = 0, min(len(one), len(other))
    if one[:different] == other[:different]:
        return different
    while different - same > 1:
        middle = (same + different) // 2
        if one[same:middle] == other[same:middle]:
            same = middle
        else:
            different = middle
    return same


class Node(Generic[H]):
    """The end of an edge.

    Attributes:
        tokens: of the edge that leads here; empty at a root alone.
        start: position of the edge's first token.
        tick: when it was last used, by the trie's own clock.
        held: what its owner keeps here.
    """

    __slots__ = ("children", "held", "parent", "start", "tick", "tokens")

    def __init__(self, tokens: TokenArray, start: int, parent: "Node[H] | None", held: H) -> None:
        self.tokens = tokens
        self.start = start
        self.parent = parent
        self.children: dict[int, Node[H]] = {}
        self.tick = 0
        self.held = held

    @property
    def end(self) -> int:
        """Position after the edge's last token."""
        return self.start + len(self.tokens)

    def ancestors(self) -> "Iterator[Node[H]]":
        """Itself, its parent and so on, without the root."""
        node = self
        while node.parent is not None:
            yield node
            node = node.parent

    def subtree(self) -> "Iterator[Node[H]]":
        """Itself and everything below; a parent comes before its children."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(node.children.values())


@dataclass(frozen=True, slots=True)
class Match(Generic[H]):
    """How far a sequence agrees with what is stored.

    Attributes:
        path: the nodes whose whole edge agrees, from the top.
        partial: the node inside whose edge the agreement ends, if it does.
        length: tokens that agree.
    """

    path: list[Node[H]]
    partial: Node[H] | None
    length: int


class Trie(Generic[H]):
    """The roots and the clock.

    Args:
        make_held: makes what a new node holds.
    """

    def __init__(self, make_held: Callable[[], H]) -> None:
        self._make_held = make_held
        self._clock = 0
        self.roots: dict[str, Node[H]] = {}

    def match(self, key: str, token_ids: TokenArray) -> Match[H]:
        """Walk down from `key`'s root as far as the tokens agree; makes no root."""
        path: list[Node[H]] = []
        node, length = self.roots.get(key), 0
        while node is not None and length < len(token_ids):
            child = node.children.get(token_ids[length])
            if child is None:
                break
            agreed = common_length(child.tokens, token_ids[length : length + len(child.tokens)])
            length += agreed
            if agreed < len(child.tokens):
                return Match(path, child, length)
            path.append(child)
            node = child
        return Match(path, None, length)

    def following(self, key: str, match: Match[H], count: int) -> list[int]:
        """Up to `count` tokens after the agreement, along the most recently used children."""
        found: list[int] = []
        node = match.partial
        if node is not None:
            skip = match.length - node.start
            found.extend(node.tokens[skip : skip + count])
        else:
            node = match.path[-1] if match.path else self.roots.get(key)
        while node is not None and node.children and len(found) < count:
            node = max(node.children.values(), key=lambda child: child.tick)
            found.extend(node.tokens[: count - len(found)])
        return found

    def root(self, key: str) -> Node[H]:
        """`key`'s root, made if need be."""
        if key not in self.roots:
            self.roots[key] = Node(token_array(()), 0, None, self._make_held())
        return self.roots[key]

    def extend(self, parent: Node[H], tokens: TokenArray) -> Node[H]:
        """A new leaf; no other child of `parent` may begin with its first token."""
        assert tokens
        assert tokens[0] not in parent.children
        node = Node(tokens, parent.end, parent, self._make_held())
        parent.children[tokens[0]] = node
        return node

    def split(self, node: Node[H], length: int) -> Node[H]:
        """Cut an edge after `length` tokens: returns the new upper node; `node` stays the lower one."""
        assert node.parent is not None
        assert 0 < length < len(node.tokens)
        upper = Node(node.tokens[:length], node.start, node.parent, self._make_held())
        upper.tick = node.tick
        node.parent.children[node.tokens[0]] = upper
        node.tokens, node.start, node.parent = node.tokens[length:], node.start + length, upper
        upper.children[node.tokens[0]] = node
        return upper

    def remove(self, node: Node[H]) -> None:
        """Take a node out, with all that is below it, and its root if that has become bare."""
        assert node.parent is not None
        top = node
        while top.parent is not None:
            top = top.parent
        del node.parent.children[node.tokens[0]]
        if not top.children:
            self.roots = {key: root for key, root in self.roots.items() if root is not top}

    def touch(self, node: Node[H]) -> int:
        """Mark a node and those above it as used now. Returns the tick."""
        self._clock += 1
        for each in node.ancestors():
            each.tick = self._clock
        return self._clock

    def recall(self, node: Node[H], tick: int) -> None:
        """Mark a node and those above it as used at a tick, unless they have been used since."""
        self._clock = max(self._clock, tick)
        for each in node.ancestors():
            each.tick = max(each.tick, tick)

    def nodes(self) -> Iterator[Node[H]]:
        """Every node but the roots; a parent comes before its children. Not to be changed meanwhile."""
        for root in self.roots.values():
            for child in root.children.values():
                yield from child.subtree()

    def check(self) -> str:
        """What is wrong with the structure, or an empty string."""
        for root in self.roots.values():
            if not root.children or root.tokens or root.parent is not None:
                return "a root is bare, has tokens or has a parent"
            for node in root.subtree():
                for first, child in node.children.items():
                    if child.parent is not node or child.start != node.end:
                        return f"a node at {child.start} does not continue its parent at {node.end}"
                    if not child.tokens or child.tokens[0] != first:
                        return f"a node at {child.start} is filed under another token"
                    if child.tick > node.tick and node is not root:
                        return f"a node at {child.start} was used later than its parent"
        return ""
