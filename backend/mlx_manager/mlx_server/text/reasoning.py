"""What tells a model's reasoning from its answer, and what holds it to a budget."""

from collections.abc import Collection
from typing import Final

from mlx_manager.mlx_server.domain.guide import ReasoningGuide
from mlx_manager.mlx_server.text.reasoning_formats.base import ReasoningFormat, ReasoningSplitter
from mlx_manager.mlx_server.text.reasoning_formats.channels import ChannelSplitter
from mlx_manager.mlx_server.text.reasoning_formats.known import THINK
from mlx_manager.mlx_server.text.reasoning_formats.tags import TagSplitter

# Where a template tells nothing: models think like this without being asked to.
DEFAULT_FORMAT: Final = THINK


def splitter_after(
    reasoning: ReasoningFormat | None, prompt_text: str, call_marks: Collection[str] = ()
) -> ReasoningSplitter:
    """A splitter for what follows a rendered prompt.

    Args:
        reasoning: the model's format, where it is known.
        call_marks: of the format of calls, where something can be called.
    """
    reasoning = reasoning or DEFAULT_FORMAT
    if reasoning.has_channels:
        return ChannelSplitter(prompt_text, has_calls=bool(call_marks))
    return TagSplitter(
        reasoning,
        opened=reasoning.is_opened_by(prompt_text),
        closed=reasoning.is_closed_by(prompt_text),
        resumes_after=[mark for mark in call_marks if _ends_something(mark)],
    )


def splitter_within(
    reasoning: ReasoningFormat | None, answer: str, prompt_text: str, call_marks: Collection[str] = ()
) -> ReasoningSplitter | None:
    """A splitter for what goes on with an answer that has begun; None where its reasoning is over.

    Args:
        answer: what has come of it.
        prompt_text: the rendered prompt, which ends with it.
    """
    reasoning = reasoning or DEFAULT_FORMAT
    if reasoning.has_channels:
        return ChannelSplitter(prompt_text, has_calls=bool(call_marks))
    return TagSplitter(reasoning, opened=True) if reasoning.is_amid(answer) else None


def reasoning_guide(
    reasoning: ReasoningFormat | None, prompt_text: str, budget: int | None
) -> ReasoningGuide | None:
    """Where the reasoning begins and ends for the engine; None where none is to be expected.

    Args:
        prompt_text: the rendered prompt; one that ends after the reasoning asks for none.
        budget: most tokens of it.
    """
    if reasoning is None:
        return None
    is_open = reasoning.is_opened_by(prompt_text)
    if not is_open and reasoning.is_closed_by(prompt_text) and not reasoning.has_channels:
        return None
    return ReasoningGuide(reasoning.opening.strip(), reasoning.closing.strip(), is_open, budget)


def _ends_something(mark: str) -> bool:
    """Whether a mark ends a part of a call, by the ways in which such marks are written."""
    return "/" in mark or "end" in mark.lower() or (mark.endswith("|>") and not mark.startswith("<|"))
