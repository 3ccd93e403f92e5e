"""What is sealed can be read with the key and with nothing else."""

from collections.abc import Callable

import pytest

from mlx_manager.core.security.sealing import SealingKey, UnsealError, seal, unseal

TEXT = "hf_pretend é 😀\n"


def test_there_and_back() -> None:
    key = SealingKey.new()
    sealed = seal(TEXT, key)
    assert sealed.isascii()
    assert "pretend" not in sealed
    assert unseal(sealed, key) == TEXT
    assert seal(TEXT, key) != sealed  # equal secrets cannot be told by their rows
    assert unseal(seal("", key), key) == ""


def test_another_key_reads_nothing_and_says_nothing() -> None:
    sealed = seal(TEXT, SealingKey.new())
    with pytest.raises(UnsealError) as caught:
        unseal(sealed, SealingKey.new())
    assert "pretend" not in str(caught.value)
    assert sealed not in str(caught.value)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-5], lambda text: "x" + text[1:], lambda _: "", lambda _: "é"]
)
def test_damage_is_noticed(damage: Callable[[str], str]) -> None:
    key = SealingKey.new()
    with pytest.raises(UnsealError):
        unseal(damage(seal(TEXT, key)), key)


def test_every_changed_sign_is_noticed() -> None:
    key = SealingKey.new()
    sealed = seal("s", key)
    for index in range(len(sealed.rstrip("=")) - 1):
        changed = sealed[:index] + ("A" if sealed[index] != "A" else "B") + sealed[index + 1 :]
        with pytest.raises(UnsealError):
            unseal(changed, key)


def test_a_rotated_key_reads_the_old_and_seals_with_the_new() -> None:
    old = SealingKey.new()
    new = old.rotated()
    assert unseal(seal(TEXT, old), new) == TEXT
    with pytest.raises(UnsealError):
        unseal(seal(TEXT, new), old)
    with pytest.raises(UnsealError):
        unseal(seal(TEXT, old), new.newest())
    assert unseal(seal(TEXT, new), new.newest()) == TEXT


def test_a_key_as_text() -> None:
    key = SealingKey.new().rotated()
    assert SealingKey.parse(key.text) == key
    assert SealingKey.parse(key.text.replace("\n", "\r\n")) == key
    assert not [part for part in key.keys if part in repr(key) or part in str(key)]


@pytest.mark.parametrize("text", ["", "\n", "short", "ä" * 44, "x" * 44, "A" * 43 + "=\nrest"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"^this is not a key for sealing$"):
        SealingKey.parse(text)
