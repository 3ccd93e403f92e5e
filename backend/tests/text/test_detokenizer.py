"""The stream's text equals the whole text, and no half character is ever shown."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from text_tokenizers import (
    byte_level_bare,
    byte_level_straddling,
    byte_level_trained,
    id_of,
    metaspace,
)
from tokenizers import Tokenizer

from mlx_manager.mlx_server.text.detokenizer import Detokenizer, Vocabulary

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

TOKENIZERS = [byte_level_trained, byte_level_bare, metaspace]
TEXT = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="ab é日本€😀👩\u200d\n", max_size=60),
    st.lists(st.sampled_from(["😀", "hello", " ", "日本", "é", "�", " the", "🇩🇪"]), max_size=20).map("".join),
)


def decoder(tokenizer: Tokenizer) -> Callable[[Sequence[int]], str]:
    return lambda ids: str(tokenizer.decode(list(ids), skip_special_tokens=True))


def run(tokenizer: Tokenizer, groups: Sequence[Sequence[int]], context: Sequence[int] = ()) -> list[str]:
    detokenizer = Detokenizer(Vocabulary(tokenizer), context)
    return [detokenizer.push(group) for group in groups]


def grouped(ids: list[int], cuts: list[int]) -> Iterator[list[int]]:
    bounds = sorted({0, len(ids), *(cut % (len(ids) + 1) for cut in cuts)})
    yield from (ids[start:end] for start, end in pairwise(bounds))


@pytest.mark.parametrize("make", TOKENIZERS)
@settings(derandomize=True, max_examples=100, deadline=None)
@given(text=TEXT, cuts=st.lists(st.integers(0, 200), max_size=10))
def test_any_split_gives_the_whole_text(make: Callable[[], Tokenizer], text: str, cuts: list[int]) -> None:
    # Byte fallback shows a U+FFFD spelt in bytes as it shows broken bytes.
    assume(make is not metaspace or REPLACEMENT not in text)
    tokenizer = make()
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    whole = decoder(tokenizer)(ids)
    for groups in ([[token] for token in ids], list(grouped(ids, cuts))):
        pushed = run(tokenizer, groups)
        assert "".join(pushed) == whole
        if REPLACEMENT not in text:
            assert REPLACEMENT not in "".join(pushed)


@pytest.mark.parametrize("make", TOKENIZERS)
@settings(derandomize=True, max_examples=60, deadline=None)
@given(text=TEXT.filter(lambda text: REPLACEMENT not in text), cut=st.integers(0, 200))
def test_truncated_anywhere_shows_no_half_character(
    make: Callable[[], Tokenizer], text: str, cut: int
) -> None:
    tokenizer = make()
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    pushed = run(tokenizer, [[token] for token in ids[: cut % (len(ids) + 1)]])
    shown = "".join(pushed)
    assert REPLACEMENT not in shown
    assert decoder(tokenizer)(ids).startswith(shown)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_the_beginning_of_a_character_that_never_came_is_dropped(cut: int) -> None:
    ids = [*b"ok ", *"😀".encode()[:cut]]
    pushed = run(byte_level_bare(), [[token] for token in ids])
    assert "".join(pushed) == "ok "


BROKEN = [b"\xff", b"\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\xff\xfe\xff\xfe\xff"]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("before", [b"", "é".encode(), b"ok"])
def test_invalid_bytes_in_the_middle_are_shown_and_hold_nothing_back(before: bytes, broken: bytes) -> None:
    whole = before + broken + b"cd"
    pushed = run(byte_level_bare(), [[token] for token in whole])
    assert "".join(pushed) == whole.decode(errors="replace")


@pytest.mark.parametrize("broken", BROKEN)
def test_invalid_byte_tokens_hold_nothing_back(broken: bytes) -> None:
    tokenizer = metaspace()
    groups = [[id_of(tokenizer, "▁hello")], *([byte + 3] for byte in broken)]
    pushed = run(tokenizer, [*groups, [id_of(tokenizer, "▁world")], [id_of(tokenizer, ".")]])
    shown = "".join(pushed)
    assert shown.startswith("hello")
    assert shown.removeprefix("hello").removesuffix(" world.") == broken.decode(errors="replace")


def test_endless_invalid_bytes_flow() -> None:
    pushed = run(byte_level_bare(), [[0xFF]] * 200)
    assert len("".join(pushed)) >= 190
    assert not any(len(piece) > 20 for piece in pushed)


def test_a_literal_replacement_character_is_delivered_with_what_follows() -> None:
    ids = list(f"a{REPLACEMENT}b{REPLACEMENT * 5}c".encode())
    pushed = run(byte_level_bare(), [[token] for token in ids])
    assert "".join(pushed) == f"a{REPLACEMENT}b{REPLACEMENT * 5}c"


@pytest.mark.parametrize("context", ["hello", "the", "é", "😀"])
def test_context_keeps_the_leading_space(context: str) -> None:
    tokenizer = metaspace()
    before = tokenizer.encode(context, add_special_tokens=True).ids
    world = id_of(tokenizer, "▁world")
    assert run(tokenizer, [[world]]) == ["world"]
    assert run(tokenizer, [[world]], before) == [" world"]


def test_a_character_that_begins_in_the_prompt_is_finished() -> None:
    first, *others = "€".encode()
    assert run(byte_level_bare(), [[token] for token in others], [first]) == ["", "€"]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_what_follows_a_character_that_began_in_the_prompt_is_whole(cut: int) -> None:
    ids = [*"a😀 b€.".encode()]
    pushed = run(byte_level_bare(), [[token] for token in ids[1 + cut :]], ids[: 1 + cut])
    assert "".join(pushed) == "😀 b€."


@pytest.mark.parametrize("text", ["€€", "😀😀😀", "é€é€", "日本語", "a😀b😀😀"])
def test_neighbours_spelt_in_bytes_are_never_shown_broken(text: str) -> None:
    # Byte fallback shows a whole run of byte tokens as broken while its last character is.
    tokenizer = metaspace()
    pushed = run(tokenizer, [[byte + 3] for byte in text.encode()])
    assert "".join(pushed) == text


def test_tokens_that_always_end_inside_a_character() -> None:
    ids = [0xE2, 0x82, *[256] * 40, 0xAC]
    pushed = run(byte_level_straddling(), [[token] for token in ids])
    assert "".join(pushed) == "€" * 41


def test_a_special_token_in_the_middle_does_not_eat_a_space() -> None:
    tokenizer = metaspace()
    ids = [id_of(tokenizer, name) for name in ("▁hello", "<unk>", "▁world")]
    assert tokenizer.decode(ids, skip_special_tokens=True) == "hello world"
    pushed = run(tokenizer, [[token] for token in ids])
    assert "".join(pushed) == "hello world"


def test_a_special_token_is_shown_by_its_name_where_it_is_to_be() -> None:
    tokenizer = metaspace()
    ids = [id_of(tokenizer, name) for name in ("▁hello", "<unk>", "▁world", "</s>", "<0xE6>", "<unk>", "▁a")]
    detokenizer = Detokenizer(Vocabulary(tokenizer), (), ["<unk>", "a", "not there"])
    assert "".join(detokenizer.push([token]) for token in ids) == "hello<unk> world\ufffd<unk> a"
    assert Detokenizer(Vocabulary(tokenizer)).push(ids[:3]) == "hello world"
