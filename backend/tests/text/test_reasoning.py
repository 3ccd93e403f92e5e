"""Reasoning and answer are told apart in the same way however the text was cut."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.text.reasoning import ReasoningSplitter

PARTS = ["<think>", "</think>", "<th", "ink>", "</", "<", ">", " ", "\n", "a", "b.", "é", "think"]
TEXT = st.lists(st.sampled_from(PARTS), max_size=14).map("".join)


def run(chunks: Sequence[str], *, opened: bool = False) -> tuple[str, str]:
    """Reasoning and content of the whole."""
    splitter = ReasoningSplitter(opened=opened)
    pieces = [piece for chunk in chunks for piece in splitter.push(chunk)] + splitter.finish()
    assert all(piece.text for piece in pieces)
    # Once the answer has begun no reasoning follows.
    kinds = [piece.is_reasoning for piece in pieces]
    assert kinds == sorted(kinds, reverse=True)
    reasoning = "".join(piece.text for piece in pieces if piece.is_reasoning)
    return reasoning, "".join(piece.text for piece in pieces if not piece.is_reasoning)


def reference(text: str, *, opened: bool) -> tuple[str, str]:
    if not opened:
        head = text.lstrip()
        if not head.startswith("<think>"):
            return "", text
        text = head.removeprefix("<think>")
    reasoning, tag, content = text.partition("</think>")
    return reasoning.strip(), content.lstrip() if tag else ""


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
        ("<think>\n\n</think>\n\n", ("", "a</think>b")),
    ],
)
def test_a_prompt_may_open_the_block(prompt: str, wanted: tuple[str, str]) -> None:
    splitter = ReasoningSplitter.after(prompt)
    pieces = splitter.push("a</think>b") + splitter.finish()
    reasoning = "".join(piece.text for piece in pieces if piece.is_reasoning)
    assert (reasoning, "".join(piece.text for piece in pieces if not piece.is_reasoning)) == wanted


def test_reasoning_is_given_out_as_it_comes() -> None:
    splitter = ReasoningSplitter()
    assert splitter.push("<think>") == []
    assert splitter.inside
    assert [piece.text for piece in splitter.push("one two")] == ["one two"]
    assert [piece.text for piece in splitter.push(" </thi")] == []
    assert [piece.text for piece in splitter.push("nk>")] == []
    assert not splitter.inside
    assert [tuple(piece) for piece in splitter.push("so")] == [("so", False)]
