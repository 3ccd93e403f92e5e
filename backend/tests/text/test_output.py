"""Tokens to events: stops, reasoning and half characters together."""

import pytest
from text_tokenizers import byte_level_bare

from mlx_manager.mlx_server.domain.events import Event, ReasoningDelta, TextDelta
from mlx_manager.mlx_server.text.detokenizer import Detokenizer, Vocabulary
from mlx_manager.mlx_server.text.output import OutputText
from mlx_manager.mlx_server.text.reasoning_formats.known import THINK
from mlx_manager.mlx_server.text.reasoning_formats.tags import TagSplitter


def run(text: str, stops: list[str], *, reasoning: bool) -> tuple[OutputText, list[Event]]:
    """Push a text byte by byte until it stops."""
    tokenizer = byte_level_bare()
    detokenizer = Detokenizer(Vocabulary(tokenizer))
    output = OutputText(detokenizer, stops, TagSplitter(THINK) if reasoning else None)
    events: list[Event] = []
    for token in text.encode():
        events += output.push(token)
        if output.stopped:
            break
    return output, events + output.finish()


def folded(events: list[Event]) -> tuple[str, str]:
    reasoning = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    return reasoning, "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("text", "stops", "reasoning", "wanted", "stopped"),
    [
        ("héllo 😀", [], False, ("", "héllo 😀"), False),
        ("héllo 😀 END more", ["END"], False, ("", "héllo 😀 "), True),
        ("ends with EN", ["END"], False, ("", "ends with EN"), False),
        ("<think>why</think>so", [], True, ("why", "so"), False),
        ("<think>why</think>so", [], False, ("", "<think>why</think>so"), False),
        ("<think>why END</think>so", ["END"], True, ("why", ""), True),
        ("<think>why</think>so END", [" END"], True, ("why", "so"), True),
        ("<thi", [], True, ("", "<thi"), False),
    ],
)
def test_events(text: str, stops: list[str], reasoning: bool, wanted: tuple[str, str], stopped: bool) -> None:
    output, events = run(text, stops, reasoning=reasoning)
    assert folded(events) == wanted
    assert output.stopped is stopped
    assert all(isinstance(event, TextDelta | ReasoningDelta) and event.text for event in events)


def test_reasoning_tokens_are_counted() -> None:
    output, _ = run("<think>why</think>so", [], reasoning=True)
    # From the token that completes the opening tag to the one before the closing tag is complete.
    assert output.reasoning_tokens == len("why</think>")
    output, _ = run("no tags", [], reasoning=True)
    assert output.reasoning_tokens == 0
