"""Whatever the demo model says about the product is so: in its facts, and in what it really answers."""

from functools import cache
from random import Random

import mlx.core as mx
import pytest
from demo_model.evaluate import Answerer
from demo_model.facts import FACTS, Fact
from demo_model.heldout import HeldOut
from demo_model.phrases import sample
from demo_model.records import user

from tests.demo_model.claims import UnclassifiedError, claims

TOPICS = [fact.topic for fact in FACTS]


@pytest.mark.parametrize("fact", FACTS, ids=TOPICS)
def test_a_fact_is_true(fact: Fact) -> None:
    claims(fact.answer)


def test_the_facts_claim_something() -> None:
    """As many claims as there are now; fewer would mean that the patterns see less."""
    assert sum(len(claims(fact.answer)) for fact in FACTS) >= 45


FALSE = (
    "Run `make fly`.",
    "Run `MLX_SERVER_PROT=9000 make run`.",
    "Run `MLX_SERVER_PORT=high make run`.",
    "The server uses port 8080.",
    "The manager uses port 8000.",
    "The server uses port 8001.",
    "The endpoint is `/v1/nothing`.",
    "Ask `/healthy`.",
    "Run `curl http://127.0.0.1:8000/v1/model`.",
    "Open http://127.0.0.1:9090 in a browser.",
    "Open http://127.0.0.1:8000 in a browser.",
    "Set `MLX_SERVER_MAX_MODEL`.",
    "Set `MLX_MANAGER_HOUSE`.",
    "Start with `MLX_SERVER_PORT=8000 make run`.",
    "An answer has at most 2048 tokens by default.",
    "I have 3.1 million parameters.",
    "It needs Python 3.9 or newer.",
    "It is under the GPL licence.",
    "My model id is `demi`.",
    "Run `mlx-manager keys make NAME`.",
    "Run `mlx-manager keys create`.",
    "Run `mlx-manager fly`.",
    "Run `hf download o/M --local-folder ~/models/M`.",
    "Run `hf download o/M --local-dir ~/models/N`.",
    "Start it with `ANTHROPIC_BASE_URL=http://127.0.0.1:8000/v1 claude`.",
    'Send `"steam": true`.',
    'Use `client = OpenAI(base_url="http://127.0.0.1:8000", api_key="local")`.',
    "The database is `~/.mlx-manager/db`.",
    "The database is `~/.mlx-manager/logs`.",
    'Use `client = OpenAI(url="http://127.0.0.1:8000/v1")`.',
    'Use `model="gpt"`.',
)


@pytest.mark.parametrize("answer", FALSE)
def test_a_false_one_is_found(answer: str) -> None:
    with pytest.raises(AssertionError):
        claims(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Run `rm -rf /`.",
        "Set `OTHER_VARIABLE`.",
        "Look into /etc/passwd.",
        "Ask `/v1/chat/completions?x=1`.",
        "It takes 7 seconds.",
        "Set MLX_SERVER_PORT.",
        "Run make run.",
        "Use --fast.",
        "Run `pip install x`.",
    ],
)
def test_what_is_of_no_kind_is_found(answer: str) -> None:
    with pytest.raises(UnclassifiedError):
        claims(answer)


@cache
def answerer() -> Answerer:
    mx.disable_compile()
    return Answerer()


@pytest.mark.sample(4)
@pytest.mark.parametrize("fact", FACTS, ids=TOPICS)
def test_what_the_model_answers_is_true(fact: Fact) -> None:
    """The same claims as the fact has, and no others."""
    question = sample(fact.questions[0], Random(fact.topic))
    answer = answerer().answer(HeldOut("facts", (user(question),)))
    assert claims(answer) == claims(fact.answer), f"{question!r} -> {answer!r}"
