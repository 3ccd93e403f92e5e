"""How a model writes its reasoning, told by what its template makes of it and by the words in it."""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from mlx_manager.mlx_server.domain.request import ChatMessage
from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningFormat
from mlx_manager.mlx_server.text.reasoning_formats.known import KNOWN, THINK
from mlx_manager.mlx_server.text.template_use import TemplateUse

# Writes a conversation without what comes before an answer; it may raise anything.
Render = Callable[[Sequence[ChatMessage]], str]

# Variables by which a template is told whether to let its model reason.
SWITCHES: Final = frozenset(("enable_thinking", "thinking"))
# No template writes these by itself.
_THOUGHT, _SAID = "quilt zebra thought", "quilt zebra said"
_ASKED = ChatMessage("user", "quilt zebra asked")
_CALL = ToolCall("call00001", "look_up_zebra", "{}")
_TRIALS: Final = (
    (_ASKED, ChatMessage("assistant", _SAID, reasoning=_THOUGHT)),
    # Some show it only where the turn goes on after a call.
    (_ASKED, ChatMessage("assistant", "", tool_calls=(_CALL,), reasoning=_THOUGHT)),
    (
        _ASKED,
        ChatMessage("assistant", "", tool_calls=(_CALL,), reasoning=_THOUGHT),
        ChatMessage("tool", "4", name=_CALL.name, tool_call_id=_CALL.call_id),
    ),
)
_TAG_BEFORE: Final = re.compile(r"([<\[◁][^<>\[\]◁▷\s]{2,40}[>\]▷])\s*\Z")
_TAG_AFTER: Final = re.compile(r"\s*([<\[◁][^<>\[\]◁▷\s]{2,40}[>\]▷])")
_BEGIN_OR_END: Final = re.compile(r"[^a-z]|start|begin|open|end|close|stop")


class ShownReasoning(NamedTuple):
    """How a template writes the reasoning of an earlier turn.

    Attributes:
        before: the text up to it.
        after: the text from its end on.
    """

    before: str
    after: str


def shown_reasoning(render: Render) -> ShownReasoning | None:
    """What a template writes around a reasoning; None where it shows none."""
    for trial in _TRIALS:
        try:
            text = render(trial)
        except Exception:  # whatever the template has against it
            continue
        before, thought, after = text.rpartition(_THOUGHT)
        if thought:
            return ShownReasoning(before, after)
    return None


def detect_reasoning(shown: ShownReasoning | None, use: TemplateUse) -> ReasoningFormat | None:
    """The format in which a model reasons; None where nothing tells of one.

    What a template writes around a reasoning tells it best, also of marks that nobody has met before. Else
    it is told by marks that the template's own words name together; a template that switches reasoning and
    names none leaves the marks to the model, and most have the same.
    """
    named = [one for one in KNOWN if _is_named(one, use)]
    if shown is not None:
        written = [one for one in KNOWN if _is_written(one, shown)]
        # Of several with the same tags the one whose other marks are named, too; else the plainest.
        best = next((one for one in written if one in named), None)
        return best or (written[-1] if written else _learned(shown))
    if named:
        return named[0]
    return None if SWITCHES.isdisjoint(use.variables) else THINK


def _is_named(one: ReasoningFormat, use: TemplateUse) -> bool:
    return all(any(mark in word for word in use.words) for mark in (*one.signs, *(one.answer_tags or ())))


def _is_written(one: ReasoningFormat, shown: ShownReasoning) -> bool:
    is_closed = shown.after.lstrip().startswith(one.closing.strip().split("<|start|>")[0])
    return one.is_opened_by(shown.before) and is_closed


def _learned(shown: ShownReasoning) -> ReasoningFormat | None:
    """A pair of tags right beside the reasoning, of which one is the other's end."""
    opening, closing = _TAG_BEFORE.search(shown.before), _TAG_AFTER.match(shown.after)
    if opening is None or closing is None or opening[1] == closing[1]:
        return None
    names = {_BEGIN_OR_END.sub("", tag[1].lower()) for tag in (opening, closing)}
    if len(names) > 1 or not names.pop():
        return None
    return ReasoningFormat("learned", opening[1], closing[1])
