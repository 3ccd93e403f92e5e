"""Tokens to text as they come, never splitting a character."""

from collections.abc import Callable, Sequence
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
# A character has at most three bytes before its last, and a decoder shows each as one U+FFFD at most.
_MAX_PARTIAL: Final = 3
_MAX_WINDOW_TOKENS: Final = 16


class Detokenizer:
    """Decodes a growing window of tokens and gives out only what later tokens cannot change.

    A token's text depends on the ones before it (spaces, split characters), so each decode starts
    a little before the new tokens. A trailing U+FFFD may be the beginning of a character and is
    held back; one that is followed by more text is the model's own and is delivered.

    Args:
        decode: text of a run of token ids, with U+FFFD for broken UTF-8.
        context_ids: tokens that stand before the first one; some tokenizers drop the space of a
            token that stands at the very beginning.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str], context_ids: Sequence[int] = ()) -> None:
        self._decode = decode
        self._ids: list[int] = list(context_ids)
        self._prefix_end = len(self._ids)  # tokens whose text has been delivered and which give context
        self._given = 0  # characters delivered of the text after the prefix

    def push(self, token_ids: Sequence[int]) -> str:
        """Take tokens and return the text that is now certain; often empty."""
        self._ids.extend(token_ids)
        text = self._new_text()
        certain = len(text) - _partial_length(text)
        if len(self._ids) - self._prefix_end > _MAX_WINDOW_TOKENS:
            certain = len(text)  # no character is that long: the model wrote U+FFFD itself
        delta = text[self._given : certain]
        if certain == len(text):
            # Everything is out: the new tokens become the context, and the old context can go.
            self._ids = self._ids[self._prefix_end :]
            self._prefix_end, self._given = len(self._ids), 0
        else:
            self._given = max(self._given, certain)
        return delta

    def finish(self) -> str:
        """The rest, without the beginning of a character that never came."""
        text = self._new_text()
        return text[self._given : len(text) - _partial_length(text)]

    def _new_text(self) -> str:
        # A prompt given as token ids may end inside a character, which then belongs to the new text.
        prefix = self._decode(self._ids[: self._prefix_end]).rstrip(REPLACEMENT)
        return self._decode(self._ids)[len(prefix) :]


def _partial_length(text: str) -> int:
    """How many trailing U+FFFD may still turn into a character."""
    trailing = len(text) - len(text.rstrip(REPLACEMENT))
    return min(trailing, _MAX_PARTIAL)
