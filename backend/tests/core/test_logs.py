"""No caller forges a line or steers a terminal."""

import logging
import sys

import pytest

from mlx_manager.core.logs import EscapingFormatter


def record(message: str, *arguments: object, exc_info: bool = False) -> logging.LogRecord:
    info = sys.exc_info() if exc_info else None
    return logging.LogRecord("x", logging.INFO, "x.py", 1, message, arguments, info)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\r\nINFO forged", "a\\x0d\\x0aINFO forged"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("tab\tstays é 😀", "tab\tstays é 😀"),
    ],
)
def test_control_characters_are_escaped(text: str, wanted: str) -> None:
    assert EscapingFormatter("%(message)s").format(record("%s", text)) == wanted


def test_a_traceback_keeps_its_lines_and_the_message_is_escaped_all_the_same() -> None:
    try:
        raise ValueError("oh")
    except ValueError:
        text = EscapingFormatter("%(message)s").format(record("at %s", "/a\r\nforged \x1b[2J", exc_info=True))
    first, *rest = text.split("\n")
    assert "ValueError: oh" in rest
    assert first == "at /a\\x0d\\x0aforged \\x1b[2J"
