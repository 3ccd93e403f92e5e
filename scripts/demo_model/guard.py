"""Keeps the held-out prompts, their argument values and their operands out of the training data."""

import re
from collections.abc import Iterable
from itertools import pairwise

from demo_model.heldout import HELD_OUT, UNSEEN_TOOLS, HeldOut
from demo_model.records import Example

THINK_ORDERS = ("think first", "think step by step")
NUMBER = re.compile(r"\d+")
SEPARATORS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """Lower case, and every run of white space and punctuation one space."""
    return f" {SEPARATORS.sub(' ', text.lower()).strip()} "


def without_order(text: str) -> str:
    for order in THINK_ORDERS:
        text = text.replace(f" {order} ", " ")
    return text


class Guard:
    """Tells whether an example would give a held-out prompt away."""

    def __init__(self, held_out: Iterable[HeldOut] = HELD_OUT) -> None:
        self.prompts: set[str] = set()
        self.pairs: set[tuple[int, int]] = set()
        secrets = {normalise(name) for name in UNSEEN_TOOLS}
        for item in held_out:
            prompt = normalise(next(m["content"] for m in reversed(item.messages) if m["role"] == "user"))
            self.prompts |= {prompt, without_order(prompt)}
            secrets |= {normalise(value) for value in item.values}
            if item.pair:
                self.pairs |= {item.pair, item.pair[::-1]}
        # Longest first is not needed: any hit blocks. One trailing space is shared by neighbours.
        self.secrets = re.compile("|".join(re.escape(text) for text in sorted(self.prompts | secrets)))

    def blocks(self, example: Example) -> bool:
        text = " ".join(message["content"] for message in example.messages)
        if self.secrets.search(normalise(text)):
            return True
        numbers = [int(digits) for digits in NUMBER.findall(text)]
        return any(pair in self.pairs for pair in pairwise(numbers))
