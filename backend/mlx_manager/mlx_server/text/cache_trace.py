"""What is kept of a request, so that somebody may ask later where its prompt left the prefix cache.

Nothing is worked out before that. What it takes is two counts and the ends of the last messages, which the
engine got anyway. Where they cannot tell the message, because the prompt differs far from its end, the
conversation is kept, and rendered again when somebody asks.
"""

from collections.abc import Iterable
from sys import getsizeof
from typing import Final

import msgspec

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.backends.base import Restored
from mlx_manager.mlx_server.domain.events import CacheReport
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.domain.request import ChatPrompt, Prompt
from mlx_manager.mlx_server.text.boundaries import LAST_MESSAGES
from mlx_manager.mlx_server.text.cache_report import cache_facts
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer

KEPT_BYTES: Final = 32 * 2**20
# An object of each message and its fields, beside its text.
_MESSAGE_BYTES: Final = 256
# Schemas are nested dictionaries of short strings.
_SCHEMA_FACTOR: Final = 6


class KeptConversations:
    """Conversations that are kept to be rendered again: so many bytes at most, and the oldest go first."""

    def __init__(self, limit_bytes: int = KEPT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._kept: dict[CacheTrace, int] = {}
        self.num_bytes = 0

    def keep(self, trace: "CacheTrace", num_bytes: int) -> None:
        """Keep this one's, if need be at the cost of others."""
        self._kept[trace] = num_bytes
        self.num_bytes += num_bytes
        while self.num_bytes > self._limit_bytes:
            oldest = next(iter(self._kept))
            self.let_go(oldest)
            oldest.drop()

    def let_go(self, trace: "CacheTrace") -> None:
        """This one's is not needed any more."""
        self.num_bytes -= self._kept.pop(trace, 0)


class CacheTrace:
    """Where a request's first prompt left the prefix cache, or what tells that.

    Args:
        source: the prompt as it was asked.
        prompt: the same in tokens.
        has_all: whether the ends of all its messages are known.

    Attributes:
        model: which rendered it.
        restored: what the engine said of it; None before that.
        report: with the texts around the difference; None unless the request asked for them.
        why_unknown: why the message cannot be told; empty where it can, or has not been looked for.
    """

    def __init__(
        self,
        model: ModelDescription,
        source: Prompt,
        prompt: EncodedPrompt,
        kept: KeptConversations,
        *,
        has_all: bool,
    ) -> None:
        self.model = model
        self.restored: Restored | None = None
        self.report: CacheReport | None = None
        self.why_unknown = ""
        self._num_tokens = len(prompt.token_ids)
        self._boundaries = prompt.boundaries
        self._source = source if isinstance(source, ChatPrompt) and not has_all else None
        self._kept = kept

    @property
    def needs_tokenizer(self) -> bool:
        """Whether the conversation must be rendered again to tell the message."""
        return self._source is not None

    def note(self, restored: Restored) -> None:
        """The engine has looked for the prompt."""
        self.restored = restored
        if self._source is None:
            return
        if self._tells_message(self._source, restored.matched_tokens):
            self._source = None
        else:
            self._kept.keep(self, _size(self._source))

    def drop(self) -> None:
        """Its conversation is kept no longer."""
        if self._source is not None:
            self._source = None
            self.why_unknown = "the conversation was too long, or too long ago, to be kept"

    def close(self) -> None:
        """Its conversation is not needed any more."""
        self._kept.let_go(self)
        self._source = None

    def find_message(self, tokenizer: Tokenizer) -> None:
        """Render the conversation again to learn where its messages end; to be closed then. May take long."""
        if (source := self._source) is None:
            return
        try:
            again = tokenizer.encode(source, all_boundaries=True)
        except ApiError as error:
            self.why_unknown = error.message
        else:
            if len(again.token_ids) == self._num_tokens:
                self._boundaries, self.why_unknown = again.boundaries, ""
            else:  # such as a template that writes the time
                self.why_unknown = "the conversation is rendered otherwise by now"

    def explain(self) -> CacheReport | None:
        """What is known; its texts are empty unless the request asked. None before the engine has begun."""
        if self.report is not None or self.restored is None:
            return self.report
        known = () if self.why_unknown else self._boundaries
        return cache_facts(self._num_tokens, known, self.restored)

    def _tells_message(self, source: ChatPrompt, matched: int) -> bool:
        """Whether the message of the first differing token lies between two neighbours' ends."""
        if matched >= self._num_tokens or len(source.messages) <= LAST_MESSAGES:
            return True
        if any(message.cache_marks for message in source.messages):
            return False  # some boundaries are no ends
        before = max((end.message_index for end in self._boundaries if end.position <= matched), default=-1)
        after = min((end.message_index for end in self._boundaries if end.position > matched), default=None)
        last = len(source.messages) - 1
        return before == last if after is None else after - before == 1


def _size(prompt: ChatPrompt) -> int:
    """Roughly what a conversation takes in memory."""
    texts: list[str] = []
    for message in prompt.messages:
        texts += [message.content, message.reasoning]
        texts += [call.arguments for call in message.tool_calls]
    schemas = [(tool.description, tool.parameters) for tool in prompt.tools]
    stated = (schemas, prompt.template_kwargs, [hint.variables for hint in prompt.hints])
    num_messages = len(prompt.messages)
    return _sum(texts) + num_messages * _MESSAGE_BYTES + _SCHEMA_FACTOR * len(msgspec.json.encode(stated))


def _sum(texts: Iterable[str]) -> int:
    return sum(map(getsizeof, texts))
