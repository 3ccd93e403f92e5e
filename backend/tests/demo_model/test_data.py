"""The training data holds nothing of what the model is measured with."""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import pytest
from demo_model.data import EXAMPLES, stream
from demo_model.facts import FACTS
from demo_model.guard import NUMBER, normalise
from demo_model.heldout import HELD_OUT, UNSEEN_TOOLS, HeldOut
from demo_model.records import Example, assistant, user

# Kept apart from the guard that filters the stream: this is written from the held-out list alone.
VALUES = frozenset(normalise(value) for item in HELD_OUT for value in item.values) | {
    normalise(name) for name in UNSEEN_TOOLS
}
PAIRS = frozenset(frozenset(item.pair) for item in HELD_OUT if item.pair)
PROMPTS = frozenset(
    normalise(item.messages[-1]["content"]) for item in HELD_OUT if item.messages[-1]["role"] == "user"
)


def leaks(example: Example) -> bool:
    """Is a held-out prompt, argument value, tool name or pair of operands in it?"""
    texts = [message["content"] for message in example.messages]
    names = [definition["function"]["name"] for definition in example.tools]
    everything = normalise(" ".join([*texts, *names]))
    if any(value in everything for value in VALUES):
        return True
    if any(
        normalise(message["content"]) in PROMPTS for message in example.messages if message["role"] == "user"
    ):
        return True
    return any(has_pair(text) for text in texts)


def has_pair(text: str) -> bool:
    numbers = [int(digits) for digits in NUMBER.findall(text)]
    return any(frozenset(pair) in PAIRS for pair in pairwise(numbers))


def leaking(examples: Iterable[Example]) -> list[Example]:
    return [example for example in examples if leaks(example)]


# The stream is the same every time, so that fewer are the first of all; these take two seconds.
SOME = 15_000


@cache
def training_data(count: int) -> tuple[Example, ...]:
    return tuple(stream(count))


@pytest.mark.parametrize("count", [SOME, pytest.param(EXAMPLES, marks=pytest.mark.full)])
def test_no_held_out_prompt_or_value_is_in_the_training_data(count: int) -> None:
    data = training_data(count)
    assert len(data) == count
    assert leaking(data) == []


@pytest.mark.parametrize("item", [item for item in HELD_OUT if item.kind != "tool results"])
def test_a_planted_prompt_is_found(item: HeldOut) -> None:
    planted = user(item.messages[-1]["content"].upper().replace(" ", "  ") + "!!")
    assert leaks(Example("facts", (planted, assistant("yes"))))


@pytest.mark.parametrize("item", [item for item in HELD_OUT if item.values])
def test_a_planted_value_is_found(item: HeldOut) -> None:
    for value in item.values:
        assert leaks(Example("tools", (user(f"so: {value.lower()}, please"), assistant("yes"))))


@pytest.mark.parametrize("item", [item for item in HELD_OUT if item.pair])
def test_a_planted_sum_is_found_in_either_order(item: HeldOut) -> None:
    a, b = item.pair or (0, 0)
    for asked in (f"{a}+{b}", f"take {b} from {a}", f"{b} plus {a}"):
        assert leaks(Example("sums", (user(asked), assistant("yes"))))


def test_the_stream_is_the_same_every_time() -> None:
    assert list(stream(200)) == list(training_data(SOME)[:200])


def test_every_fact_is_asked_for_in_many_ways() -> None:
    asked: dict[str, set[str]] = {fact.answer: set() for fact in FACTS}
    for example in training_data(SOME):
        for question, reply in zip(example.messages, example.messages[1:], strict=False):
            if reply["content"] in asked:
                asked[reply["content"]].add(normalise(question["content"]))
    assert min(len(questions) for questions in asked.values()) >= 25
