"""One thing that the demo model knows."""

from dataclasses import dataclass

PARAMETERS = "2.2 million"


@dataclass(frozen=True, slots=True)
class Fact:
    """`topic` completes "This is about …", the model's thought when it is asked to think."""

    topic: str
    answer: str
    questions: tuple[str, ...]


def fact(topic: str, answer: str, *questions: str) -> Fact:
    return Fact(topic, answer, questions)
