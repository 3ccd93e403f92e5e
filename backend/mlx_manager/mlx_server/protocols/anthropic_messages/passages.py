"""Blocks of text as the one text that templates take."""

from collections.abc import Iterable
from typing import Final, NamedTuple

# Blocks of users, systems and tools are passages of their own: reminders, files, a question. Templates
# that want one message of a user get several joined in the same way.
PASSAGE_GAP: Final = "\n\n"
# An assistant's blocks are pieces of what it wrote, and are read again as it wrote them.
ANSWER_GAP: Final = ""


class Passage(NamedTuple):
    """A block's text, and whether a prefix is to be kept after it."""

    text: str
    is_marked: bool = False


class Joined(NamedTuple):
    """The blocks' text, and the places in it after which a prefix is to be kept.

    A mark at the end is left out: the message ends there, where prefixes are kept anyway.
    """

    text: str
    marks: tuple[int, ...]


def join(passages: Iterable[Passage], gap: str = PASSAGE_GAP) -> Joined:
    """The passages as one text; those without any leave no gap."""
    pieces: list[str] = []
    marks: list[int] = []
    length = 0
    for text, is_marked in passages:
        if not text:
            continue
        piece = gap + text if pieces else text
        pieces.append(piece)
        length += len(piece)
        if is_marked:
            marks.append(length)
    return Joined("".join(pieces), tuple(mark for mark in marks if mark < length))
