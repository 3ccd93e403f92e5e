"""The pass rates in the model card are the true ones."""

import mlx.core as mx
import pytest
from demo_model.card import published
from demo_model.evaluate import Answerer, answers
from demo_model.heldout import HELD_OUT, HeldOut
from demo_model.judge import KINDS, pass_counts, passes

# Another processor or BLAS kernel rounds otherwise, and a token that barely wins may then lose.
ALLOWED_DIFFERENCE = 2


@pytest.mark.sample(2)
@pytest.mark.parametrize("kind", KINDS)
def test_the_card_states_what_the_model_does_with_one_kind(kind: str) -> None:
    mx.disable_compile()  # as in `answers`
    answerer = Answerer()
    items = [item for item in HELD_OUT if item.kind == kind]
    passed, total = published()[kind]
    assert len(items) == total
    assert abs(sum(passes(item, answerer.answer(item)) for item in items) - passed) <= ALLOWED_DIFFERENCE


@pytest.mark.full
def test_the_card_states_what_the_model_does() -> None:
    measured, stated = pass_counts(answers()), published()
    assert tuple(stated) == KINDS
    assert sum(total for _, total in stated.values()) == len(HELD_OUT) == 60
    assert sum(abs(measured[kind][0] - stated[kind][0]) for kind in KINDS) <= ALLOWED_DIFFERENCE


def test_the_model_is_worth_shipping() -> None:
    stated = published()
    assert sum(passed for passed, _ in stated.values()) >= 0.8 * len(HELD_OUT)
    assert stated["tools"][0] >= 0.7 * stated["tools"][1]


def test_the_judge_rejects_what_is_wrong() -> None:
    exact = next(item for item in HELD_OUT if item.kind == "sums")
    assert exact.exact is not None
    assert passes(exact, exact.exact)
    assert not passes(exact, f"{exact.exact} ")
    thought = next(item for item in HELD_OUT if item.kind == "think")
    assert not passes(thought, thought.exact or "")
    assert passes(thought, f"<think>\nhm\n</think>\n\n{thought.exact}")
    fact: HeldOut = HELD_OUT[0]
    assert passes(fact, "Run `Make Run`.")
    assert not passes(fact, "")
