"""Secrets in text that is about to be written somewhere."""

import re
from typing import Final

from mlx_manager.core.security.api_keys import PREFIX

MASK: Final = "***"

# Each pattern takes time in proportion to the text: callers choose much of what is logged.
_PATTERNS: Final = (
    # Our keys; their hints, which end after four signs, stay.
    (re.compile(rf"{PREFIX}[\w-]{{5,}}", re.ASCII), f"{PREFIX}{MASK}"),
    # Those of others: OpenAI's, Anthropic's, Hugging Face's.
    (re.compile(r"(?<![\w-])(sk-(?!mlx-)|hf_)[\w-]{16,}", re.ASCII), rf"\g<1>{MASK}"),
    (re.compile(r"(?i)\b(bearer(?:[ \t]|%20|\+)+)[\w.~+/=%-]+", re.ASCII), rf"\g<1>{MASK}"),
    # A JWT: its header begins with {" and so with eyJ.
    (re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*", re.ASCII), MASK),
    (re.compile(r"(?i)(x-api-key['\"]?\s{0,4}[:=,]\s{0,4}b?['\"]?)[^\s'\",]+"), rf"\g<1>{MASK}"),
    # A password in a URL.
    (re.compile(r"(://[^\s:/@]*:)[^\s/@]+@"), rf"\g<1>{MASK}@"),
)


def mask_secrets(text: str) -> str:
    """The text with every API key, bearer token, JWT and URL's password in it replaced by `***`."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
