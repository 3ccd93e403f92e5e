"""Reasoning in harmony's channels."""

from mlx_manager.mlx_server.text.reasoning_formats.base import Piece
from mlx_manager.mlx_server.text.reasoning_formats.harmony_messages import (
    Body,
    Closed,
    HarmonyReader,
    Header,
    Kind,
    Opened,
)

CALL_END = "<|call|>"
_BETWEEN_MESSAGES = "\n\n"


def call_opening(name: str) -> str:
    """How a call is handed on to what reads calls, however the model wrote its header."""
    return f"<|channel|>commentary to=functions.{name}<|message|>"


class ChannelSplitter:
    """Splits messages of analysis from all others, whose bodies are the answer.

    Messages of one kind in a row are one text, a blank line between them. A call is handed on within the
    marks of a call; where nothing can be called it is text, because hiding it would hide what the model said.

    Args:
        before: the text that stands before, such as the rendered prompt.
        has_calls: whether something reads calls from the answer.

    Attributes:
        taken: characters pushed so far.
        answer_start: those before the answer's first, or None until that is known.
    """

    def __init__(self, before: str, *, has_calls: bool) -> None:
        self._reader = HarmonyReader(before)
        self._has_calls = has_calls
        header = self._reader.header
        self._kind = None if header is None else self._kind_of(header)
        self._last: Kind | None = None  # of what was given out
        self._gap = ""
        self.answer_start: int | None = None

    @property
    def taken(self) -> int:
        """Characters pushed so far."""
        return self._reader.taken

    @property
    def inside(self) -> bool:
        """Whether the text that comes next is reasoning."""
        return self._kind is Kind.REASONING

    def push(self, text: str) -> list[Piece]:
        """Take text and return the runs that are certain."""
        return self._pieces(self._reader.push(text))

    def finish(self) -> list[Piece]:
        """What was held back at the end."""
        pieces = self._pieces(self._reader.finish())
        if self.answer_start is None and self._kind in (None, Kind.TEXT):
            self.answer_start = self.taken
        return pieces

    def _pieces(self, parts: list[Opened | Body | Closed]) -> list[Piece]:
        pieces: list[Piece] = []
        for part in parts:
            match part:
                case Opened(header=header, start=start):
                    self._kind = self._kind_of(header)
                    self._gap = _BETWEEN_MESSAGES if self._kind is self._last else ""
                    if self._kind is Kind.CALL:
                        self._gap = ""
                        self._give(call_opening(header.called), start, pieces)
                case Body(text=text, start=start):
                    if self._gap:
                        # It stands where the header ends.
                        self._give(self._gap, start - len(self._gap), pieces)
                        self._gap = ""
                    self._give(text, start, pieces)
                case Closed(start=start):
                    if self._kind is Kind.CALL:
                        self._give(CALL_END, start, pieces)
                    self._kind = None
        return pieces

    def _kind_of(self, header: Header) -> Kind:
        kind = header.kind
        return Kind.TEXT if kind is Kind.CALL and not self._has_calls else kind

    def _give(self, text: str, start: int, pieces: list[Piece]) -> None:
        is_reasoning = self._kind is Kind.REASONING
        if not is_reasoning and self.answer_start is None:
            self.answer_start = start
        self._last = self._kind
        pieces.append(Piece(text, is_reasoning, start))
