"""Conversations in the forms that templates take which do not take them as they are."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlx_manager.mlx_server.domain.request import ChatMessage

_GAP = "\n\n"


def late_systems(messages: Sequence[ChatMessage]) -> Iterator[ChatMessage]:
    """Messages of the system that come after others."""
    is_late = False
    for message in messages:
        if message.role == "system" and is_late:
            yield message
        is_late = is_late or message.role != "system"


def has_late_system(messages: Sequence[ChatMessage]) -> bool:
    """Whether there is one."""
    return any(True for _ in late_systems(messages))


def as_users(messages: Sequence[ChatMessage]) -> Iterator[ChatMessage]:
    """System messages after others as a user's: their text stays where it stands."""
    late = {id(message) for message in late_systems(messages)}
    for message in messages:
        yield replace(message, role="user") if id(message) in late else message


def repeats_users(messages: Sequence[ChatMessage]) -> bool:
    """Whether two users' messages come in a row."""
    return any(before.role == after.role == "user" for before, after in itertools.pairwise(messages))


def merged(messages: Sequence[ChatMessage]) -> Iterator[ChatMessage]:
    """Users' messages in a row as one, a blank line between their texts."""
    last: ChatMessage | None = None
    for message in messages:
        if last is not None and last.role == message.role == "user":
            start = len(last.content) + 2
            marks = tuple(start + mark for mark in message.cache_marks)
            content = f"{last.content}\n\n{message.content}"
            last = replace(last, content=content, cache_marks=last.cache_marks + marks)
            continue
        if last is not None:
            yield last
        last = message
    if last is not None:
        yield last


def has_several_calls(messages: Sequence[ChatMessage]) -> bool:
    """Whether a turn has more than one call."""
    return any(len(message.tool_calls) > 1 for message in messages)


def has_thought_and_said(messages: Sequence[ChatMessage]) -> bool:
    """Whether a turn that calls has both thought and text before that."""
    return any(message.tool_calls and message.content and message.reasoning for message in messages)


def one_call_each(messages: Sequence[ChatMessage]) -> Iterator[ChatMessage]:
    """Turns with several calls as turns of one call, each before its result.

    Some templates write the first call of a turn only, and take a result for that of the last call.
    """
    rest = list(messages)
    while rest:
        message = rest.pop(0)
        if len(message.tool_calls) < 2:
            yield message
            continue
        num_results = next((at for at, other in enumerate(rest) if other.role != "tool"), len(rest))
        results, rest = rest[:num_results], rest[num_results:]
        for number, call in enumerate(message.tool_calls):
            first = message if number == 0 else ChatMessage("assistant", "", path=message.path)
            yield replace(first, tool_calls=(call,))
            yield from (result for result in results if result.tool_call_id == call.call_id)
        called = {call.call_id for call in message.tool_calls}
        yield from (result for result in results if result.tool_call_id not in called)


def said_as_thought(message: ChatMessage) -> ChatMessage:
    """A turn that thinks, says something and calls, with what it says as the end of what it thinks."""
    if not (message.tool_calls and message.content and message.reasoning):
        return message
    return replace(
        message, content="", reasoning=f"{message.reasoning}{_GAP}{message.content}", cache_marks=()
    )
