"""Reasoning for clients that keep it themselves: one field, which they hand back as it is.

It is encoded and not secret: the same text stands in the answer beside it.
"""

import base64
import binascii
from typing import Final

# The next way to write it gets another mark.
_MARK: Final = "mlx1."


def encrypted_content(reasoning: str) -> str:
    """The field for this text."""
    return _MARK + base64.urlsafe_b64encode(reasoning.encode()).decode()


def reasoning_of(content: str) -> str | None:
    """The text again; None where the field is not one of ours."""
    if not content.startswith(_MARK):
        return None
    try:
        return base64.b64decode(content.removeprefix(_MARK), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
