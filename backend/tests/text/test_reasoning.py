"""Reasoning and answer are told apart in the same way however the text was cut."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.text.reasoning import splitter_after
from mlx_manager.mlx_server.text.reasoning_formats.known import THINK
from mlx_manager.mlx_server.text.reasoning_formats.tags import TagSplitter

PARTS = ["<think>", "</think>", "<th", "ink>", "</", "<", ">", " ", "\n", "a", "b.", "é", "think"]
TEXT = st.lists(st.sampled_from(PARTS), max_size=14).map("".join)


def run(chunks: Sequence[str], *, opened: bool = False) -> tuple[str, str]:
    """Reasoning and content of the whole."""
    splitter = TagSplitter(THINK, opened=opened)
    pieces = [piece for chunk in chunks for piece in splitter.push(chunk)] + splitter.finish()
    assert all(piece.text for piece in pieces)
    # Once the answer has begun no reasoning follows.
    kinds = [piece.is_reasoning for piece in pieces]
    assert kinds == sorted(kinds, reverse=True)
    reasoning = "".join(piece.text for piece in pieces if piece.is_reasoning)
    return reasoning, "".join(piece.text for piece in pieces if not piece.is_reasoning)


def reference(text: str, *, opened: bool) -> tuple[str, str]:
    """The same for a whole text: blocks follow one another until there is anything else."""
    blocks: list[str] = []
    inside, is_after = opened, False
    while True:
        body = text.lstrip()
        if inside:
            while body.startswith("<think>"):
                body = body.removeprefix("<think>").lstrip()
            block, tag, text = body.partition("</think>")
            blocks += [block.strip()] if block.strip() else []
            if not tag:
                return "\n\n".join(blocks), ""
            inside, is_after = False, True
        elif body.startswith("<think>"):
            inside, text = True, body.removeprefix("<think>")
        elif is_after and body.startswith("</think>"):
            text = body.removeprefix("</think>")
        else:
            return "\n\n".join(blocks), body if is_after else text


@settings(derandomize=True, max_examples=200, deadline=None)
@given(text=TEXT, opened=st.booleans(), cuts=st.lists(st.integers(0, 99), max_size=12))
def test_any_chunking_equals_the_reference(text: str, opened: bool, cuts: list[int]) -> None:
    bounds = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    chunks = [text[start:end] for start, end in pairwise(bounds)]
    wanted = reference(text, opened=opened)
    assert run(chunks, opened=opened) == wanted
    assert run(list(text), opened=opened) == wanted


WHOLE = "<think>why\nnot</think>\n\nYes."


@pytest.mark.parametrize("cut", range(len(WHOLE) + 1))
def test_a_tag_may_be_split_anywhere(cut: int) -> None:
    assert run([WHOLE[:cut], WHOLE[cut:]]) == ("why\nnot", "Yes.")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", ("", "plain")),
        ("", ("", "")),
        ("  \n", ("", "  \n")),
        (" plain", ("", " plain")),
        ("\n <think>a</think>b", ("a", "b")),
        ("<think></think>b", ("", "b")),
        ("<think>\n\n</think>\n\nb", ("", "b")),
        ("<thinking>no", ("", "<thinking>no")),
        ("<thi", ("", "<thi")),
        ("no <think>a</think>", ("", "no <think>a</think>")),
        ("a</think>b", ("", "a</think>b")),
        ("<think>never closed", ("never closed", "")),
        ("<think>never closed </thi", ("never closed </thi", "")),
        ("<think>a</think>b</think>c", ("a", "b</think>c")),
        ("<think>a < b </ c</think>d", ("a < b </ c", "d")),
        ("<think><think>\na</think>b", ("a", "b")),
        ("<think>a</think>\n</think>\n\nb", ("a", "b")),
        ("<think>a</think>\n<think>b</think>c", ("a\n\nb", "c")),
        ("<think></think><think>b</think>c", ("b", "c")),
        ("<think>a</think>b\n<think>c</think>", ("a", "b\n<think>c</think>")),
    ],
)
def test_shapes(text: str, wanted: tuple[str, str]) -> None:
    assert run([text]) == wanted
    assert run(list(text)) == wanted


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("<|assistant|>\n<think>\n", ("a", "b")),
        ("<|assistant|><think>", ("a", "b")),
        ("<|assistant|>\n", ("", "a</think>b")),
        ("<think>\n\n</think>\n\n", ("", "a</think>b")),  # its block is over, and it opens none
    ],
)
def test_a_prompt_may_open_the_block(prompt: str, wanted: tuple[str, str]) -> None:
    splitter = splitter_after(None, prompt)
    pieces = splitter.push("a</think>b") + splitter.finish()
    reasoning = "".join(piece.text for piece in pieces if piece.is_reasoning)
    assert (reasoning, "".join(piece.text for piece in pieces if not piece.is_reasoning)) == wanted


def test_reasoning_is_given_out_as_it_comes() -> None:
    splitter = TagSplitter(THINK)
    assert splitter.push("<think>") == []
    assert splitter.inside
    assert [piece.text for piece in splitter.push("one two")] == ["one two"]
    assert [piece.text for piece in splitter.push(" </thi")] == []
    assert [piece.text for piece in splitter.push("nk>")] == []
    assert not splitter.inside
    assert [tuple(piece) for piece in splitter.push("so")] == [("so", False, len("<think>one two </think>"))]
