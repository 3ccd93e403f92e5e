"""Fields that say how much a model is to reason."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tests.conformance.prompts import reads
from tests.conformance.record import Ask, Effect, Field, honoured, not_applicable, ours

_LONG: Final = 160
_TOLD: Final = "told to the chat template; ignored where it reads nothing of the kind"
_BUDGET: Final = "tokens, after which the reasoning is ended; ignored where the model does not reason"


def thinks_no_longer(used: Callable[[Any], int], limit: str = "max_tokens", **others: Any) -> Effect:
    """The reasoning has so many tokens and those of the mark that ends it, which are fewer than it wants.

    Args:
        used: tokens of the reasoning, of a whole answer.
        limit: the field that limits all tokens of an answer.
        others: of the body: a question after which the model does not think a second time.
    """

    def check(ask: Ask, field: Field) -> None:
        more = {limit: _LONG, "temperature": 0, **others}
        generous, mean = (ask.asked(field, budget, **more) for budget in (_LONG, 1))
        assert field.wire_name not in mean.ignored
        counts = used(mean.body), used(generous.body)
        assert counts[0] <= 1 + len("</think>") < counts[1], (counts, mean.body)
        assert mean.text, mean.body

    return check


def _used(body: Any) -> int:
    return int(body["usage"]["completion_tokens_details"]["reasoning_tokens"])


def _hushes(ask: Ask, field: Field) -> None:
    """The model is not told to think, though an effort is wished for."""
    effort = {"reasoning_effort": "high"}
    assert "Think first." in ask.prompt(ask.plain_body(**effort))
    assert "Think first." not in ask.prompt(ask.body(field, **effort))
    assert field.wire_name not in ask.asked(field).ignored


_ENABLED: Final = {"type": "enabled"}
_DISABLED: Final = {"type": "disabled"}
_thinks: Final = reads("Think first.")
_limits: Final = thinks_no_longer(_used)

# What a chat completion's template is told.
REASONING: Final = (
    honoured("reasoning_effort", _thinks, _TOLD, example="high"),
    ours("reasoning.effort", _thinks, "the same", example="high"),
    ours("reasoning.enabled", _thinks, "the same", example=True),
    ours("enable_thinking", _thinks, "the same", example=True),
    ours("thinking.type=enabled", _thinks, "the same", example=_ENABLED, at="thinking", named="thinking"),
    ours("thinking.type=disabled", _hushes, "the same", example=_DISABLED, at="thinking", named="thinking"),
)
BUDGETS: Final = (
    ours("reasoning.max_tokens", _limits, _BUDGET, example=9),
    ours("thinking.budget_tokens", _limits, _BUDGET, example=9, within={"thinking": _ENABLED}),
    ours("thinking_budget", _limits, _BUDGET, example=9),
    ours("thinking_token_budget", _limits, _BUDGET, example=9),
)
# Where they are only shown, templates are told of them.
BUDGETS_TOLD: Final = (
    *(replace(entry, effect=_thinks, note=_TOLD) for entry in BUDGETS if not entry.within),
    # Whether to think is said beside it, which is all that a template is told.
    not_applicable(
        "thinking.budget_tokens", "of the answer", example=9, within={"thinking": _ENABLED}, is_ours=True
    ),
)
