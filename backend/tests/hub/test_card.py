"""Model cards, of strangers."""

import pytest

from mlx_manager.hub.card import MAX_CARD_BYTES, card_of


def test_the_front_matter_is_parted_from_the_text() -> None:
    card = card_of(b"---\nlicense: mit\ntags: [a, b]\ndate: 2026-01-02\n---\n# Title\n")
    assert card.data == {"license": "mit", "tags": ["a", "b"], "date": "2026-01-02"}
    assert card.text == "# Title\n"
    assert not card.is_cut


@pytest.mark.parametrize(
    "front",
    [
        "a: [",
        "- 1\n- 2",
        "just text",
        "x: !!python/object/apply:os.system ['true']",
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]",
        "a: .nan",
        "a: " + "[" * 5000,
        "a: b\n" * 20_000,
    ],
)
def test_front_matter_that_is_no_plain_data_is_left_out(front: str) -> None:
    card = card_of(f"---\n{front}\n---\nText".encode())
    assert card.data == {}
    assert card.text == "Text"


def test_a_card_without_front_matter_is_text() -> None:
    assert card_of(b"# Title\n---\nmore").text == "# Title\n---\nmore"


def test_a_long_card_is_cut_between_characters() -> None:
    card = card_of("ä".encode() * MAX_CARD_BYTES)
    assert card.is_cut
    assert card.text == "ä" * (MAX_CARD_BYTES // 2)
