"""JSON of strangers can be sent on."""

import json

import pytest

from mlx_manager.hub.plain_json import parse_plain


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b'{"a": [0.0, Infinity, -Infinity, NaN, 1e999, 1.5]}', {"a": [0.0, None, None, None, None, 1.5]}),
        (b'["\\ud83d\\ude00", "\\ud800"]', ["\U0001f600", "?"]),
        (b'{"\\uDC00": 1}', {"?": 1}),
        (b'["\xff"]', ["\ufffd"]),
    ],
)
def test_what_could_not_be_written_is_replaced(said: bytes, expected: object) -> None:
    parsed = parse_plain(said)
    assert parsed == expected
    json.dumps(parsed, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize("said", [b"", b"{", b"<html>", b"[" * 100_000])
def test_what_is_no_json(said: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # json's own, or ours
        parse_plain(said)
