"""What the streams of OpenAI's two older dialects have in common."""

from abc import ABC, abstractmethod

from mlx_manager.mlx_server.domain.events import (
    ChoiceFinished,
    Delta,
    Event,
    Failed,
    Finished,
    PrefillProgress,
)
from mlx_manager.mlx_server.protocols.openai.errors import encode_error
from mlx_manager.mlx_server.protocols.sse import COMMENT_PING, data


class ChunkRenderer(ABC):
    """Renders one answer as chunks: deltas, each choice's end, usage where it was asked for, `[DONE]`.

    A choice's end waits until it is known whether it is the last: what is told of the whole request stands
    in the last one.
    """

    ping = COMMENT_PING

    def __init__(self, *, include_usage: bool) -> None:
        self._include_usage = include_usage
        self._held: ChoiceFinished | None = None

    def render(self, event: Event) -> bytes:
        """An event's part of a stream, `[DONE]` included; an error is the last where there is one."""
        match event:
            case PrefillProgress():
                return b""
            case ChoiceFinished():
                before, self._held = self._flush(), event
                return before
            case Finished():
                assert self._held is not None
                usage = data(self._usage(event)) if self._include_usage else b""
                return data(self._finish(self._held, event)) + usage + data(b"[DONE]")
            case Failed(code=code, message=message):
                return self._flush() + data(encode_error(code, message))
            case _:
                chunk = self._delta(event)
                return self._flush() + (data(chunk) if chunk else b"")

    def _flush(self) -> bytes:
        held, self._held = self._held, None
        return b"" if held is None else data(self._finish(held, None))

    @abstractmethod
    def _delta(self, event: Delta) -> bytes:
        """A chunk as JSON; empty where the dialect has no word for the event."""

    @abstractmethod
    def _finish(self, end: ChoiceFinished, whole: Finished | None) -> bytes:
        """The chunk of a choice's end; `whole` is there for the last choice."""

    @abstractmethod
    def _usage(self, end: Finished) -> bytes:
        """The chunk of the usage."""
