"""User names: what is allowed, and when two are the same."""

import re
import unicodedata
from typing import Final

MAX_CHARS: Final = 64
_ALLOWED = re.compile(r"[\w][\w.@+ -]*", re.UNICODE)


def fold(name: str) -> str:
    """What makes a name unique: case and the way in which Unicode spells it do not count."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def fault_of(name: str) -> str | None:
    """Why a name is not allowed, or None."""
    if not 1 <= len(name) <= MAX_CHARS:
        return f"a name has 1 to {MAX_CHARS} characters"
    if not _ALLOWED.fullmatch(name) or name != name.strip():
        return "a name begins with a letter or digit and holds letters, digits, spaces and . _ @ + - only"
    return None
