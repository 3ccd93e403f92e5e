"""Texts as Lark writes them."""

import json


def quoted(text: str) -> str:
    """A text as Lark's string; nothing that is empty."""
    return json.dumps(text, ensure_ascii=False) if text else ""
