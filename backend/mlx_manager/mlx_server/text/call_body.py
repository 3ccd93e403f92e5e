"""One call in JSON as it comes: its name as soon as it is whole, then its arguments piece by piece."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

_HEAD: Final = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*(?=\{)')


@dataclass(frozen=True, slots=True)
class CallName:
    """The call's name."""

    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """The next piece of its arguments, as the model wrote them."""

    text: str


CallPiece = CallName | CallArguments


class CallBody:
    """Takes the text between the tags of a call.

    Where name and arguments come in that order, which is how templates show it, pieces are given out as
    they come; else all at once, at the closing tag.

    Args:
        closing: the tag that ends the call; it may stand in a string of the arguments without ending it.

    Attributes:
        rest: the text after the closing tag, once that has come; None before.
        is_malformed: whether what stood between the tags is no call at all.
    """

    def __init__(self, closing: str) -> None:
        self._closing = closing
        self._held = ""
        self._all = ""
        self._named = False
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._complete = False
        self.rest: str | None = None
        self.is_malformed = False

    @property
    def text(self) -> str:
        """All that came between the tags."""
        return self._all

    @property
    def is_named(self) -> bool:
        """Whether the name has been given out."""
        return self._named

    def push(self, text: str) -> list[CallPiece]:
        """Take text and return what is certain."""
        self._held += text
        pieces: list[CallPiece] = []
        if not self._named and (head := _HEAD.match(self._held)) is not None:
            pieces.append(CallName(_text(head[1])))
            self._named = True
            self._held = self._held[head.end() :]
        if self._named and not self._complete:
            pieces += self._scan()
        if (not self._named or self._complete) and self._closing in self._held:
            pieces += self._close()
        return pieces

    def _scan(self) -> list[CallPiece]:
        """The arguments' object up to its end; nothing of what follows."""
        end = 0
        for character in self._held:
            if not self._in_string and character == "<":
                break  # JSON has this in strings only: the object was never closed
            end += 1
            self._step(character)
            if self._complete:
                break
        piece, self._held = self._held[:end], self._held[end:]
        if self._held.startswith(self._closing):
            self._complete = True
        return [CallArguments(piece)] if piece else []

    def _step(self, character: str) -> None:
        if self._in_string:
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = True
            elif character == '"':
                self._in_string = False
        elif character == '"':
            self._in_string = True
        elif character in "{[":
            self._depth += 1
        elif character in "}]":
            self._depth -= 1
            self._complete = self._depth <= 0

    def _close(self) -> list[CallPiece]:
        body, _, self.rest = self._held.partition(self._closing)
        if self._named:
            return []
        self._all = body
        try:
            call = json.loads(body)
            name, arguments = call["name"], call.get("arguments", {})
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            self.is_malformed = True
            return []
        if not isinstance(name, str):
            self.is_malformed = True
            return []
        self._named = True
        return [CallName(name), CallArguments(_arguments(arguments))]


def _text(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted[1:-1]


def _arguments(value: Any) -> str:
    """Some models write the object as a string of JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
