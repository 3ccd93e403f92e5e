"""What generations tell, as scripts that every dialect must render."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from mlx_manager.mlx_server.domain.events import (
    ChoiceFinished,
    Event,
    Finished,
    FinishReason,
    PrefillProgress,
    ReasoningDelta,
    TextDelta,
    Timings,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
)

STRANGE: Final = 'two\nlines\r\n\n"quoted" \u2028 \x00 😀 data: x\nevent: y'
USAGE: Final = Usage(prompt_tokens=17, completion_tokens=9, reasoning_tokens=3, cached_tokens=5)
END: Final = Finished(USAGE, timings=Timings(0.25, 0.5, 0.75, 2.0, 6.4))


def call(index: int, name: str, *arguments: str) -> list[Event]:
    """A call, its arguments in pieces."""
    started = ToolCallStarted(index, f"call_{index}", name)
    return [started, *(ToolCallDelta(index, piece) for piece in arguments)]


def ending(reason: FinishReason, stop_sequence: str | None = None) -> list[Event]:
    """The end of the one choice and of the request."""
    return [ChoiceFinished(reason, stop_sequence), END]


STOP: Final = ending(FinishReason.STOP)
CALLED: Final = ending(FinishReason.TOOL_CALLS)
SCRIPTS: Final[dict[str, list[Event]]] = {
    "text": [PrefillProgress(5, 17), PrefillProgress(17, 17), TextDelta("Hel"), TextDelta("lo"), *STOP],
    "strange text": [TextDelta(STRANGE), TextDelta("\n"), *STOP],
    "cut off": [TextDelta("Hel"), *ending(FinishReason.LENGTH)],
    "stopped": [TextDelta("Hel"), *ending(FinishReason.STOP, "###")],
    "nothing": [*STOP],
    "nothing, cut off": [*ending(FinishReason.LENGTH)],
    "reasoning": [ReasoningDelta("why "), ReasoningDelta(STRANGE), TextDelta("so"), *STOP],
    "reasoning, cut off": [ReasoningDelta("why"), *ending(FinishReason.LENGTH)],
    "a call": [*call(0, "look_up", '{"a": ', '"ü😀"}'), *CALLED],
    "a call without arguments": [*call(0, "now", "{}"), *CALLED],
    "text and calls": [
        TextDelta("Let me see."),
        *call(0, "look_up", '{"a": [1, {"b": "\\n"}]}'),
        *call(1, "now", "{}"),
        *CALLED,
    ],
    "reasoning and a call": [ReasoningDelta("hm"), *call(0, "look_up", '{"a": 1}'), *CALLED],
    "all of it": [
        ReasoningDelta("hm"),
        TextDelta("Let me see."),
        *call(0, "look_up", "{", '"a": 1', "}"),
        *CALLED,
    ],
    "a call, cut off": [*call(0, "look_up", '{"a": "lo'), *ending(FinishReason.LENGTH)],
}


@dataclass(frozen=True)
class Reading:
    """What a client makes of an answer, whatever the dialect.

    Attributes:
        calls: names and arguments.
        usage: tokens of the prompt, those of them that were cached, and tokens of the answer.
    """

    text: str
    reasoning: str
    calls: tuple[tuple[str, str], ...]
    reason: str
    usage: tuple[int, int, int]


def reading_of(script: Sequence[Event]) -> Reading:
    """What the script says."""
    names = [event.name for event in script if isinstance(event, ToolCallStarted)]
    arguments = dict.fromkeys(range(len(names)), "")
    for event in script:
        if isinstance(event, ToolCallDelta):
            arguments[event.index] += event.arguments
    (end,) = [event for event in script if isinstance(event, ChoiceFinished)]
    return Reading(
        "".join(event.text for event in script if isinstance(event, TextDelta)),
        "".join(event.text for event in script if isinstance(event, ReasoningDelta)),
        tuple(zip(names, arguments.values(), strict=True)),
        "stop_sequence" if end.stop_sequence else end.reason.value,
        (USAGE.prompt_tokens, USAGE.cached_tokens, USAGE.completion_tokens),
    )


async def play(events: Sequence[Event], *, at_once: bool = False) -> AsyncIterator[Sequence[Event]]:
    """The script as a generation hands it on: one by one, or all that has come at once."""
    if at_once:
        yield events
        return
    for event in events:
        yield [event]
