"""A model's card: a README.md with YAML between two lines of dashes at its head."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # it ships no types

MAX_CARD_BYTES: Final = 256 * 1024
_FRONT: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
# A front matter is a few lines; more is not worth what reading YAML may cost.
_MAX_FRONT_CHARS: Final = 32_768
_MAX_DEPTH: Final = 16


@dataclass(frozen=True, slots=True)
class Card:
    """A card, parted.

    Attributes:
        text: Markdown without the front matter, not to be trusted: it may hold HTML.
        data: the front matter; empty where there is none or it cannot be read.
        is_cut: whether the card is longer than what was read.
    """

    text: str
    data: dict[str, Any]
    is_cut: bool


def card_of(content: bytes) -> Card:
    """The card of a README.md, of which no more than `MAX_CARD_BYTES` + 1 need be given."""
    is_cut = len(content) > MAX_CARD_BYTES
    text = content[:MAX_CARD_BYTES].decode("utf-8", errors="ignore" if is_cut else "replace")
    if (front := _FRONT.match(text)) is None:
        return Card(text, {}, is_cut)
    return Card(text[front.end() :], _parse(front[1]), is_cut)


def _parse(front: str) -> dict[str, Any]:
    if len(front) > _MAX_FRONT_CHARS:
        return {}
    try:
        if not _is_plain(front):
            return {}
        # What JSON cannot say does not go on the wire; dates go as text.
        parsed = json.loads(json.dumps(yaml.safe_load(front), allow_nan=False, default=str))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _is_plain(front: str) -> bool:
    """Whether it is shallow and without aliases: few lines of either can cost minutes, or all memory."""
    depth = 0
    for event in yaml.parse(front, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH or isinstance(event, yaml.AliasEvent):
            return False
    return True
