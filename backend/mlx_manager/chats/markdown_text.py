"""Others' Markdown within ours: it keeps its looks and cannot break out of its place.

Three things would: HTML, a code block that nothing ends, and headings like ours. What is code is told by a
parser of CommonMark; as no HTML is left, every reader that keeps to CommonMark sees the same.
"""

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_HTML: Final = re.compile(r"<(?=[A-Za-z/!?])")
_ATX: Final = re.compile(r"#{1,6}(?=[ \t]|$)")
_UNDERLINE: Final = re.compile(r"(=+|-+)[ \t]*$")
_LEVELS_DOWN: Final = 2
_MOST_LEVELS: Final = 6


def contained(text: str) -> str:
    """The text with HTML as text, its code blocks closed, and its headings below ours."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    lines = text.split("\n")
    # What is said next shows whether a code block is open still.
    tokens = MarkdownIt("commonmark", {"html": False}).parse(f"{text}\n\nnext")
    code = {line for token in tokens if token.type in ("fence", "code_block") for line in _lines(token)}
    for token in tokens:
        if token.type == "heading_open":
            _demote(lines, token)
    shown = [line if at in code else _HTML.sub("&lt;", line) for at, line in enumerate(lines)]
    for token in tokens:
        if token.type == "fence":
            # What follows its opening, such as a language, is no code.
            shown[_lines(token)[0]] = _HTML.sub("&lt;", lines[_lines(token)[0]])
    if tokens[-1].type == "fence":
        shown.append(tokens[-1].markup)
    return "\n".join(shown)


def in_line(text: str) -> str:
    """A name or a title as text within a line."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~&-])", r"\\\1", " ".join(text.split()))


def _lines(token: Token) -> range:
    assert token.map is not None  # a block's
    return range(token.map[0], token.map[1])


def _demote(lines: list[str], token: Token) -> None:
    first, last = _lines(token)[0], _lines(token)[-1]
    if token.markup.startswith("#"):
        lowered = "#" * min(len(token.markup) + _LEVELS_DOWN, _MOST_LEVELS)
        lines[first] = _ATX.sub(lowered, lines[first], count=1)
    else:
        lines[last] = _UNDERLINE.sub(r"\\\1", lines[last])
