"""Which drawn tokens are listed with their logprobs, and with which piece of the text."""

from collections import deque
from typing import NamedTuple

from mlx_manager.mlx_server.backends.base import DrawnLogprobs
from mlx_manager.mlx_server.domain.events import TokenAlternative, TokenLogprob
from mlx_manager.mlx_server.text.detokenizer import Vocabulary


class _Waiting(NamedTuple):
    entry: TokenLogprob
    end: int


class LogprobTrail:
    """Holds each token's entry until some of its text is given out.

    Text comes later than its tokens: half a character waits for its other half, and what may be a
    stop string or a tag waits until it is decided. A token is listed with the first of its
    characters; one whose characters all turn out to be no part of the answer is not listed.

    Args:
        vocabulary: of the model's tokenizer.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._waiting: deque[_Waiting] = deque()

    def push(self, token_id: int, drawn: DrawnLogprobs, start: int, end: int, *, first: bool) -> None:
        """Take a token.

        Args:
            start: characters of the generated text that were whole before it.
            end: those that are whole with it.
            first: whether nothing stands before it.
        """
        if self._vocabulary.bytes_of(token_id) == b"":
            return  # a special token is a mark, not text
        token = self._alternative(token_id, drawn.logprob, first=first)
        top = tuple(self._alternative(other, logprob, first=first) for other, logprob in drawn.top)
        # Part of a character has a share in the one that it begins.
        self._waiting.append(_Waiting(TokenLogprob(token, top, start), max(end, start + 1)))

    def take(self, answer_start: int, shown: int | None) -> tuple[TokenLogprob, ...]:
        """The entries that are due; what comes before the answer is dropped.

        Args:
            answer_start: characters of the generated text before the answer's first.
            shown: characters of it up to the end of what has been given out; None takes all.
        """
        due: list[TokenLogprob] = []
        while self._waiting and (shown is None or self._waiting[0].entry.text_offset < shown):
            waiting = self._waiting.popleft()
            if waiting.end > answer_start:
                due.append(waiting.entry)
        return tuple(due)

    def forget(self, before: int) -> None:
        """Drop the entries of what ends there or earlier: it is no part of the answer."""
        while self._waiting and self._waiting[0].end <= before:
            self._waiting.popleft()

    def _alternative(self, token_id: int, logprob: float, *, first: bool) -> TokenAlternative:
        return TokenAlternative(token_id, *self._vocabulary.spelling(token_id, first=first), logprob)
