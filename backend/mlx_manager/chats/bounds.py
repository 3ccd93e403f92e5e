"""How much there may be of each thing, and what text the database can hold."""

import json
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

MAX_CONTENT_BYTES: Final = 512_000
"""Of a message's content, and of an attachment's text, in UTF-8."""
MAX_SYSTEM_PROMPT_BYTES: Final = 128_000
MAX_MESSAGES: Final = 10_000
"""Of a chat, all branches together."""
MAX_SIBLINGS: Final = 100
"""Messages that follow the same one: a view of a message names all of them."""
MAX_FOLDERS: Final = 1_000
MAX_CHATS: Final = 100_000
MAX_UNSENT_ATTACHMENTS: Final = 32
MAX_TITLE_CHARS: Final = 256
MAX_NAME_CHARS: Final = 128
MAX_ANSWERS: Final = 8
"""That are written at once for one user."""
MAX_JSON_BYTES: Final = 256_000
"""Of parameters, tools included."""
_MAX_DEPTH: Final = 64


def check_text(text: str) -> str:
    """Refuse what PostgreSQL's text cannot hold."""
    if "\x00" in text:
        raise ValueError("must not hold the character NUL")
    return text


def check_line(text: str) -> str:
    """Refuse what is no single line of text that can be shown."""
    if text != text.strip() or not text:
        raise ValueError("must not be empty, and must not begin or end with a space")
    if not text.isprintable():
        raise ValueError("must hold printable characters only")
    return text


def _fits(text: str, most_bytes: int) -> str:
    if len(text.encode()) > most_bytes:
        raise ValueError(f"must have at most {most_bytes} bytes in UTF-8")
    return check_text(text)


def _check_content(text: str) -> str:
    return _fits(text, MAX_CONTENT_BYTES)


def _check_system_prompt(text: str) -> str:
    return _fits(text, MAX_SYSTEM_PROMPT_BYTES)


def check_json(value: Any) -> Any:
    """Refuse JSON that cannot be stored: NaN, NUL, lone surrogates; and too much of it, or too deep."""
    if _depth(value) > _MAX_DEPTH:
        raise ValueError(f"must be nested at most {_MAX_DEPTH} deep")
    try:
        encoded = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeError):
        raise ValueError("must be JSON in UTF-8, without NaN and infinity") from None
    if b"\\u0000" in encoded and _holds_nul(value):
        raise ValueError("must not hold the character NUL")
    if len(encoded) > MAX_JSON_BYTES:
        raise ValueError(f"must have at most {MAX_JSON_BYTES} bytes as JSON")
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= _MAX_DEPTH:
        depth += 1
        level = [child for node in level for child in _children(node)]
    return depth


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_holds_nul, value))


Content = Annotated[str, AfterValidator(_check_content)]
SystemPrompt = Annotated[str, AfterValidator(_check_system_prompt)]
Title = Annotated[str, Field(max_length=MAX_TITLE_CHARS), AfterValidator(check_line)]
Name = Annotated[str, Field(max_length=MAX_NAME_CHARS), AfterValidator(check_line)]
ModelName = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(check_text)]
ShortText = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(check_text)]
Id = Annotated[str, Field(max_length=64), AfterValidator(check_text)]
"""An id in a body or a query, whether or not there is such a thing."""
SearchText = Annotated[str, Field(max_length=256), AfterValidator(check_text)]
JsonObject = Annotated[dict[str, Any], AfterValidator(check_json)]
