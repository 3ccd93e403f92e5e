"""The text out of a call's arguments: in whatever pieces they come, it is what JSON says."""

import json
import random

import pytest

from mlx_manager.mlx_server.protocols.text_input import InputDecoder, arguments_of, input_of

TEXTS = [
    "",
    "a",
    'two\nlines\r\n\t"quoted" \\ / \b\f',
    "\u2028 \x00 ü 😀 \U0010ffff",
    "\\n \\u0041 {}",
    '{"input": "x"}',
]
SPACED = '\n {\t"input" :\r\n "a\\nb"\n}\n'


def pieces(text: str, rng: random.Random) -> list[str]:
    cuts = sorted(rng.sample(range(len(text) + 1), k=min(len(text), rng.randint(0, 6))))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def read(parts: list[str]) -> tuple[list[str], str]:
    decoder = InputDecoder()
    return [decoder.push(part) for part in parts], decoder.finish()


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_in_whatever_pieces(text: str, ascii_only: bool) -> None:
    arguments = json.dumps({"input": text}, ensure_ascii=ascii_only)
    rng = random.Random(7)
    for parts in [[arguments], list(arguments), *(pieces(arguments, rng) for _ in range(50))]:
        texts, held = read(parts)
        assert ("".join(texts), held) == (text, "")


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_model_is_shown_is_read_again(text: str) -> None:
    assert input_of(arguments_of(text)) == text


def test_each_piece_is_told_as_soon_as_it_is_certain() -> None:
    texts, held = read(['{"input": "', "a", "b\\", "n", "\\ud83d", "\\ude0", "0c", '"}'])
    assert (texts, held) == (["", "a", "b", "\n", "", "", "😀c", ""], "")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (SPACED, "a\nb"),
        ('{"input": "a", "more": "b"}', "a"),
        ('{"input": "a"} and more', "a"),
        ('{"more": [1], "input": "a\\n"}', "a\n"),
        ('{"input": "\\ud83d"}', "\ufffd"),
        ('{"input": "\\ude00\\ud83dx"}', "\ufffd\ufffdx"),
        ('{"input": "\\ud83d\\n\\ud83d\\ud83d\\ude00"}', "\ufffd\n\ufffd😀"),
        ('{"more": 1, "input": "\\ud83d"}', "\ufffd"),
        # No JSON, and yet clear enough.
        ('{"input": "a\nb"}', "a\nb"),
        ('{"input": "\\x \\u12g4"}', "\\x \\u12g4"),
        # Of another shape: as the model wrote it.
        ("{}", "{}"),
        ('{"input": 5}', '{"input": 5}'),
        ('{"text": "a"}', '{"text": "a"}'),
        ("*** Begin Patch\n", "*** Begin Patch\n"),
        ('["input"]', '["input"]'),
        ('{"inp ut": "a"}', '{"inp ut": "a"}'),
        ('{"in', ""),
        ('{"input": ', ""),
        ('{"input": "a\\', "a"),
        ('{"input": "a\\ud83d', "a\ufffd"),
        ('{"input": "a\\u00', "a"),
        ("", ""),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_other_shapes(arguments: str, text: str) -> None:
    assert input_of(arguments) == text
    texts, held = read(list(arguments))
    assert "".join(texts) + held == text
