"""Did an answer to a held-out prompt say what it had to say?"""

import re
from collections.abc import Sequence

from demo_model.heldout import HELD_OUT, HeldOut

THOUGHT = re.compile(r"<think>\n.+?\n</think>\n\n(.+)", re.DOTALL)
# The order in which the card lists the kinds.
KINDS = tuple(dict.fromkeys(item.kind for item in HELD_OUT))


def passes(item: HeldOut, answer: str) -> bool:
    """Sums, tool calls and tool results must match exactly.

    A thought must come before the answer when it was asked for.
    """
    if item.kind == "think":
        found = THOUGHT.fullmatch(answer)
        if not found:
            return False
        answer = found[1]
    if item.exact is not None:
        return answer == item.exact
    return all(text.lower() in answer.lower() for text in item.contains)


def pass_counts(answers: Sequence[str]) -> dict[str, tuple[int, int]]:
    """For each kind, how many of its prompts passed and how many there are."""
    counts = {kind: (0, 0) for kind in KINDS}
    for item, answer in zip(HELD_OUT, answers, strict=True):
        passed, total = counts[item.kind]
        counts[item.kind] = (passed + passes(item, answer), total + 1)
    return counts
