"""All of a request's messages as one conversation, the system first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage
from mlx_manager.mlx_server.protocols.anthropic_messages.blocks import TextBlock
from mlx_manager.mlx_server.protocols.anthropic_messages.content import History, system_passages
from mlx_manager.mlx_server.protocols.anthropic_messages.passages import PASSAGE_GAP, Passage, join
from mlx_manager.mlx_server.protocols.anthropic_messages.schema import CountTokensRequest

# For the vendor, and different in every conversation: nothing after it could be taken up again.
_BILLING: Final = re.compile(r"(?:x-anthropic-billing-header:[^\n]*\n*)+")


def conversation(wire: CountTokensRequest, system_path: str) -> tuple[tuple[ChatMessage, ...], list[str]]:
    """The turns, those of the system before all others as one; and the paths of what was left out.

    Args:
        system_path: where the wire has a block of the system, its number left open.

    Raises:
        ApiError: a message cannot be read, or there is none.
    """
    history = History()
    passages = list(_system(wire.system or (), system_path, history.ignored))
    num_system = 0
    for message in wire.messages:
        if message.role != "system":
            break
        passages += system_passages(num_system, message)
        num_system += 1
    system = join(passages)
    turns: list[ChatMessage] = []
    if system.text:
        path = "system" if wire.system else "messages.0"
        turns.append(ChatMessage("system", system.text, cache_marks=system.marks, path=path))
    for index, message in enumerate(wire.messages[num_system:], num_system):
        for turn in history.turns(index, message):
            # Messages of an assistant in a row are one turn; not every template takes several.
            goes_on = bool(turns) and turns[-1].role == turn.role == "assistant"
            turns.append(_both(turns.pop(), turn) if goes_on else turn)
    return _without_empty_end(turns, history.ignored), history.ignored


def _both(first: ChatMessage, second: ChatMessage) -> ChatMessage:
    """Two of an assistant's turns as one."""
    gap = PASSAGE_GAP if first.content and second.content else ""
    start = len(first.content) + len(gap)
    return replace(
        second,
        content=first.content + gap + second.content,
        tool_calls=first.tool_calls + second.tool_calls,
        reasoning=PASSAGE_GAP.join(filter(None, (first.reasoning, second.reasoning))),
        cache_marks=first.cache_marks + tuple(start + mark for mark in second.cache_marks),
        reasoning_path=first.reasoning_path or second.reasoning_path,
    )


def _system(blocks: Sequence[TextBlock], path: str, ignored: list[str]) -> Iterator[Passage]:
    """The system's text without what is meant for the vendor."""
    for index, block in enumerate(blocks):
        text = block.text
        if (billing := _BILLING.match(text)) is not None:
            ignored.append(path.format(index))
            text = text[billing.end() :]
        yield Passage(text, block.cache_control is not None)


def _without_empty_end(turns: list[ChatMessage], ignored: list[str]) -> tuple[ChatMessage, ...]:
    """The turns without assistants' empty ones at the end: the answer takes their place."""
    while turns and turns[-1].role == "assistant" and not _has_anything(turns[-1]):
        ignored.append(turns.pop().path)
    if not turns:
        raise ApiError(ErrorCode.INVALID_REQUEST, "messages: there is nothing to answer", param="messages")
    return tuple(turns)


def _has_anything(turn: ChatMessage) -> bool:
    return bool(turn.content or turn.tool_calls or turn.reasoning)
