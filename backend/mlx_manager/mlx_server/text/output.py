"""From a request's tokens to its events: detokenise, look for stop strings, split off the reasoning."""

from collections.abc import Sequence

from mlx_manager.mlx_server.backends.base import DrawnLogprobs
from mlx_manager.mlx_server.domain.events import Delta, ReasoningDelta, TextDelta
from mlx_manager.mlx_server.text.detokenizer import Detokenizer
from mlx_manager.mlx_server.text.logprobs import LogprobTrail
from mlx_manager.mlx_server.text.reasoning import Piece, ReasoningSplitter
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
        self._pushed = 0  # of the answer, calls included
        self._answered = 0
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
            deltas += [self._answer_delta(part) for part in self._calls.finish()]
        # Tokens that never came to be text, as half a character at the end does not.
        answer_start = None if self.stopped else self._answer_start
        if answer_start is not None and (rest := self._trail.take(answer_start, None)):
            deltas.append(TextDelta("", rest, self._choice))
        return deltas

    @property
    def _answer_start(self) -> int | None:
        return 0 if self._reasoning is None else self._reasoning.answer_start

    def _split(self, text: str) -> list[Piece]:
        if not text:
            return []
        if self._reasoning is None:
            return [Piece(text, False)]
        return self._reasoning.push(text)

    def _deltas(self, pieces: list[Piece]) -> list[Delta]:
        deltas: list[Delta] = []
        for piece in pieces:
            if piece.is_reasoning:
                deltas.append(ReasoningDelta(piece.text, self._choice))
            elif self._calls is None:
                deltas.append(self._text_delta(piece.text))
            else:
                deltas += self._split_calls(piece.text, self._calls)
        return deltas

    def _split_calls(self, text: str, calls: CallSplitter) -> list[Delta]:
        """Text and calls; the tokens of a call are listed with no text's logprobs."""
        self._pushed += len(text)
        deltas = [self._answer_delta(part) for part in calls.push(text)]
        if calls.num_calls:
            self._answered = self._pushed - calls.held_chars
            assert self._answer_start is not None
            self._trail.forget(self._answer_start + self._answered)
        return deltas

    def _answer_delta(self, part: str | CallEvent) -> Delta:
        return self._text_delta(part) if isinstance(part, str) else part

    def _text_delta(self, text: str) -> TextDelta:
        self._answered += len(text)
        answer_start = self._answer_start
        assert answer_start is not None, "text of the answer came before its beginning"
        logprobs = self._trail.take(answer_start, answer_start + self._answered)
        return TextDelta(text, logprobs, self._choice)
