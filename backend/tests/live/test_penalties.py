"""Biases and penalties, seen in the text."""

from typing import Any

import pytest

from tests.live.server import Server

STORIES = "stories260k-fp32"
PATH = "/v1/completions"


def ask(server: Server, **fields: Any) -> dict[str, Any]:
    """What the stories model says, greedily unless told otherwise."""
    body = {"model": STORIES, "prompt": "Once upon a time", "max_tokens": 60, "temperature": 0, **fields}
    response = server.post(PATH, body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def text_of(server: Server, **fields: Any) -> str:
    text: str = ask(server, **fields)["choices"][0]["text"]
    return text


def tokens(server: Server, **fields: Any) -> list[str]:
    """The drawn tokens, as logprobs list them."""
    found: list[str] = ask(server, logprobs=0, **fields)["choices"][0]["logprobs"]["tokens"]
    return found


def test_a_bias_of_100_is_all_that_is_said(stories_server: Server) -> None:
    for token_id in (300, 411):
        said = tokens(stories_server, logit_bias={str(token_id): 100}, max_tokens=9)
        assert len(said) == 9
        assert len(set(said)) == 1


def test_a_bias_of_minus_100_is_never_said(stories_server: Server) -> None:
    """The greedy first token, found by elimination: without it another comes."""
    plain = text_of(stories_server, max_tokens=1)
    banned = {str(token_id): -100 for token_id in range(3, 512, 2)}
    others = {str(token_id): -100 for token_id in range(4, 512, 2)}
    odd = text_of(stories_server, max_tokens=1, logit_bias=others)
    even = text_of(stories_server, max_tokens=1, logit_bias=banned)
    assert plain in (odd, even)
    assert odd != even


@pytest.mark.parametrize(
    "fields",
    [{"repetition_penalty": 10}, {"repeat_penalty": 10}, {"presence_penalty": 2, "frequency_penalty": 2}],
    ids=lambda fields: "+".join(fields),
)
def test_penalties_make_for_other_words(stories_server: Server, fields: dict[str, Any]) -> None:
    plain, penalised = tokens(stories_server), tokens(stories_server, **fields)
    assert len(penalised) == len(plain)
    assert len(set(penalised)) > len(set(plain))


def test_a_frequency_penalty_grows_with_each_use(stories_server: Server) -> None:
    """A bias of 3 alone says one token for ever; what grows with each use ends that, what does not, not."""
    biased = {"logit_bias": {"300": 100}, "max_tokens": 30}
    assert len(set(tokens(stories_server, **biased))) == 1
    assert len(set(tokens(stories_server, **biased, presence_penalty=2))) == 1
    # 100 of bias is outweighed after some 50 uses of 2 each.
    long = {**biased, "max_tokens": 90, "frequency_penalty": 2}
    assert len(set(tokens(stories_server, **long))) > 1


def test_negative_penalties_make_for_repetition(stories_server: Server) -> None:
    plain = tokens(stories_server)
    liked = tokens(stories_server, presence_penalty=-2, frequency_penalty=-2)
    assert len(set(liked)) < len(set(plain))


@pytest.mark.sample(5)
@pytest.mark.parametrize(
    "fields",
    [
        {"repetition_penalty": 1},
        {"repeat_penalty": 1.0},
        {"presence_penalty": 0},
        {"frequency_penalty": 0.0},
        {"logit_bias": {}},
        {"logit_bias": {"300": 0, "5": 0.0}},
        {"logit_bias": None, "presence_penalty": None},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "drawing", [{"temperature": 0}, {"temperature": 1, "seed": 4}], ids=["greedy", "seeded"]
)
def test_neutral_values_change_nothing(
    stories_server: Server, drawing: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert text_of(stories_server, **drawing, **fields) == text_of(stories_server, **drawing)


def test_a_seed_decides_a_penalised_text(stories_server: Server) -> None:
    fields = {"temperature": 1, "seed": 6, "presence_penalty": 1, "repetition_penalty": 1.3}
    assert text_of(stories_server, **fields) == text_of(stories_server, **fields)
