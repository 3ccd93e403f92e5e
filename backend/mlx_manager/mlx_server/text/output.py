"""From a request's tokens to its events: detokenise, look for stop strings, split off the reasoning."""

from collections.abc import Sequence

from mlx_manager.mlx_server.backends.base import DrawnLogprobs
from mlx_manager.mlx_server.domain.events import Delta, ReasoningDelta, TextDelta
from mlx_manager.mlx_server.text.detokenizer import Detokenizer
from mlx_manager.mlx_server.text.logprobs import LogprobTrail
from mlx_manager.mlx_server.text.reasoning_formats.base import Piece, ReasoningSplitter
from mlx_manager.mlx_server.text.stop import StopScanner
from mlx_manager.mlx_server.text.tool_formats.base import CallEvent, CallSplitter


class OutputText:
    """One choice's text on its way out.

    Args:
        detokenizer: knows the prompt's last tokens, where the text continues the prompt's.
        stops: strings that end the text.
        reasoning: splits reasoning from the answer; None leaves the text whole.
        calls: splits calls from the answer; None where nothing can be called.
        choice: the choice that its deltas name.

    Attributes:
        stop_sequence: the stop string that was met, if one was; nothing more is to be pushed then.
        reasoning_tokens: tokens that came while the text was reasoning.
    """

    def __init__(
        self,
        detokenizer: Detokenizer,
        stops: Sequence[str],
        reasoning: ReasoningSplitter | None,
        calls: CallSplitter | None = None,
        choice: int = 0,
    ) -> None:
        self._detokenizer = detokenizer
        self._scanner = StopScanner(stops)
        self._reasoning = reasoning
        self._calls = calls
        self._trail = LogprobTrail(detokenizer.vocabulary)
        self._detokenized = 0
        self._pushed = 0  # characters of the answer, calls included
        self._answered = 0  # those that have been given out, or were a call's
        # Where runs of the answer begin, in it and in the generated text: other text stands between them.
        self._runs: list[tuple[int, int]] = []
        self._choice = choice
        self.stop_sequence: str | None = None
        self.reasoning_tokens = 0

    @property
    def stopped(self) -> bool:
        """Whether the text is over, whatever tokens may come."""
        return self.stop_sequence is not None or (self._calls is not None and self._calls.is_over)

    @property
    def num_calls(self) -> int:
        """Calls that were told of."""
        return 0 if self._calls is None else self._calls.num_calls

    def push(self, token_id: int, logprobs: DrawnLogprobs | None = None) -> list[Delta]:
        """Take a token and return the deltas that are certain."""
        first = self._detokenizer.at_start
        text = self._detokenizer.push([token_id])
        start = self._detokenized
        self._detokenized += len(text)
        if logprobs is not None:
            self._trail.push(token_id, logprobs, start, self._detokenized, first=first)
        text, self.stop_sequence = self._scanner.push(text)
        deltas = self._deltas(self._split(text))
        if self._reasoning is not None and self._reasoning.inside:
            self.reasoning_tokens += 1
            self._trail.forget(self._reasoning.taken)
        return deltas

    def finish(self) -> list[Delta]:
        """What was held back; call once, at the end."""
        pieces = self._split(self._scanner.finish())
        if self._reasoning is not None:
            pieces += self._reasoning.finish()
        deltas = self._deltas(pieces)
        if self._calls is not None:
            deltas += self._call_deltas(self._calls.finish(), self._calls)
            if self._is_answering:
                self._leave_out(self._pushed)
        # Tokens that never came to be text, as half a character at the end does not.
        if not self.stopped and self._is_answering and (rest := self._trail.take(self._answer_end(), None)):
            deltas.append(TextDelta("", rest, self._choice))
        return deltas

    @property
    def _is_answering(self) -> bool:
        reasoning = self._reasoning
        return reasoning is None or (reasoning.answer_start is not None and not reasoning.inside)

    def _split(self, text: str) -> list[Piece]:
        if not text:
            return []
        if self._reasoning is None:
            return [Piece(text, False, self._pushed)]
        return self._reasoning.push(text)

    def _deltas(self, pieces: list[Piece]) -> list[Delta]:
        deltas: list[Delta] = []
        for piece in pieces:
            if piece.is_reasoning:
                deltas.append(ReasoningDelta(piece.text, self._choice))
                continue
            self._place(piece)
            if self._calls is None:
                deltas.append(self._text_delta(piece.text))
            else:
                deltas += self._call_deltas(self._calls.push(piece.text), self._calls)
        return deltas

    def _place(self, piece: Piece) -> None:
        """Remember where a piece of the answer stands in the generated text."""
        begun, start = self._runs[-1] if self._runs else (-1, -1)
        if start < 0 or start + self._pushed - begun != piece.start:
            self._runs.append((self._pushed, piece.start))
        self._pushed += len(piece.text)

    def _answer_end(self) -> int:
        """Where in the generated text that ends which has been given out of the answer."""
        return self._position(max(self._answered - 1, 0)) + min(self._answered, 1)

    def _position(self, offset: int) -> int:
        """Where in the generated text a character of the answer stands."""
        for begun, start in reversed(self._runs):
            if begun <= offset:
                return start + offset - begun
        return 0 if self._reasoning is None else self._reasoning.answer_start or 0

    def _call_deltas(self, parts: Sequence[str | CallEvent], calls: CallSplitter) -> list[Delta]:
        """Text and calls; the tokens of a call are listed with no text's logprobs."""
        deltas: list[Delta] = []
        for part in parts:
            if not isinstance(part, str):
                deltas.append(part)
                continue
            if calls.num_calls and part is parts[-1]:
                # White space after a call is nobody's: the text that is new is the newest.
                self._leave_out(self._pushed - calls.held_chars - len(part))
            deltas.append(self._text_delta(part))
        if calls.num_calls:
            self._leave_out(self._pushed - calls.held_chars)
        return deltas

    def _leave_out(self, answered: int) -> None:
        """So many of the answer's characters have been told, or never will be."""
        self._answered = answered
        self._trail.forget(self._answer_end())

    def _text_delta(self, text: str) -> TextDelta:
        start = self._position(self._answered)
        self._answered += len(text)
        return TextDelta(text, self._trail.take(start, self._answer_end()), self._choice)
