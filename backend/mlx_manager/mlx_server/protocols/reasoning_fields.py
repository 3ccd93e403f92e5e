"""Fields of OpenAI's chat that say how much to reason: its own, and those of others who speak its dialect."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mlx_manager.mlx_server.domain.request import TemplateHint
from mlx_manager.mlx_server.protocols.fields import WireModel
from mlx_manager.mlx_server.protocols.reasoning import (
    Effort,
    ReasoningWish,
    all_of,
    effort_hint,
    read_thinking,
    thinking_hint,
)

# More than any window holds is no bound at all.
Budget = Annotated[int, Field(ge=0), AfterValidator(lambda budget: min(budget, 2**31 - 1))]


class ReasoningOptions(WireModel):
    """OpenAI's object, with what OpenRouter added to it."""

    effort: Effort | None = None
    max_tokens: Budget | None = None
    enabled: bool | None = None

    @property
    def wish(self) -> ReasoningWish:
        """All of it."""
        return all_of([*self.efforts()], [*self.wishes()])

    def efforts(self) -> Iterator[TemplateHint]:
        """The effort, where one was stated."""
        if self.effort is not None:
            yield effort_hint("reasoning.effort", self.effort)

    def wishes(self) -> Iterator[ReasoningWish]:
        """What was stated besides."""
        if self.enabled is not None:
            yield ReasoningWish((thinking_hint("reasoning.enabled", is_enabled=self.enabled),))
        if self.max_tokens is not None:
            yield _budget("reasoning.max_tokens", self.max_tokens, is_switched=self.enabled is not None)


class ReasoningFields(WireModel):
    """What a body may say of reasoning.

    `reasoning_effort` is OpenAI's, `reasoning` OpenRouter's, `thinking` is what Z.ai, DeepSeek and LiteLLM
    took over from Anthropic, `enable_thinking` and `thinking_budget` are Alibaba's, `thinking_token_budget`
    is vLLM's.
    """

    reasoning_effort: Effort | None = None
    reasoning: ReasoningOptions | None = None
    thinking: Any = None
    enable_thinking: bool | None = None
    thinking_budget: Budget | None = None
    thinking_token_budget: Budget | None = None

    @property
    def reasoning_wish(self) -> ReasoningWish:
        """All of it."""
        return all_of([*self._efforts()], [*self._wishes()])

    def _efforts(self) -> Iterator[TemplateHint]:
        if self.reasoning is not None:
            yield from self.reasoning.efforts()
        if self.reasoning_effort is not None:
            yield effort_hint("reasoning_effort", self.reasoning_effort)

    def _wishes(self) -> Iterator[ReasoningWish]:
        if self.reasoning is not None:
            yield from self.reasoning.wishes()
        yield read_thinking(self.thinking)
        switch = self.enable_thinking
        if switch is not None:
            yield ReasoningWish((thinking_hint("enable_thinking", is_enabled=switch),))
        for path, budget in (
            ("thinking_budget", self.thinking_budget),
            ("thinking_token_budget", self.thinking_token_budget),
        ):
            if budget is not None:
                yield _budget(path, budget, is_switched=switch is not None)


def _budget(path: str, budget: int, *, is_switched: bool) -> ReasoningWish:
    """A budget by itself asks for reasoning, or for none; beside a switch it is a bound and no more."""
    if is_switched:
        return ReasoningWish((), budget, path)
    return ReasoningWish((thinking_hint(path, is_enabled=budget > 0, budget=budget),), budget, path)
