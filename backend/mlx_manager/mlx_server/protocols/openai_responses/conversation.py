"""Items to turns: an assistant's message, its reasoning and its calls are one."""

from dataclasses import dataclass, field

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage
from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.protocols.fields import WireModel, ignored_paths
from mlx_manager.mlx_server.protocols.openai_responses.encrypted import reasoning_of
from mlx_manager.mlx_server.protocols.openai_responses.items import (
    SERVER_ITEMS,
    AdditionalTools,
    CallOutput,
    CustomToolCall,
    FunctionCall,
    Message,
    RawItem,
    Reasoning,
    kind_of,
    parts_of,
    read,
    text_of,
)
from mlx_manager.mlx_server.protocols.openai_responses.tools import OfferedTools, offered_name
from mlx_manager.mlx_server.protocols.text_input import arguments_of


@dataclass(slots=True)
class _Turn:
    """An assistant's turn as its items come."""

    path: str
    texts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    reasoning_path: str = ""

    def message(self) -> ChatMessage:
        return ChatMessage(
            "assistant",
            "\n\n".join(self.texts),
            tool_calls=tuple(self.calls),
            reasoning="\n\n".join(self.reasoning),
            path=self.path,
            reasoning_path=self.reasoning_path,
        )


class Conversation:
    """Takes items in their order.

    Args:
        tools: gets those that stand among the items.

    Attributes:
        ignored: paths of items and fields that have no effect.
    """

    def __init__(self, instructions: str | None, tools: OfferedTools) -> None:
        self._messages: list[ChatMessage] = []
        self._turn: _Turn | None = None
        self._called: set[str] = set()
        self._left_out: set[str] = set()
        self._tools = tools
        self.ignored: list[str] = []
        if instructions:
            self._system(ChatMessage("system", instructions, path="instructions"))

    def add(self, item: RawItem, path: str, *, is_stored: bool = False) -> None:
        """Take the next item.

        Args:
            path: where the request has it.
            is_stored: whether it is none of the request's own, and so nothing of it is named as ignored.

        Raises:
            ApiError: it is not what it says, or a result of a call that nobody made; names the field.
        """
        ignored = len(self.ignored)
        self._add(item, kind_of(item, path), path, "" if is_stored else path)
        if is_stored:
            del self.ignored[ignored:]

    def messages(self) -> tuple[ChatMessage, ...]:
        """The turns; nothing is added after this."""
        self._end_turn()
        return tuple(self._messages)

    def _add(self, item: RawItem, kind: str, path: str, named: str) -> None:
        match kind:
            case "message":
                self._message(read(Message, item, path), path, named)
            case "function_call":
                call = read(FunctionCall, item, path)
                self._call(call, call.arguments, path, named)
            case "custom_tool_call":
                custom = read(CustomToolCall, item, path)
                self._call(custom, arguments_of(custom.input), path, named)
            case "function_call_output" | "custom_tool_call_output":
                self._output(read(CallOutput, item, path), path, named)
            case "reasoning":
                self._reasoning(read(Reasoning, item, path), path, named)
            case "additional_tools":
                added = read(AdditionalTools, item, path)
                self._ignore(added, path)
                self._tools.add(added.tools, f"{path}.tools", is_named=bool(named))
            case _ if kind in SERVER_ITEMS:
                self.ignored.append(path)
                if isinstance(call_id := item.get("call_id"), str):
                    self._left_out.add(call_id)
            case _:
                message = f"{path}.type: items of type {kind!r} are not known"
                raise ApiError(ErrorCode.INVALID_REQUEST, message, param=f"{path}.type")

    def _message(self, message: Message, path: str, named: str) -> None:
        parts = parts_of(message.content, f"{path}.content")
        self._ignore(message, path)
        for index, part in enumerate(parts):
            self._ignore(part, f"{path}.content.{index}")
        text = text_of(parts)
        if message.role == "assistant":
            self._assistant(named).texts.append(text)
            return
        self._end_turn()
        if message.role == "user":
            self._messages.append(ChatMessage("user", text, path=named))
        else:
            self._system(ChatMessage("system", text, path=named))

    def _system(self, message: ChatMessage) -> None:
        """Templates have room for one system message at the head: those that stand there are one."""
        if self._messages and all(before.role == "system" for before in self._messages):
            head = self._messages[-1]
            self._messages[-1] = ChatMessage("system", f"{head.content}\n\n{message.content}", path=head.path)
        else:
            self._messages.append(message)

    def _call(self, call: FunctionCall | CustomToolCall, arguments: str, path: str, named: str) -> None:
        self._ignore(call, path)
        self._called.add(call.call_id)
        made = ToolCall(call.call_id, offered_name(call.name, call.namespace), arguments)
        self._assistant(named).calls.append(made)

    def _output(self, output: CallOutput, path: str, named: str) -> None:
        if output.call_id in self._left_out and output.call_id not in self._called:
            self.ignored.append(path)  # some clients answer a server's tool like a function
            return
        if output.call_id not in self._called:
            message = f"{path}.call_id: no item before it made the call {output.call_id!r}"
            raise ApiError(ErrorCode.INVALID_REQUEST, message, param=f"{path}.call_id")
        parts = parts_of(output.output, f"{path}.output")
        self._ignore(output, path)
        for index, part in enumerate(parts):
            self._ignore(part, f"{path}.output.{index}")
        self._end_turn()
        self._messages.append(ChatMessage("tool", text_of(parts), tool_call_id=output.call_id, path=named))

    def _reasoning(self, item: Reasoning, path: str, named: str) -> None:
        self._ignore(item, path)
        text = "".join(part.text for part in item.content or ())
        if not text and item.encrypted_content:
            text = reasoning_of(item.encrypted_content) or ""
        if item.encrypted_content and reasoning_of(item.encrypted_content) is None:
            self.ignored.append(f"{path}.encrypted_content")
        if item.summary:
            self.ignored.append(f"{path}.summary")
        if text:
            turn = self._assistant(named)
            turn.reasoning.append(text)
            turn.reasoning_path = turn.reasoning_path or named

    def _assistant(self, path: str) -> _Turn:
        if self._turn is None:
            self._turn = _Turn(path)
        return self._turn

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is None:
            return
        if turn.texts or turn.calls:
            self._messages.append(turn.message())
        elif turn.reasoning_path:
            self.ignored.append(turn.reasoning_path)  # nothing followed that was thought about

    def _ignore(self, model: WireModel, path: str) -> None:
        self.ignored += ignored_paths(model, {}, f"{path}.")
