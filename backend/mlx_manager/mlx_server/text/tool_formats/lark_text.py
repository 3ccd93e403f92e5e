"""Texts as Lark writes them."""

import json
import re


def quoted(text: str) -> str:
    """A text as Lark's string; nothing that is empty."""
    return json.dumps(text, ensure_ascii=False) if text else ""


def slashed(pattern: str) -> str:
    """A regular expression as it stands between Lark's slashes."""
    return re.sub(r"(\\.)|/", lambda match: match[1] or "\\/", pattern, flags=re.S)
