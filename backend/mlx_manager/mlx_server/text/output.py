"""From a request's tokens to its events: detokenise, look for stop strings, split off the reasoning."""

from collections.abc import Sequence

from mlx_manager.mlx_server.domain.events import Event, ReasoningDelta, TextDelta
from mlx_manager.mlx_server.text.detokenizer import Detokenizer
from mlx_manager.mlx_server.text.reasoning import Piece, ReasoningSplitter
from mlx_manager.mlx_server.text.stop import StopScanner


class OutputText:
    """One request's text on its way out.

    Args:
        detokenizer: knows the prompt's last tokens, where the text continues the prompt's.
        stops: strings that end the text.
        reasoning: splits reasoning from the answer; None leaves the text whole.

    Attributes:
        stopped: whether a stop string was met; nothing more is to be pushed then.
        reasoning_tokens: tokens that came while the text was reasoning.
    """

    def __init__(
        self,
        detokenizer: Detokenizer,
        stops: Sequence[str],
        reasoning: ReasoningSplitter | None,
    ) -> None:
        self._detokenizer = detokenizer
        self._scanner = StopScanner(stops)
        self._reasoning = reasoning
        self.stopped = False
        self.reasoning_tokens = 0

    def push(self, token_id: int) -> list[Event]:
        """Take a token and return the deltas that are certain."""
        text, self.stopped = self._scanner.push(self._detokenizer.push([token_id]))
        events = self._split(text)
        if self._reasoning is not None and self._reasoning.inside:
            self.reasoning_tokens += 1
        return events

    def finish(self) -> list[Event]:
        """What was held back; call once, at the end."""
        events = self._split(self._scanner.finish())
        if self._reasoning is not None:
            events += [_delta(piece) for piece in self._reasoning.finish()]
        return events

    def _split(self, text: str) -> list[Event]:
        if not text:
            return []
        if self._reasoning is None:
            return [TextDelta(text)]
        return [_delta(piece) for piece in self._reasoning.push(text)]


def _delta(piece: Piece) -> Event:
    return ReasoningDelta(piece.text) if piece.is_reasoning else TextDelta(piece.text)
