"""Aliases with `*`: what they stand for, and what counts before them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from model_folders import write_listed

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import KeyLimits, Principal, Role
from mlx_manager.mlx_server.pool.catalogue import Catalogue
from mlx_manager.mlx_server.pool.name_patterns import NamePatterns
from mlx_manager.mlx_server.protocols.call import may_ask

NOWHERE = Path("/nonexistent")


def catalogue_of(folder: Path, aliases: dict[str, str], *names: str, **options: Any) -> Catalogue:
    for name in names:
        write_listed(folder / name)
    return Catalogue([folder], demo=NOWHERE, aliases=aliases, **options)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        (
            "claude-*",
            ["claude-", "claude-4", "claude-*", "claude-a/b\n"],
            ["claude", "xclaude-4", "Claude-4"],
        ),
        ("*", ["", "a", "*", "a\nb"], []),
        ("*-mini", ["-mini", "a-mini", "-mini-mini"], ["mini", "a-mini-x"]),
        ("a*a", ["aa", "aba", "aaa"], ["a", "ab", "ba"]),
        ("a*b*c", ["abc", "axbxc", "abbcc", "abcbc"], ["ac", "acb", "abcx"]),
        ("a**b", ["ab", "axb"], ["a", "b"]),
        ("*ab*ab*", ["abab", "xabxabx"], ["aba", "ab"]),
        ("a.[bc]?*", ["a.[bc]?", "a.[bc]?x"], ["axb", "a.bx"]),
        ("../*", ["../x"], ["x"]),
    ],
)
def test_what_a_pattern_matches(pattern: str, matching: list[str], others: list[str]) -> None:
    patterns = NamePatterns({pattern: "m", "exact": "n"})
    assert [name for name in (*matching, *others) if patterns.match(name) == "m"] == matching
    assert patterns.match("exact") == ("m" if pattern == "*" else None)


def test_a_long_name_takes_no_longer_than_its_length() -> None:
    assert NamePatterns({"*a" * 30 + "*b": "m"}).match("a" * 1_000_000) is None


def test_an_alias_then_an_id_then_the_pattern_that_says_most(tmp_path: Path) -> None:
    aliases = {
        "*": "every",
        "claude-*": "large",
        "claude-*-haiku*": "small",
        "claude-h*": "first",
        "*claude-h": "second",
        "claude-exact": "exact",
    }
    catalogue = catalogue_of(tmp_path, aliases, *aliases.values(), "claude-4")
    for name, model_id in {
        "claude-exact": "exact",
        "claude-4": "claude-4",
        "claude-5": "large",
        "claude-5-haiku-2026": "small",
        "claude-h": "first",
        "large": "large",
        "gpt-4o": "every",
        "claude-*": "large",
        "*": "every",
    }.items():
        assert catalogue.resolve(name).model_id == model_id
        assert catalogue.id_of(name) == model_id
    assert list(catalogue.aliases_of("large")) == ["claude-*"]
    assert list(catalogue.aliases_of("claude-4")) == []
    assert catalogue.scan().collisions == {}


def test_a_model_comes_before_a_pattern_as_soon_as_it_is_there(tmp_path: Path) -> None:
    now = 0.0
    catalogue = catalogue_of(tmp_path, {"claude-*": "m"}, "m", clock=lambda: now)
    assert catalogue.resolve("claude-5").model_id == catalogue.id_of("claude-5") == "m"
    folder = write_listed(tmp_path / "claude-5")
    now = 2.0
    assert catalogue.id_of("claude-5") == catalogue.resolve("claude-5").model_id == "claude-5"
    (folder / "tokenizer.json").unlink()
    now = 4.0
    assert catalogue.id_of("claude-5") == "claude-5"
    with pytest.raises(ApiError) as caught:
        catalogue.resolve("claude-5")
    assert caught.value.code is ErrorCode.MODEL_LOAD_FAILED


def test_an_id_with_a_star_is_an_id(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, {"a*": "m"}, "m", "a*")
    assert catalogue.resolve("a*").model_id == "a*"
    assert catalogue.resolve("ab").model_id == "m"
    assert catalogue.scan().collisions == {}


def test_a_pattern_of_nothing(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, {"claude-*": "gone", "../*": "../m"}, "m")
    for name, model_id in {"claude-5": "gone", "../m": "../m"}.items():
        with pytest.raises(ApiError) as caught:
            catalogue.resolve(name)
        assert caught.value.code is ErrorCode.MODEL_NOT_FOUND
        assert caught.value.message.startswith(f"there is no model {model_id!r}")
        assert catalogue.id_of(name) == model_id


@pytest.mark.parametrize(
    ("listed", "allowed", "refused"),
    [
        ("m", ["m", "claude-5", "claude-*", "fast"], ["n", "claude-4", "gpt-4o", "gone"]),
        ("claude-*", ["m", "claude-5", "claude-*", "fast"], ["n", "claude-4", "gpt-4o"]),
        ("claude-5", ["m", "claude-5", "claude-6", "fast"], ["n", "claude-4"]),
        ("fast", ["m", "claude-5", "fast"], ["n", "claude-4"]),
        ("claude-4", ["claude-4"], ["m", "claude-5", "claude-*", "fast"]),
        ("n", ["n", "gpt-4o", "gpt-*"], ["m", "claude-5", "claude-4"]),
    ],
)
def test_a_key_for_a_model_is_good_for_its_names(
    tmp_path: Path, listed: str, allowed: list[str], refused: list[str]
) -> None:
    aliases = {"claude-*": "m", "fast": "m", "gpt-*": "n"}
    catalogue = catalogue_of(tmp_path, aliases, "m", "n", "claude-4")
    serving: Any = SimpleNamespace(pool=SimpleNamespace(catalogue=catalogue))
    limits = KeyLimits(models=frozenset({listed}))
    principal = Principal("u", "user", Role.USER, frozenset(), limits=limits)
    assert [name for name in (*allowed, *refused) if may_ask(serving, principal, name)] == allowed
