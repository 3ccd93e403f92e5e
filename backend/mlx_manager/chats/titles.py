"""A chat's title: the first words of what was said first."""

from typing import Final

_MOST_CHARS: Final = 60


def title_of(text: str) -> str:
    """The first words in one line, at most 60 characters; empty where there is nothing to show."""
    printable = "".join(char if char.isprintable() else " " for char in text[:2_000])
    words = " ".join(printable.split())
    if len(words) <= _MOST_CHARS:
        return words
    cut = words[: _MOST_CHARS - 1]
    whole_words = cut.rpartition(" ")[0] if words[len(cut)] != " " else cut
    return f"{whole_words or cut}…"
