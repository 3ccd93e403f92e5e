"""Which tokens are listed with their logprobs, and with which piece of the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_tokenizers import byte_level_bare, byte_level_straddling, byte_level_trained, id_of, metaspace
from tokenizers import AddedToken, Tokenizer

from mlx_manager.mlx_server.backends.base import DrawnLogprobs
from mlx_manager.mlx_server.domain.events import (
    ReasoningDelta,
    TextDelta,
    TokenLogprob,
    ToolCallDelta,
    ToolCallStarted,
)
from mlx_manager.mlx_server.text.detokenizer import Detokenizer, Vocabulary
from mlx_manager.mlx_server.text.output import OutputText
from mlx_manager.mlx_server.text.reasoning_formats.known import THINK
from mlx_manager.mlx_server.text.reasoning_formats.tags import TagSplitter
from mlx_manager.mlx_server.text.tool_formats.base import ToolFormat
from mlx_manager.mlx_server.text.tool_formats.registry import JSON_IN_TAGS, KIMI_K2

Delta = TextDelta | ReasoningDelta | ToolCallStarted | ToolCallDelta


def run(
    tokenizer: Tokenizer,
    ids: list[int],
    stops: list[str] | None = None,
    *,
    reasoning: bool = False,
    calls: ToolFormat | None = None,
) -> list[Delta]:
    """The deltas of these tokens; token number N has the logprob -N."""
    marks = () if calls is None else calls.marks
    detokenizer = Detokenizer(Vocabulary(tokenizer), (), marks)
    splitter = None if calls is None else calls.splitter([], parallel=True, choice=0)
    output = OutputText(detokenizer, stops or [], TagSplitter(THINK) if reasoning else None, splitter)
    deltas: list[Delta] = []
    for number, token_id in enumerate(ids):
        deltas += output.push(
            token_id, DrawnLogprobs(-float(number), ((token_id, -float(number)), (5, -50.0)))
        )
        if output.stopped:
            break
    return deltas + output.finish()


def listed(deltas: list[Delta]) -> list[TokenLogprob]:
    return [entry for delta in deltas if isinstance(delta, TextDelta) for entry in delta.logprobs]


def numbers(deltas: list[Delta]) -> list[int]:
    """Which of the tokens are listed."""
    return [round(-entry.token.logprob) for entry in listed(deltas)]


def answer(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def test_each_token_comes_with_its_text() -> None:
    deltas = run(byte_level_bare(), list(b"abc"))
    assert [(delta.text, numbers([delta])) for delta in deltas] == [("a", [0]), ("b", [1]), ("c", [2])]
    first = listed(deltas)[0]
    assert (first.token.token_id, first.token.text, first.token.token_bytes) == (97, "a", b"a")
    assert [(other.text, other.logprob) for other in first.top] == [("a", 0.0), ("\x05", -50.0)]


def test_tokens_of_one_character_come_together() -> None:
    deltas = run(byte_level_bare(), list("a😀b".encode()))
    assert [(delta.text, numbers([delta])) for delta in deltas] == [
        ("a", [0]),
        ("😀", [1, 2, 3, 4]),
        ("b", [5]),
    ]
    assert [entry.text_offset for entry in listed(deltas)] == [0, 1, 1, 1, 1, 2]
    assert listed(deltas)[1].token.text == "\ufffd"
    assert b"".join(entry.token.token_bytes for entry in listed(deltas)) == "a😀b".encode()


def test_a_token_between_two_characters() -> None:
    deltas = run(byte_level_straddling(), [0xE2, 0x82, 256, 0xAC])
    assert [(delta.text, numbers([delta])) for delta in deltas] == [("€", [0, 1, 2]), ("€", [3])]
    assert [entry.text_offset for entry in listed(deltas)] == [0, 0, 0, 1]


def test_half_a_character_at_the_end_is_listed_without_text() -> None:
    deltas = run(byte_level_bare(), [97, 0xF0, 0x9F])
    assert [(delta.text, numbers([delta])) for delta in deltas] == [("a", [0]), ("", [1, 2])]


@pytest.mark.parametrize("reasoning", [False, True])
def test_nothing_but_half_a_character(reasoning: bool) -> None:
    deltas = run(byte_level_bare(), [0xF0, 0x9F], reasoning=reasoning)
    assert [(delta.text, numbers([delta])) for delta in deltas] == [("", [0, 1])]


def test_special_tokens_are_not_listed() -> None:
    tokenizer = byte_level_trained()
    eos = id_of(tokenizer, "<eos>")
    text = tokenizer.encode("The fox").ids
    deltas = run(tokenizer, [eos, *text, eos, 100_000])
    assert answer(deltas) == "The fox"
    assert [entry.token.token_id for entry in listed(deltas)] == text


def test_a_special_token_is_named_among_the_alternatives() -> None:
    tokenizer = byte_level_trained()
    output = OutputText(Detokenizer(Vocabulary(tokenizer)), [], None)
    eos, a = id_of(tokenizer, "<eos>"), id_of(tokenizer, "a")
    (delta,) = output.push(a, DrawnLogprobs(-1.0, ((eos, -0.5), (100_000, -9.0))))
    assert isinstance(delta, TextDelta)
    top = [(other.text, other.token_bytes) for other in delta.logprobs[0].top]
    assert top == [("<eos>", b"<eos>"), ("", b"")]


@pytest.mark.parametrize(
    ("text", "stops", "wanted"),
    [
        ("ab END more", ["END"], "ab "),
        ("END", ["END"], ""),
        ("ab EN", ["END"], "ab EN"),
        ("ab ENDE", ["ENDER"], "ab ENDE"),
        ("é😀xyé", ["xyz", "yé"], "é😀x"),
    ],
)
def test_tokens_of_a_stop_string_are_not_listed(text: str, stops: list[str], wanted: str) -> None:
    deltas = run(byte_level_bare(), list(text.encode()), stops)
    assert answer(deltas) == wanted
    assert numbers(deltas) == list(range(len(wanted.encode())))


def test_a_token_that_a_stop_string_cuts_is_listed() -> None:
    tokenizer = byte_level_trained()
    ids = tokenizer.encode("quick quick").ids
    pieces = [tokenizer.decode([token_id]) for token_id in ids]
    whole = next(index for index, piece in enumerate(pieces) if len(piece) > 1)
    stop = "".join(pieces)[len("".join(pieces[:whole])) + 1 :]
    deltas = run(tokenizer, ids, [stop])
    assert answer(deltas) == "".join(pieces).partition(stop)[0]
    assert numbers(deltas) == list(range(whole + 1))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<think>why</think>so", "so"),
        ("<think>why</think>\n\nso", "so"),
        (" \n<think>why</think> \n so ", "so "),
        ("<think>why", ""),
        ("<think>why</thi", ""),
        ("<think>why</think>", ""),
        ("<think>why</think>\n", ""),
        ("no <think>", "no <think>"),
        ("  spaces", "  spaces"),
        ("<thi", "<thi"),
        ("  ", "  "),
        ("<think>é</think>é", "é"),
    ],
)
def test_reasoning_is_not_listed(text: str, wanted: str) -> None:
    deltas = run(byte_level_bare(), list(text.encode()), reasoning=True)
    assert answer(deltas) == wanted
    total, count = len(text.encode()), len(wanted.encode())
    assert numbers(deltas) == list(range(total - count, total))


def test_a_token_of_reasoning_and_answer_is_listed() -> None:
    tokenizer = Tokenizer.from_str(byte_level_trained().to_str())
    tokenizer.add_tokens(["</think>so"])
    before, after = tokenizer.encode("<think>why").ids, tokenizer.encode("The").ids
    ids = [*before, id_of(tokenizer, "</think>so"), *after]
    deltas = run(tokenizer, ids, reasoning=True)
    assert answer(deltas) == "soThe"
    assert numbers(deltas) == list(range(len(before), len(ids)))


def test_a_stop_string_that_held_the_end_of_the_reasoning() -> None:
    text = "<think>a</think>bcd"
    deltas = run(byte_level_bare(), list(text.encode()), ["</think>bcx"], reasoning=True)
    assert answer(deltas) == "bcd"
    assert numbers(deltas) == [len(text) - 3, len(text) - 2, len(text) - 1]


def test_long_reasoning_is_not_kept() -> None:
    output = OutputText(Detokenizer(Vocabulary(byte_level_bare())), [], TagSplitter(THINK))
    for token_id in b"<think>" + b"because " * 500:
        output.push(token_id, DrawnLogprobs(-1.0, ()))
    assert len(output._trail._waiting) < 10


def test_a_leading_space_that_the_decoder_drops() -> None:
    tokenizer = metaspace()
    hello, world = id_of(tokenizer, "▁hello"), id_of(tokenizer, "▁world")
    deltas = run(tokenizer, [hello, world, hello])
    assert [entry.token.text for entry in listed(deltas)] == ["hello", " world", " hello"]
    assert [entry.text_offset for entry in listed(deltas)] == [0, 5, 11]


def test_without_logprobs_nothing_is_listed() -> None:
    output = OutputText(Detokenizer(Vocabulary(byte_level_bare())), [], None)
    deltas = [delta for token_id in "aé".encode() for delta in output.push(token_id)]
    assert [*deltas, *output.finish()] == [TextDelta("a"), TextDelta("é")]


IDS = st.lists(st.integers(0, 256), max_size=40)
TEXTS = st.lists(
    st.sampled_from(["<think>", "</think>", " ", "\n", "é", "😀", "EN", "END", "a", "<", "</th"]), max_size=12
)
STOPS = st.lists(st.sampled_from(["END", "k>a", "é\n", "\n\n"]), max_size=2)


@settings(max_examples=200, deadline=None)
@given(TEXTS, STOPS, st.booleans())
def test_listed_tokens_are_those_whose_text_is_given_out(
    parts: list[str], stops: list[str], reasoning: bool
) -> None:
    """Over whole characters of one-byte tokens, the listed bytes are the answer's bytes."""
    deltas = run(byte_level_bare(), list("".join(parts).encode()), stops, reasoning=reasoning)
    assert b"".join(entry.token.token_bytes for entry in listed(deltas)) == answer(deltas).encode()
    assert all(delta.text or delta.logprobs for delta in deltas if isinstance(delta, TextDelta))


@settings(max_examples=200, deadline=None)
@given(IDS)
def test_any_bytes(ids: list[int]) -> None:
    """Without stops every token is listed, in order, at a place within the text, never before its text."""
    tokenizer = byte_level_straddling()
    deltas = run(tokenizer, ids)
    assert numbers(deltas) == list(range(len(ids)))
    offsets = [entry.text_offset for entry in listed(deltas)]
    assert offsets == sorted(offsets)
    assert all(offset <= len(answer(deltas)) for offset in offsets)
    shown = 0
    for delta in deltas:
        assert isinstance(delta, TextDelta)
        shown += len(delta.text)
        assert all(entry.text_offset < shown for entry in delta.logprobs if delta.text)


CALL_TEXTS = st.lists(
    st.sampled_from(
        [
            "<tool_call>",
            '{"name": "f", "arguments": {"x": 1}}',
            "</tool_call>",
            " ",
            "\n",
            "é",
            "a",
            "<to",
            "</think>",
        ]
    ),
    max_size=14,
)


@settings(max_examples=300, deadline=None)
@given(CALL_TEXTS, st.booleans())
def test_tokens_of_calls_are_not_listed(parts: list[str], reasoning: bool) -> None:
    """Nor is white space around them."""
    deltas = run(byte_level_bare(), list("".join(parts).encode()), reasoning=reasoning, calls=JSON_IN_TAGS)
    assert b"".join(entry.token.token_bytes for entry in listed(deltas)) == answer(deltas).encode()


def test_marks_are_shown_to_the_reader_and_not_listed() -> None:
    tokenizer = Tokenizer.from_str(byte_level_bare().to_str())
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in (*KIMI_K2.marks, "<other>")])
    body = (
        '<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{"x": "é"}'
    )
    text = f"So.<other> {body}<|tool_call_end|><|tool_calls_section_end|>"
    deltas = run(tokenizer, tokenizer.encode(text, add_special_tokens=False).ids, calls=KIMI_K2)
    assert answer(deltas) == "So."
    assert b"".join(entry.token.token_bytes for entry in listed(deltas)) == b"So."
    called = [delta for delta in deltas if isinstance(delta, ToolCallStarted)]
    assert [delta.name for delta in called] == ["f"]
    written = "".join(delta.arguments for delta in deltas if isinstance(delta, ToolCallDelta))
    assert written == '{"x": "é"}'
