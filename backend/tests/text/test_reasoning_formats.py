"""Every format of reasoning is read in the same way, however its text was cut, and never leaks."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.text.reasoning import reasoning_guide, splitter_after, splitter_within
from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningFormat, ReasoningSplitter
from mlx_manager.mlx_server.text.reasoning_formats.known import HARMONY, KNOWN, THINK

TAGS = [one for one in KNOWN if not one.has_channels]
CALL = ("<tool_call>", "</tool_call>")
# Nothing of it begins a tag, and its ends are no white space.
WORDS = st.text(alphabet="ab.<[|é \n", min_size=1, max_size=12).map(lambda text: f"x{text}y")
named = pytest.mark.parametrize("reasoning", TAGS, ids=lambda one: one.name)


def cut(text: str, places: Sequence[int]) -> list[str]:
    bounds = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(bounds)]


def run(splitter: ReasoningSplitter, chunks: Sequence[str]) -> tuple[str, str]:
    """Reasoning and answer; every piece of the answer stands where it says."""
    pieces = [piece for chunk in chunks for piece in splitter.push(chunk)] + splitter.finish()
    whole = "".join(chunks)
    for piece in pieces:
        if not piece.is_reasoning:
            assert whole[piece.start : piece.start + len(piece.text)] == piece.text
    answers = [piece.start for piece in pieces if not piece.is_reasoning]
    assert not answers or splitter.answer_start == answers[0]
    assert splitter.taken == len(whole)
    reasoning = "".join(piece.text for piece in pieces if piece.is_reasoning)
    return reasoning, "".join(piece.text for piece in pieces if not piece.is_reasoning)


@named
@settings(derandomize=True, max_examples=25, deadline=None)
@given(thought=WORDS, said=WORDS, places=st.lists(st.integers(0, 199), max_size=16), opened=st.booleans())
def test_a_block_and_an_answer(
    reasoning: ReasoningFormat, thought: str, said: str, places: list[int], opened: bool
) -> None:
    prompt = f"<assistant>{reasoning.opening}\n" if opened else "<assistant>"
    text = f"\n{thought}\n{reasoning.closing}\n\n{said}"
    text = text if opened else reasoning.opening + text
    assert run(splitter_after(reasoning, prompt), cut(text, places)) == (thought, said)
    assert run(splitter_after(reasoning, prompt), list(text)) == (thought, said)


@named
@settings(derandomize=True, max_examples=15, deadline=None)
@given(thought=WORDS, places=st.lists(st.integers(0, 99), max_size=9))
def test_an_end_within_the_block_leaves_nothing_to_say(
    reasoning: ReasoningFormat, thought: str, places: list[int]
) -> None:
    assert run(splitter_after(reasoning, "<assistant>"), cut(reasoning.opening + thought, places)) == (
        thought,
        "",
    )
    assert run(splitter_after(reasoning, reasoning.opening), cut(thought, places)) == (thought, "")
    amid = splitter_within(reasoning, reasoning.opening + "so ", "")
    assert amid is not None
    assert run(amid, cut(thought, places)) == (thought, "")


@named
@settings(derandomize=True, max_examples=10, deadline=None)
@given(places=st.lists(st.integers(0, 199), max_size=12))
def test_blocks_that_follow_blocks_and_calls(reasoning: ReasoningFormat, places: list[int]) -> None:
    opening, closing = reasoning.opening, reasoning.closing
    call = f'{CALL[0]}\n{{"a": "{opening}"}}\n{CALL[1]}'
    text = (
        f"{opening}\none\n{closing}\n{opening}{opening}two{closing}\n{closing}\n"
        f"Look.\n{call}\n\n{opening}three{closing}\n{call}"
    )
    thought, said = run(splitter_after(reasoning, "<assistant>", CALL), cut(text, places))
    assert thought == "one\n\ntwothree"
    assert said == f"Look.\n{call}{call}"


@named
def test_tags_within_an_answer_are_text(reasoning: ReasoningFormat) -> None:
    opening, closing = reasoning.opening.strip(), reasoning.closing.strip()
    text = f"They write {opening}…{closing}.\n{opening}\n{closing} is a block."
    assert run(splitter_after(reasoning, "<assistant>", CALL), list(text)) == ("", text)
    after = splitter_after(reasoning, f"<assistant>{reasoning.opening}{reasoning.closing}\n\n", CALL)
    assert run(after, list(f"\n{text}")) == ("", text)


@named
def test_a_prompt_that_closes_the_block_may_be_followed_by_another(reasoning: ReasoningFormat) -> None:
    prompt = f"<assistant>{reasoning.opening}\n\n{reasoning.closing}\n\n"
    text = f"{reasoning.closing}\n{reasoning.opening}no{reasoning.closing}yes"
    assert run(splitter_after(reasoning, prompt), list(text)) == ("no", "yes")
    assert splitter_within(reasoning, prompt + "ye", prompt + "ye") is None


@pytest.mark.parametrize("name", ["think_response", "think_answer"])
def test_tags_around_the_answer_are_no_part_of_it(name: str) -> None:
    reasoning = next(one for one in KNOWN if one.name == name)
    assert reasoning.answer_tags is not None
    begin, end = reasoning.answer_tags
    for text, said in [
        (f"<think>a</think>\n{begin}\nb < c\n{end}\n", "b < c"),
        (f"<think>a</think>{begin}b", "b"),
        (f"<think>a</think>b {begin}c{end}", f"b {begin}c{end}"),
    ]:
        assert run(splitter_after(reasoning, ""), [text]) == ("a", said)
        assert run(splitter_after(reasoning, ""), list(text)) == ("a", said)


def test_a_guide_says_where_the_prompt_ends() -> None:
    assert reasoning_guide(None, "<think>", 5) is None
    open_ = reasoning_guide(THINK, "<assistant>\n<think>\n", 5)
    assert open_ is not None
    assert (open_.opening, open_.closing, open_.is_open, open_.budget) == ("<think>", "</think>", True, 5)
    ahead = reasoning_guide(THINK, "<assistant>\n", None)
    assert ahead is not None
    assert (ahead.is_open, ahead.budget) == (False, None)
    assert reasoning_guide(THINK, "<assistant>\n<think>\n\n</think>\n\n", 5) is None
    channels = reasoning_guide(HARMONY, "<|start|>user<|message|>Hi<|end|><|start|>assistant", 9)
    assert channels is not None
    assert channels.opening == "<|channel|>analysis<|message|>"
    assert channels.closing == "<|end|><|start|>assistant"
    assert not channels.is_open
    begun = reasoning_guide(HARMONY, "<|start|>assistant<|channel|>analysis<|message|>", 9)
    assert begun is not None
    assert begun.is_open
