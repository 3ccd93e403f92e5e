"""The trie alone: it finds the longest agreement, whatever was split and removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_manager.mlx_server.engine.prefix_cache.trie import Node, Trie, common_length, token_array

IDS = st.lists(st.integers(0, 2), max_size=12)


def add(trie: Trie[list[int]], ids: list[int]) -> Node[list[int]]:
    """Insert as the prefix cache does."""
    tokens = token_array(ids)
    match = trie.match("", tokens)
    node = match.path[-1] if match.path else trie.root("")
    if match.partial is not None:
        node = trie.split(match.partial, match.length - match.partial.start)
    if match.length < len(ids):
        node = trie.extend(node, tokens[match.length :])
    trie.touch(node)
    return node


@given(IDS, IDS)
def test_common_length_is_the_loops(one: list[int], other: list[int]) -> None:
    pairs = zip(one, other, strict=False)
    wanted = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    assert common_length(token_array(one), token_array(other)) == wanted


@given(st.lists(IDS.filter(bool), min_size=1, max_size=8), IDS)
def test_match_is_the_longest_agreement(stored: list[list[int]], asked: list[int]) -> None:
    trie: Trie[list[int]] = Trie(list)
    for ids in stored:
        assert add(trie, ids).end == len(ids)
        assert trie.check() == ""
    wanted = max(common_length(token_array(asked), token_array(ids)) for ids in stored)
    match = trie.match("", token_array(asked))
    assert match.length == wanted
    assert [token for node in match.path for token in node.tokens] == asked[
        : sum(len(n.tokens) for n in match.path)
    ]
    followed = asked[:wanted] + trie.following("", match, 16)
    assert any(ids[: len(followed)] == followed or followed[: len(ids)] == ids for ids in stored)
    assert trie.match("another", token_array(asked)).length == 0


@given(st.lists(IDS.filter(bool), min_size=1, max_size=8))
def test_removing_all_leaves_nothing(stored: list[list[int]]) -> None:
    trie: Trie[list[int]] = Trie(list)
    for ids in stored:
        add(trie, ids)
    while leaves := [node for node in trie.nodes() if not node.children]:
        trie.remove(leaves[0])
        assert trie.check() == ""
    assert not trie.roots


def test_following_takes_the_most_recent_branch() -> None:
    trie: Trie[list[int]] = Trie(list)
    add(trie, [1, 2, 3, 4])
    add(trie, [1, 2, 7, 8, 9])
    assert trie.following("", trie.match("", token_array([1, 2])), 16) == [7, 8, 9]
    assert trie.following("", trie.match("", token_array([1])), 2) == [2, 7]
    trie.touch(trie.match("", token_array([1, 2, 3, 4])).path[-1])
    assert trie.following("", trie.match("", token_array([5])), 16) == [1, 2, 3, 4]
    assert trie.following("", trie.match("", token_array([1, 2, 3, 4])), 16) == []
    assert trie.following("nobody", trie.match("nobody", token_array([1])), 16) == []


def test_a_negative_id_is_refused() -> None:
    with pytest.raises(OverflowError):
        token_array([3, -1])
