"""One of a request's choices: its tokens become text, until its end."""

from collections.abc import Sequence

from mlx_manager.mlx_server.backends.base import Broken, Read, Restored, Token, TokenEvent, TokenStream
from mlx_manager.mlx_server.domain.events import (
    ChoiceFinished,
    Delta,
    Failed,
    FinishReason,
    TextDelta,
)
from mlx_manager.mlx_server.text.output import OutputText

ChoiceEvent = Delta | ChoiceFinished | Failed


def failure(broken: Broken) -> Failed:
    """What a job that cannot go on is to the request."""
    return Failed(broken.code, broken.message, broken.by_client)


class Choice:
    """A sequence of a request's prompt.

    Args:
        index: number of the choice, which its events name.
        echo: text that stands before the answer; empty where the prompt is not repeated.

    Attributes:
        prompt_index: which of the request's prompts it answers.
        restored: what the prefix cache held of the prompt.
        read_tokens: tokens of the prompt that have been read, or came from the prefix cache.
        drawn_tokens: tokens of the answer.
        finish: why it ended; None while it goes on.
    """

    def __init__(
        self, index: int, prompt_index: int, stream: TokenStream, output: OutputText, echo: str = ""
    ) -> None:
        self._index = index
        self._output = output
        self._echo = echo
        self.prompt_index = prompt_index
        self.stream = stream
        self.restored: Restored | None = None
        self.read_tokens = 0
        self.drawn_tokens = 0
        self.finish: FinishReason | None = None

    @property
    def reasoning_tokens(self) -> int:
        """Those of the drawn tokens that came while the text was reasoning."""
        return self._output.reasoning_tokens

    def translate(self, arrived: Sequence[TokenEvent]) -> list[ChoiceEvent]:
        """What the tokens come to; nothing counts after its end."""
        events: list[ChoiceEvent] = []
        for item in arrived:
            match item:
                case Restored():
                    self.restored, self.read_tokens = item, item.cached_tokens
                case Read(done_tokens=done):
                    self.read_tokens = done
                case Broken():
                    events.append(failure(item))
                    break
                case Token():
                    events += self._take(item)
                    if self.finish is not None:
                        break
        return events

    def _take(self, token: Token) -> list[ChoiceEvent]:
        events: list[ChoiceEvent] = []
        if self._echo and not self.drawn_tokens:
            events.append(TextDelta(self._echo, choice=self._index))
        self.drawn_tokens += 1
        if not token.is_mark:
            events += self._output.push(token.token_id, token.logprobs)
        if not self._output.stopped and token.finish is None:
            return events
        if self._output.stopped:
            self.stream.cancel()  # other choices may go on for long
        events += self._output.finish()
        self.finish = self._reason(token.finish)
        return [*events, ChoiceFinished(self.finish, self._output.stop_sequence, self._index)]

    def _reason(self, finish: FinishReason | None) -> FinishReason:
        """Why it ended. A call that was cut off is one that the model did not come to make."""
        if finish is FinishReason.LENGTH and not self._output.stopped:
            return FinishReason.LENGTH
        has_called = self._output.num_calls and self._output.stop_sequence is None
        return FinishReason.TOOL_CALLS if has_called else FinishReason.STOP
