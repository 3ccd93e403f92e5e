"""What the dialects have in common about tools."""

from typing import Final

MAX_TOOL_NAME_CHARS: Final = 256
