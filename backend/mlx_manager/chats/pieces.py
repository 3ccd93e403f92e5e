"""The parts of an answer: as they come, and joined."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class PieceKind(StrEnum):
    """What a piece adds to."""

    CONTENT = "content"
    REASONING = "reasoning"
    TOOL_CALLS = "tool_calls"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer.

    Attributes:
        number: in its message, from 0, without a gap.
        text: what it adds; of tool calls a JSON list of deltas as in OpenAI's chat completions.
    """

    number: int
    kind: PieceKind
    text: str


@dataclass(frozen=True, slots=True)
class Joined:
    """An answer as far as it came."""

    content: str
    reasoning: str
    tool_calls: list[dict[str, Any]] | None


class PendingPieces:
    """What has come and is not stored yet."""

    def __init__(self) -> None:
        self._parts: list[tuple[PieceKind, list[Any]]] = []

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, kind: PieceKind, part: Any) -> None:
        """Take a text, or a delta of a tool call."""
        if not self._parts or self._parts[-1][0] is not kind:
            self._parts.append((kind, []))
        self._parts[-1][1].append(part)

    def take(self, next_number: int) -> list[Piece]:
        """All of it as pieces, which are pending no more."""
        parts, self._parts = self._parts, []
        return [Piece(next_number + at, kind, _text(kind, added)) for at, (kind, added) in enumerate(parts)]


def _text(kind: PieceKind, parts: list[Any]) -> str:
    if kind is PieceKind.TOOL_CALLS:
        return json.dumps(parts, ensure_ascii=False)
    return "".join(parts)


def join(pieces: Iterable[Piece]) -> Joined:
    """An answer's pieces, in their order, as one message."""
    texts: dict[PieceKind, list[str]] = {kind: [] for kind in PieceKind}
    for piece in pieces:
        texts[piece.kind].append(piece.text)
    deltas = [delta for text in texts[PieceKind.TOOL_CALLS] for delta in json.loads(text)]
    return Joined(
        "".join(texts[PieceKind.CONTENT]), "".join(texts[PieceKind.REASONING]), _calls(deltas) or None
    )


def _calls(deltas: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whole calls from their deltas: the first of a call names it, the others add to its arguments."""
    calls: dict[int, dict[str, Any]] = {}
    for delta in deltas:
        call = calls.setdefault(delta["index"], {"id": "", "type": "function"})
        for name in ("id", "type"):
            call[name] = delta.get(name) or call[name]
        for kind, text in (("function", "arguments"), ("custom", "input")):
            if (part := delta.get(kind)) is not None:
                whole = call.setdefault(kind, {"name": "", text: ""})
                whole["name"] = part.get("name") or whole["name"]
                whole[text] += part.get(text) or ""
    return [calls[index] for index in sorted(calls)]
