"""The output of a response: deltas become items, one after the other, and the events that tell of them."""

from collections.abc import Mapping

from mlx_manager.mlx_server.domain.events import Delta, ReasoningDelta, TextDelta, ToolCallStarted
from mlx_manager.mlx_server.protocols.openai_responses.events import ItemAdded, ItemDone, StreamEvent
from mlx_manager.mlx_server.protocols.openai_responses.objects import OutputItem
from mlx_manager.mlx_server.protocols.openai_responses.open_items import (
    IN_PROGRESS,
    OpenCall,
    OpenCustomCall,
    OpenItem,
    OpenMessage,
    OpenReasoning,
)
from mlx_manager.mlx_server.protocols.openai_responses.tools import CalledName

COMPLETED = "completed"


class Output:
    """The items so far; at most one of them is open.

    Args:
        names: what the client calls the functions, by the name that the model knows.
        encrypts_reasoning: whether the reasoning is also given in the field that clients keep.
    """

    def __init__(self, names: Mapping[str, CalledName], *, encrypts_reasoning: bool = False) -> None:
        self._names = names
        self._encrypts = encrypts_reasoning
        self._done: list[OutputItem] = []
        self._open: OpenItem | None = None

    def push(self, delta: Delta) -> list[StreamEvent]:
        """Take the next delta; the events that it makes."""
        events: list[StreamEvent] = []
        if self._open is None or not self._open.takes(delta):
            events += self.close(COMPLETED)
            self._open = self._opened(delta)
            events.append(ItemAdded(output_index=self._open.index, item=self._open.blank()))
            events += self._open.opening()
        if not isinstance(delta, ToolCallStarted):
            events += self._open.push(delta)
        return events

    def close(self, status: str) -> list[StreamEvent]:
        """End the item that is open, if one is."""
        closed, self._open = self._open, None
        if closed is None:
            return []
        events = closed.closing()  # first, as it adds what the item held back
        item = closed.item(status)
        self._done.append(item)
        return [*events, ItemDone(output_index=closed.index, item=item)]

    def items(self) -> list[OutputItem]:
        """All of them as they are by now."""
        return [*self._done, *([] if self._open is None else [self._open.item(IN_PROGRESS)])]

    def _opened(self, delta: Delta) -> OpenItem:
        index = len(self._done)
        match delta:
            case TextDelta():
                return OpenMessage(index)
            case ReasoningDelta():
                return OpenReasoning(index, encrypts=self._encrypts)
            case ToolCallStarted(name=name):
                called = self._names.get(name, CalledName(name))
                return (OpenCustomCall if called.takes_text else OpenCall)(index, delta, called)
        raise AssertionError("arguments came without their call")
