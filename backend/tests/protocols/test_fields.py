"""The rule for fields: honoured, refused, or named as ignored."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.protocols.fields import (
    WireModel,
    ignored_header,
    ignored_paths,
    refuse_unsupported,
    validate,
)
from mlx_manager.mlx_server.protocols.openai.sampling import UNSUPPORTED


class Inner(WireModel):
    """Something nested."""

    x: int | None = None


class Outer(WireModel):
    """A body."""

    one: Inner | None = None
    many: list[Inner] | None = None
    n: int | None = None


def test_ignored_paths() -> None:
    body = {
        "one": {"x": 1, "user": 2},
        "many": [{"x": 1}, {"a": 1, "b": 2}],
        "store": True,
        "n": 1,
        "logprobs": False,
    }
    paths = list(ignored_paths(validate(Outer, body), {"logprobs": (False,)}))
    assert sorted(paths) == ["many.1.a", "many.1.b", "one.user", "store"]


def test_a_neutral_name_is_named_inside() -> None:
    paths = list(ignored_paths(validate(Outer, {"one": {"logprobs": 1}}), {"logprobs": ()}))
    assert paths == ["one.logprobs"]


def test_header() -> None:
    assert ignored_header(iter([])) == {}
    assert ignored_header(iter(["store", "messages.0.x"])) == {"X-Ignored-Fields": "store, messages.0.x"}


@pytest.mark.parametrize(
    "name", ["a\r\nSet-Cookie: x=1", "é😀", "a, b", "\x00", "%", "x" * 500, "a" * 127 + "é"]
)
def test_a_name_cannot_forge_a_header(name: str) -> None:
    value = ignored_header(iter([name]))["X-Ignored-Fields"]
    assert value.isascii()
    assert value.isprintable()
    assert "," not in value
    assert " " not in value
    assert len(value) <= 128


@pytest.mark.parametrize("count", [64, 65, 5000])
@pytest.mark.parametrize("length", [1, 40, 200])
def test_the_header_is_bounded(count: int, length: int) -> None:
    value = ignored_header(f"{index}" + "x" * length for index in range(count))["X-Ignored-Fields"]
    assert len(value) <= 2048 + 5
    names = value.split(", ")
    assert len(names) <= 65
    assert (names[-1] == "...") == (len(names) - 1 < count and "..." in names)
    if count > 64:
        assert names[-1] == "..."


NEUTRAL: list[tuple[str, Any]] = [
    ("mirostat", 0),
    ("mirostat", None),
    ("use_beam_search", False),
    ("min_tokens", 0),
    ("xtc_probability", 0),
    ("xtc_probability", 0.0),
    ("xtc_probability", -0.0),
    ("length_penalty", 1.0),
    ("stop_token_ids", []),
    ("guided_whitespace_pattern", None),
]
LOADED: list[tuple[str, Any]] = [
    ("mirostat", 2),
    ("mirostat", False),
    ("mirostat", 0.0),
    ("mirostat", "0"),
    ("use_beam_search", True),
    ("use_beam_search", 0),
    ("min_tokens", False),
    ("bad_words", ["x"]),
    ("bad_words", {}),
    ("xtc_probability", 0.1),
    ("xtc_probability", False),
    ("stop_token_ids", [1]),
    ("guided_whitespace_pattern", ""),
    ("guided_whitespace_pattern", False),
]


@pytest.mark.parametrize(("name", "value"), NEUTRAL)
def test_values_that_ask_for_nothing(name: str, value: Any) -> None:
    refuse_unsupported({name: value}, UNSUPPORTED)


@pytest.mark.parametrize(("name", "value"), LOADED)
def test_values_that_ask_for_something(name: str, value: Any) -> None:
    with pytest.raises(ApiError, match=name) as caught:
        refuse_unsupported({name: value}, UNSUPPORTED)
    assert (caught.value.code, caught.value.param) == (ErrorCode.UNSUPPORTED_FIELD, name)


def test_a_fault_is_named_and_its_value_is_not_shown() -> None:
    with pytest.raises(ApiError) as caught:
        validate(Outer, {"many": [{"x": 1}, {"x": "s3cret"}]})
    assert caught.value.param == "many.1.x"
    assert "s3cret" not in caught.value.message
