"""Output items while they are being written: each tells its events and its present form."""

from abc import ABC, abstractmethod

from msgspec import UNSET

from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
)
from mlx_manager.mlx_server.protocols.openai_chat.logprobs import ContentLogprob, logprobs_body
from mlx_manager.mlx_server.protocols.openai_responses.encrypted import encrypted_content
from mlx_manager.mlx_server.protocols.openai_responses.events import (
    ArgumentsDelta,
    ArgumentsDone,
    InputDelta,
    InputDone,
    OutputTextDelta,
    OutputTextDone,
    PartAdded,
    PartDone,
    ReasoningTextDelta,
    ReasoningTextDone,
    StreamEvent,
)
from mlx_manager.mlx_server.protocols.openai_responses.objects import (
    CustomToolCallItem,
    FunctionCallItem,
    MessageItem,
    OutputItem,
    OutputText,
    ReasoningItem,
    ReasoningText,
)
from mlx_manager.mlx_server.protocols.openai_responses.tools import CalledName
from mlx_manager.mlx_server.protocols.text_input import InputDecoder

IN_PROGRESS = "in_progress"


class OpenItem(ABC):
    """An item that is being written.

    Args:
        index: its position in the output.
    """

    def __init__(self, prefix: str, index: int) -> None:
        self.item_id = new_id(prefix)
        self.index = index

    @abstractmethod
    def takes(self, delta: Delta) -> bool:
        """Whether the delta goes on with this item."""

    @abstractmethod
    def blank(self) -> OutputItem:
        """The item as it begins."""

    @abstractmethod
    def item(self, status: str) -> OutputItem:
        """The item as it is by now."""

    def opening(self) -> list[StreamEvent]:
        """What follows the item's first event."""
        return []

    @abstractmethod
    def push(self, delta: Delta) -> list[StreamEvent]:
        """Take a delta that is this item's."""

    @abstractmethod
    def closing(self) -> list[StreamEvent]:
        """What comes before the item's last event."""


class OpenMessage(OpenItem):
    """The assistant's text."""

    def __init__(self, index: int) -> None:
        super().__init__("msg", index)
        self._text: list[str] = []
        self._logprobs: list[ContentLogprob] = []

    def takes(self, delta: Delta) -> bool:
        return isinstance(delta, TextDelta)

    def blank(self) -> MessageItem:
        return MessageItem(self.item_id, IN_PROGRESS, [])

    def item(self, status: str) -> MessageItem:
        return MessageItem(self.item_id, status, [self._part()])

    def opening(self) -> list[StreamEvent]:
        return [PartAdded(item_id=self.item_id, output_index=self.index, part=OutputText(""))]

    def push(self, delta: Delta) -> list[StreamEvent]:
        assert isinstance(delta, TextDelta)
        logprobs = logprobs_body(delta.logprobs).content
        self._text.append(delta.text)
        self._logprobs += logprobs
        return [
            OutputTextDelta(
                item_id=self.item_id, output_index=self.index, delta=delta.text, logprobs=logprobs
            )
        ]

    def closing(self) -> list[StreamEvent]:
        part = self._part()
        item_id, index = self.item_id, self.index
        return [
            OutputTextDone(item_id=item_id, output_index=index, text=part.text, logprobs=part.logprobs),
            PartDone(item_id=item_id, output_index=index, part=part),
        ]

    def _part(self) -> OutputText:
        return OutputText("".join(self._text), logprobs=list(self._logprobs))


class OpenReasoning(OpenItem):
    """What the model thinks.

    Args:
        encrypts: whether the client keeps it in one field of ours.
    """

    def __init__(self, index: int, *, encrypts: bool) -> None:
        super().__init__("rs", index)
        self._text: list[str] = []
        self._encrypts = encrypts

    def takes(self, delta: Delta) -> bool:
        return isinstance(delta, ReasoningDelta)

    def blank(self) -> ReasoningItem:
        return ReasoningItem(self.item_id, IN_PROGRESS, [])

    def item(self, status: str) -> ReasoningItem:
        part = self._part()
        encrypted = encrypted_content(part.text) if self._encrypts and status != IN_PROGRESS else UNSET
        return ReasoningItem(self.item_id, status, [part], encrypted)

    def opening(self) -> list[StreamEvent]:
        return [PartAdded(item_id=self.item_id, output_index=self.index, part=ReasoningText(""))]

    def push(self, delta: Delta) -> list[StreamEvent]:
        assert isinstance(delta, ReasoningDelta)
        self._text.append(delta.text)
        return [ReasoningTextDelta(item_id=self.item_id, output_index=self.index, delta=delta.text)]

    def closing(self) -> list[StreamEvent]:
        part = self._part()
        item_id, index = self.item_id, self.index
        return [
            ReasoningTextDone(item_id=item_id, output_index=index, text=part.text),
            PartDone(item_id=item_id, output_index=index, part=part),
        ]

    def _part(self) -> ReasoningText:
        return ReasoningText("".join(self._text))


class OpenCall(OpenItem):
    """A call of a function.

    Args:
        called: what the client calls the function.
    """

    def __init__(self, index: int, started: ToolCallStarted, called: CalledName) -> None:
        super().__init__("fc", index)
        self._call_id = started.call_id
        self._called = called
        self._arguments: list[str] = []

    def takes(self, delta: Delta) -> bool:
        return isinstance(delta, ToolCallDelta)

    def blank(self) -> FunctionCallItem:
        return self._item(IN_PROGRESS, "")

    def item(self, status: str) -> FunctionCallItem:
        return self._item(status, "".join(self._arguments))

    def push(self, delta: Delta) -> list[StreamEvent]:
        assert isinstance(delta, ToolCallDelta)
        self._arguments.append(delta.arguments)
        return [ArgumentsDelta(item_id=self.item_id, output_index=self.index, delta=delta.arguments)]

    def closing(self) -> list[StreamEvent]:
        return [
            ArgumentsDone(
                item_id=self.item_id,
                output_index=self.index,
                name=self._called.name,
                arguments="".join(self._arguments),
            )
        ]

    def _item(self, status: str, arguments: str) -> FunctionCallItem:
        namespace = UNSET if self._called.namespace is None else self._called.namespace
        return FunctionCallItem(self.item_id, status, self._call_id, self._called.name, arguments, namespace)


class OpenCustomCall(OpenItem):
    """A call of a tool that is given text.

    Args:
        called: what the client calls the tool.
    """

    def __init__(self, index: int, started: ToolCallStarted, called: CalledName) -> None:
        super().__init__("ctc", index)
        self._call_id = started.call_id
        self._called = called
        self._reader = InputDecoder()
        self._input: list[str] = []

    def takes(self, delta: Delta) -> bool:
        return isinstance(delta, ToolCallDelta)

    def blank(self) -> CustomToolCallItem:
        return self._item(IN_PROGRESS, "")

    def item(self, status: str) -> CustomToolCallItem:
        return self._item(status, "".join(self._input))

    def push(self, delta: Delta) -> list[StreamEvent]:
        assert isinstance(delta, ToolCallDelta)
        return self._add(self._reader.push(delta.arguments))

    def closing(self) -> list[StreamEvent]:
        held = self._add(self._reader.finish())
        whole = "".join(self._input)
        return [*held, InputDone(item_id=self.item_id, output_index=self.index, input=whole)]

    def _add(self, text: str) -> list[StreamEvent]:
        if not text:
            return []
        self._input.append(text)
        return [InputDelta(item_id=self.item_id, output_index=self.index, delta=text)]

    def _item(self, status: str, text: str) -> CustomToolCallItem:
        namespace = UNSET if self._called.namespace is None else self._called.namespace
        return CustomToolCallItem(self.item_id, status, self._call_id, self._called.name, text, namespace)
