"""What the dialects say of how much a model is to reason: hints for its template, and a budget of tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from mlx_manager.mlx_server.domain.request import GenerationRequest, TemplateHint

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

_SWITCHES: Final = ("enable_thinking", "thinking")
# For the one template that is told of tokens, ByteDance's Seed-OSS; its steps are powers of two.
_BUDGETS: Final[Mapping[str, int]] = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 4096,
    "high": 16384,
    "xhigh": 32768,
    "max": 32768,
}
_THINKS: Final = {"adaptive": True, "enabled": True, "disabled": False}


@dataclass(frozen=True, slots=True)
class ReasoningWish:
    """How much a model is to reason.

    Attributes:
        hints: for its template.
        budget: most tokens, which the engine enforces; None where none was stated.
        budget_path: where the wire had that.
        ignored: paths of what has no effect whatever the model.
    """

    hints: tuple[TemplateHint, ...] = ()
    budget: int | None = None
    budget_path: str = ""
    ignored: tuple[str, ...] = ()

    def of(self, request: GenerationRequest) -> GenerationRequest:
        """The request with this budget; its prompts have the hints."""
        return replace(request, reasoning_budget=self.budget, reasoning_budget_path=self.budget_path)


def effort_hint(path: str, effort: Effort) -> TemplateHint:
    """An effort by name; templates know the name, or tokens, or only whether to think at all."""
    variables: dict[str, Any] = dict.fromkeys(_SWITCHES, effort not in ("none", "minimal"))
    return TemplateHint(path, {"reasoning_effort": effort, "thinking_budget": _BUDGETS[effort], **variables})


def thinking_hint(path: str, *, is_enabled: bool, budget: int | None = None) -> TemplateHint:
    """Whether to think at all, and for at most so many tokens."""
    variables: dict[str, Any] = dict.fromkeys(_SWITCHES, is_enabled)
    if budget is not None or not is_enabled:
        variables["thinking_budget"] = budget if is_enabled else 0
    return TemplateHint(path, variables)


def read_thinking(thinking: Any, path: str = "thinking") -> ReasoningWish:
    """Anthropic's object, which others took over. It is read with care: clients that are refused give up."""
    if thinking is None:
        return ReasoningWish()
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    if not isinstance(kind, str) or kind not in _THINKS:
        return ReasoningWish(ignored=(path,))
    budget = thinking.get("budget_tokens") if kind == "enabled" else None
    if not isinstance(budget, int) or isinstance(budget, bool) or budget < 0:
        budget = None
    known = ("type",) if budget is None else ("type", "budget_tokens")
    return ReasoningWish(
        (thinking_hint(path, is_enabled=_THINKS[kind] and budget != 0, budget=budget),),
        budget,
        "" if budget is None else f"{path}.budget_tokens",
        tuple(f"{path}.{name}" for name in thinking if name not in known),
    )


def all_of(efforts: Sequence[TemplateHint], wishes: Sequence[ReasoningWish]) -> ReasoningWish:
    """Efforts and other wishes as one; of several budgets the least keeps all.

    Where it has been said whether to think at all, an effort is no second word on that.
    """
    hints = tuple(hint for wish in wishes for hint in wish.hints)
    if hints:
        efforts = [
            replace(
                hint, variables={key: hint.variables[key] for key in hint.variables if key not in _SWITCHES}
            )
            for hint in efforts
        ]
    budgets = [(wish.budget, wish.budget_path) for wish in wishes if wish.budget is not None]
    budget, budget_path = min(budgets, default=(None, ""))
    ignored = tuple(path for wish in wishes for path in wish.ignored)
    return ReasoningWish((*efforts, *hints), budget, budget_path, ignored)
