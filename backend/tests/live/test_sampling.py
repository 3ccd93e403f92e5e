"""Seeds and the sampling fields, seen in the text."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.live.server import Server

STORIES = "stories260k-fp32"


def text_of(server: Server, **fields: Any) -> str:
    """What the stories model says."""
    body = {"model": STORIES, "prompt": "Once upon a time", "max_tokens": 40, **fields}
    response = server.post("/v1/completions", body)
    assert response.status_code == 200, response.text
    text: str = response.json()["choices"][0]["text"]
    return text


def test_a_seed_decides_the_text(stories_server: Server) -> None:
    first = text_of(stories_server, temperature=1, seed=11)
    assert first == text_of(stories_server, temperature=1, seed=11)
    others = {text_of(stories_server, temperature=1, seed=seed) for seed in range(5)}
    assert len(others) == 5


def test_without_a_seed_texts_differ(stories_server: Server) -> None:
    assert len({text_of(stories_server, temperature=1) for _ in range(5)}) > 1


@pytest.mark.parametrize("seed", [0, -1, 2**63 - 1, -(2**63)])
def test_every_64_bit_seed_is_taken(stories_server: Server, seed: int) -> None:
    assert text_of(stories_server, temperature=1, seed=seed) == text_of(
        stories_server, temperature=1, seed=seed
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 1},
        {"temperature": 1.3, "top_k": 20},
        {"temperature": 1, "top_p": 0.8},
        {"temperature": 1, "min_p": 0.05, "top_k": 50, "top_p": 0.95},
    ],
    ids=lambda fields: "+".join(fields),
)
def test_a_seed_decides_the_text_in_any_company(stories_server: Server, fields: dict[str, Any]) -> None:
    alone = text_of(stories_server, seed=5, **fields)
    company: list[dict[str, Any]] = [
        {"temperature": 0, "max_tokens": 70},
        {"temperature": 1, "prompt": "Lily and Ben", "max_tokens": 10},
        {"temperature": 2, "top_k": 3},
        {"temperature": 0.7, "top_p": 0.5, "max_tokens": 90},
        {"temperature": 1, "min_p": 0.3, "prompt": "One day, a dog " * 5},
        {"temperature": 1, "seed": 5, "max_tokens": 3},
        {"temperature": 0.1, "max_tokens": 1},
        {"temperature": 1.5, "max_tokens": 30},
    ]
    with ThreadPoolExecutor(len(company) + 1) as threads:
        others = [threads.submit(text_of, stories_server, **other) for other in company]
        mine = threads.submit(text_of, stories_server, seed=5, **fields)
        assert mine.result() == alone
        for other in others:
            other.result()


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 1, "top_k": 1},
        {"temperature": 1, "top_p": 1e-9},
        {"temperature": 1, "min_p": 1},
        {"temperature": 2, "top_k": 1, "top_p": 0.5, "min_p": 0.5},
        {"temperature": 1e-6},
        {"temperature": 0, "top_k": 5, "top_p": 0.3, "seed": 9},
    ],
    ids=lambda fields: "+".join(fields),
)
def test_fields_that_leave_one_token_are_greedy(stories_server: Server, fields: dict[str, Any]) -> None:
    assert text_of(stories_server, **fields) == text_of(stories_server, temperature=0)


@pytest.mark.parametrize("fields", [{"top_k": 0}, {"top_k": -1}, {"top_p": 1}, {"min_p": 0}, {"top_k": 512}])
def test_fields_that_leave_every_token_change_nothing(stories_server: Server, fields: dict[str, Any]) -> None:
    plain = text_of(stories_server, temperature=1, seed=2)
    assert text_of(stories_server, temperature=1, seed=2, **fields) == plain
