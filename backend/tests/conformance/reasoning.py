"""Fields that say how much a model is to reason."""

from collections.abc import Callable
from typing import Any, Final

from tests.conformance.prompts import reads
from tests.conformance.record import Ask, Effect, Field, honoured, ours

_LONG: Final = 160
_TOLD: Final = "told to the chat template; ignored where it reads nothing of the kind"
_BUDGET: Final = "tokens, after which the reasoning is ended; ignored where the model does not reason"


def thinks_no_longer(used: Callable[[Any], int], limit: str = "max_tokens") -> Effect:
    """The reasoning has so many tokens and those of the mark that ends it, which are fewer than it wants.

    Args:
        used: tokens of the reasoning, of a whole answer.
        limit: the field that limits all tokens of an answer.
    """

    def check(ask: Ask, field: Field) -> None:
        generous, mean = (ask.asked(field, budget, **{limit: _LONG}) for budget in (_LONG, 1))
        assert field.wire_name not in mean.ignored
        assert used(mean.body) <= 1 + len("</think>") < used(generous.body)
        assert mean.text

    return check


def _used(body: Any) -> int:
    return int(body["usage"]["completion_tokens_details"]["reasoning_tokens"])


def _hushes(ask: Ask, field: Field) -> None:
    """The model is not told to think, though an effort is wished for."""
    effort = {"reasoning_effort": "high"}
    assert "Think first." in ask.prompt(ask.plain_body(**effort))
    assert "Think first." not in ask.prompt(ask.body(field, **effort))
    assert field.wire_name not in ask.asked(field).ignored


_thinks: Final = reads("Think first.")
_limits: Final = thinks_no_longer(_used)

# Of a chat completion.
REASONING: Final = (
    honoured("reasoning_effort", _thinks, _TOLD, example="high"),
    ours("reasoning.effort", _thinks, "the same", example="high"),
    ours("reasoning.enabled", _thinks, "the same", example=True),
    ours("reasoning.max_tokens", _limits, _BUDGET, example=9),
    ours(
        "thinking.type=enabled", _thinks, _TOLD, example={"type": "enabled"}, at="thinking", named="thinking"
    ),
    ours(
        "thinking.type=disabled",
        _hushes,
        "the same",
        example={"type": "disabled"},
        at="thinking",
        named="thinking",
    ),
    ours("thinking.budget_tokens", _limits, _BUDGET, example=9, within={"thinking": {"type": "enabled"}}),
    ours("enable_thinking", _thinks, _TOLD, example=True),
    ours("thinking_budget", _limits, _BUDGET, example=9),
    ours("thinking_token_budget", _limits, _BUDGET, example=9),
)
