"""Stop strings: nothing of one is shown, and where the text was cut into chunks changes nothing."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlx_manager.mlx_server.text.stop import StopScanner

LETTERS = st.text(alphabet="abc", max_size=24)
STOPS = st.lists(st.text(alphabet="abc", min_size=1, max_size=5), max_size=4)


def run(stops: Sequence[str], chunks: Sequence[str]) -> tuple[str, bool, list[str]]:
    """The text that was shown, whether a stop was met, and the pieces."""
    scanner, shown = StopScanner(stops), []
    for chunk in chunks:
        piece, met = scanner.push(chunk)
        shown.append(piece)
        if met is not None:
            assert met in stops
            return "".join(shown), True, shown
    shown.append(scanner.finish())
    return "".join(shown), False, shown


def reference(stops: Sequence[str], text: str) -> tuple[str, bool]:
    """The text before the stop string that is completed first as characters come one by one."""
    for end in range(1, len(text) + 1):
        met = [stop for stop in stops if text[:end].endswith(stop)]
        if met:
            return text[: end - max(map(len, met))], True
    return text, False


def chunked(text: str, cuts: Sequence[int]) -> list[str]:
    bounds = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(bounds)]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(text=LETTERS, stops=STOPS, cuts=st.lists(st.integers(0, 50), max_size=12))
@example(text="abcc", stops=["abcc", "bc"], cuts=[])
@example(text="abcc", stops=["abcc", "bc"], cuts=[1, 2, 3])
def test_any_chunking_equals_the_reference(text: str, stops: list[str], cuts: list[int]) -> None:
    assert run(stops, chunked(text, cuts))[:2] == reference(stops, text)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(text=LETTERS, stops=STOPS, cuts=st.lists(st.integers(0, 50), max_size=12))
def test_nothing_of_a_stop_leaks(text: str, stops: list[str], cuts: list[int]) -> None:
    shown, stopped, _ = run(stops, chunked(text, cuts))
    assert not any(stop in shown for stop in stops)
    assert text.startswith(shown)
    assert stopped == any(stop in text for stop in stops)


def test_held_text_is_released_at_the_end() -> None:
    scanner = StopScanner(["###"])
    assert scanner.push("one ##") == ("one ", None)
    assert scanner.finish() == "##"
    assert scanner.finish() == ""


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("stops", "text", "shown"),
    [
        (["ab", "abc"], "xxabcd", "xx"),
        (["abc", "ab"], "xxabcd", "xx"),
        (["b", "d"], "aXdYb", "aX"),
        (["\n\nUser:"], "hi\n\nUser: you", "hi"),
        (["aab"], "aaab", "a"),
        (["abab"], "abaabab", "aba"),
        (["日本"], "これは日本です", "これは"),
    ],
)
def test_the_earliest_wins(chunk: int, stops: list[str], text: str, shown: str) -> None:
    chunks = [text[start : start + chunk] for start in range(0, len(text), chunk)]
    assert run(stops, chunks)[:2] == (shown, True)


def test_text_is_given_out_as_soon_as_it_is_certain() -> None:
    assert run(["xyz"], list("abxyab"))[2] == ["a", "b", "", "", "xya", "b", ""]


def test_without_stops_nothing_is_held() -> None:
    assert run([], ["a", "", "b"]) == ("ab", False, ["a", "", "b", ""])
