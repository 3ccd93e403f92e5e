"""Others' Markdown within ours: it keeps its looks and cannot break out of its place.

Three things would: HTML, an open code block, and headings like ours. The rules are CommonMark's (0.31).
"""

import re
from collections.abc import Iterator
from typing import Final

_HTML: Final = re.compile(r"<(?=[A-Za-z/!?])")
_OPENING: Final = re.compile(r"(`{3,})[^`]*|(~{3,}).*")
_ANY_FENCE: Final = re.compile(r"`{3,}|~{3,}")
_HEADING: Final = re.compile(r"( {0,3})(#{1,6})(?=[ \t]|$)")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)[ \t]*")
_LEVELS_DOWN: Final = 2
_MOST_LEVELS: Final = 6


def contained(text: str) -> str:
    """The text with HTML as text, its code blocks closed, and its headings below ours."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_with_code(lines) if _is_plain(lines) else map(_outside, lines))


def in_line(text: str) -> str:
    """A name or a title as text within a line."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~&-])", r"\\\1", " ".join(text.split()))


def _is_plain(lines: list[str]) -> bool:
    """Whether every code fence begins its line, so that this and every reader see the same blocks of code.

    A fence within a list belongs to it or not by rules that would need all of Markdown; such a text's code
    loses nothing but the looks of its `<`.
    """
    return all(not _ANY_FENCE.search(line) or _ANY_FENCE.match(line) for line in lines)


def _with_code(lines: list[str]) -> Iterator[str]:
    fence = ""
    for line in lines:
        if fence:
            yield line
            if _closes(line, fence):
                fence = ""
        elif found := _OPENING.fullmatch(line):
            fence = found[1] or found[2]
            yield _HTML.sub("&lt;", line)
        else:
            yield _outside(line)
    if fence:
        yield fence


def _closes(line: str, fence: str) -> bool:
    end = line.strip(" \t")
    return line.startswith(fence[0]) and len(end) >= len(fence) and not end.strip(fence[0])


def _outside(line: str) -> str:
    """A line that is no code, or of which that is not known."""
    if _UNDERLINE.fullmatch(line):
        # It would make a heading of the line before it.
        return "\n" + line if line.strip().startswith("-") else f"\\{line.lstrip()}"
    demoted = _HEADING.sub(lambda found: found[1] + "#" * _lower(len(found[2])), line)
    return _HTML.sub("&lt;", demoted)


def _lower(level: int) -> int:
    return min(level + _LEVELS_DOWN, _MOST_LEVELS)
