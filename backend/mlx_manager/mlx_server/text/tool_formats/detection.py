"""In which format a model writes calls, told by what its template makes of some."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from mlx_manager.mlx_server.domain.events import ToolCallStarted
from mlx_manager.mlx_server.domain.request import ChatMessage
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolDefinition
from mlx_manager.mlx_server.text.tool_formats.base import ToolFormat
from mlx_manager.mlx_server.text.tool_formats.json_calls import JsonCalls
from mlx_manager.mlx_server.text.tool_formats.learning import learn
from mlx_manager.mlx_server.text.tool_formats.registry import FORMATS, GENERIC, SIGNS

_SAID: Final = "\uf8f5"  # a text that no template writes by itself
_ASKED: Final = "Look it up."
_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "quilt": {"type": "string", "description": "A quilt."},
        "n": {"type": "array", "items": {"type": "integer"}, "description": "Numbers."},
        "more": {"type": "object", "description": "More."},
    },
}
TRIAL_TOOLS: Final = (
    ToolDefinition("look_up_zebra", "Looks it up.", _SCHEMA),
    ToolDefinition("count_quilts", "Counts them.", _SCHEMA),
)
TRIAL_CALLS: Final = (
    ToolCall(
        "call00001", "look_up_zebra", '{"quilt": "\\"ä\\" {b}", "n": [1, 2], "more": {"x": {"y": "z"}}}'
    ),
    ToolCall("call00002", "count_quilts", '{"quilt": "it\'s", "n": [33]}'),
)


class RenderTrial(Protocol):
    """Writes a conversation with `TRIAL_TOOLS` on offer; it may raise anything."""

    def __call__(self, messages: Sequence[ChatMessage], *, for_answer: bool, as_text: bool) -> str:
        """`as_text` gives calls' arguments as a string of JSON instead of an object."""
        ...


@dataclass(frozen=True, slots=True)
class Detection:
    """What a template's calls look like.

    Attributes:
        takes_text: whether it wants a call's arguments as a string of JSON.
        turn: an answer with the calls of `TRIAL_CALLS`, or the first of them, as it writes them; empty where
            it does not.
    """

    tool_format: ToolFormat
    takes_text: bool = False
    turn: str = ""


@dataclass(frozen=True, slots=True)
class _Turn:
    """An assistant's turn with calls, cut out of a conversation.

    Attributes:
        tail: what follows an assistant's text in such a turn; None where that is not known, and the turn may
            begin with more than the answer.
    """

    calls: Sequence[ToolCall]
    as_text: bool
    text: str
    tail: str | None = None


def detect_written(render: RenderTrial) -> Detection | None:
    """The format of the calls that a template writes; None where it writes none that can be read.

    It is one that is declared, or else one that is learnt.
    """
    turns: list[_Turn] = []
    for as_text in (False, True):
        for calls in (TRIAL_CALLS, TRIAL_CALLS[:1]):
            for turn in _turns(render, calls, as_text):
                if (found := _reads(FORMATS, turn)) is not None:
                    return Detection(_as_written(found, turn), as_text, turn.text)
                turns.append(turn)
    for turn in turns:
        if turn.tail is not None:
            learnt = tuple(learn(turn.text, turn.tail, turn.calls))
            if (found := _reads(learnt, turn)) is not None:
                return Detection(found, turn.as_text, turn.text)
    return None


def _as_written(found: ToolFormat, turn: _Turn) -> ToolFormat:
    """A declared format of JSON objects with the keys that this template writes; others are read, too."""
    if isinstance(found, JsonCalls):
        for learnt in learn(turn.text, turn.tail or "", turn.calls):
            if isinstance(learnt, JsonCalls):
                return replace(
                    found,
                    is_list=learnt.is_list,
                    name_key=learnt.name_key,
                    arguments_key=learnt.arguments_key,
                )
    return found


def detect_told(template: str) -> ToolFormat:
    """The format that the text of a template speaks of; one that reads what is usual where it names none."""
    for tool_format, signs in SIGNS:
        if all(sign in template for sign in signs):
            return tool_format
    return GENERIC


def _turns(render: RenderTrial, calls: Sequence[ToolCall], as_text: bool) -> Iterator[_Turn]:
    """The assistant's turn with the calls, cut out in the ways there are to tell where it begins."""
    asked = ChatMessage("user", _ASKED)
    called = ChatMessage("assistant", "", tool_calls=tuple(calls))
    answers = [ChatMessage("tool", "8", name=call.name, tool_call_id=call.call_id) for call in calls]
    for after in ((), answers):
        whole = _try(render, [asked, called, *after], as_text=as_text)
        if calls[0].name not in whole:
            continue
        before, said, tail = _try(
            render, [asked, ChatMessage("assistant", _SAID)], as_text=as_text
        ).partition(_SAID)
        if said:
            start = _num_shared(whole, before)
            opened = whole.rfind("<", 0, start)
            # Two marks may begin alike: neither is cut in two.
            start = opened if opened > whole.rfind(">", 0, start) else start
            yield _Turn(calls, as_text, whole[start:], tail)
        prompt = _try(render, [asked], as_text=as_text, for_answer=True)
        if prompt and whole.startswith(prompt):
            yield _Turn(calls, as_text, whole[len(prompt) :])
        if _ASKED in whole:
            yield _Turn(calls, as_text, whole[whole.rindex(_ASKED) + len(_ASKED) :])
        if not after and said:
            return


def _num_shared(one: str, other: str) -> int:
    """Characters with which both texts begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _try(
    render: RenderTrial, messages: Sequence[ChatMessage], *, as_text: bool, for_answer: bool = False
) -> str:
    try:
        return render(messages, for_answer=for_answer, as_text=as_text)
    except Exception:  # whatever the template has against it
        return ""


def _reads(formats: Sequence[ToolFormat], turn: _Turn) -> ToolFormat | None:
    """The format that reads exactly these calls, and leaves the least besides."""
    wanted = [(call.name, json.loads(call.arguments)) for call in turn.calls]
    best, least = None, len(turn.text) + 1
    for tool_format in formats:
        found, text = read_turn(tool_format, turn.text)
        if found == wanted and len(text) < least:
            best, least = tool_format, len(text)
    return best


def read_turn(tool_format: ToolFormat, turn: str) -> tuple[list[tuple[str, Any]], str]:
    """The calls in a turn with their arguments, None where those are no JSON, and its text."""
    splitter = tool_format.splitter(TRIAL_TOOLS, parallel=True, choice=0)
    calls: list[tuple[str, str]] = []
    text = ""
    for part in [*splitter.push(turn), *splitter.finish()]:
        match part:
            case str():
                text += part
            case ToolCallStarted(name=name):
                calls.append((name, ""))
            case _:
                calls[-1] = (calls[-1][0], calls[-1][1] + part.arguments)
    return [(name, _parsed(arguments)) for name, arguments in calls], text


def _parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return None
