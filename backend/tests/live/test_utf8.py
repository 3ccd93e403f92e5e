"""Text is never broken: a byte vocabulary, where nearly every character spans tokens."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.live import server as live
from tests.live.reference import Reference
from tests.live.server import Server

MODEL = "rwkv7-834k-fp32"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def test_an_empty_prompt_is_refused(stories_server: Server) -> None:
    response = stories_server.post("/v1/completions", {"model": MODEL, "prompt": "", "max_tokens": 1})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "prompt"


def test_greedy_streams_are_whole_characters(
    stories_server: Server, test_models: Path, reference: Reference
) -> None:
    """Rows of this model take turns: its cache cannot be merged. Its greedy text is valid UTF-8 here."""
    prompts = ["Once upon a time", "日本語 ünï ", "The €"]
    questions: list[dict[str, Any]] = [
        {"ids": list(prompt.encode()), "max_tokens": 30 + 7 * index} for index, prompt in enumerate(prompts)
    ]
    bodies = [
        {"model": MODEL, "prompt": question["ids"], "max_tokens": question["max_tokens"], "temperature": 0}
        for question in questions
    ]
    with ThreadPoolExecutor(len(bodies)) as threads:
        streams = list(threads.map(lambda body: live.stream(stories_server, "/v1/completions", body), bodies))
    for streamed, expected in zip(streams, reference.answers(test_models / MODEL, questions), strict=True):
        said = bytes(token for token in expected.ids).decode(errors="replace")
        # A character that is cut off at the limit is left out, not shown as broken.
        assert said.rstrip(REPLACEMENT) == streamed.text.rstrip(REPLACEMENT)
        assert streamed.finish_reason == expected.finish_reason
        if REPLACEMENT not in said.rstrip(REPLACEMENT):
            assert REPLACEMENT not in streamed.text


@pytest.mark.parametrize("missing", [1, 2])
def test_a_prompt_may_end_inside_a_character(stories_server: Server, missing: int) -> None:
    ids = list("Price: 5 €".encode())[:-missing]
    for seed in range(2):
        body = {"model": MODEL, "prompt": ids, "max_tokens": 16, "temperature": 1, "seed": seed}
        response = stories_server.post("/v1/completions", body)
        assert response.status_code == 200
        streamed = live.stream(stories_server, "/v1/completions", body)
        assert streamed.text == response.json()["choices"][0]["text"]


def test_both_ways_say_the_same_of_random_bytes(stories_server: Server) -> None:
    body = {"model": MODEL, "prompt": "ß", "max_tokens": 60, "temperature": 1.5, "seed": 4}
    whole = stories_server.post("/v1/completions", body).json()
    streamed = live.stream(stories_server, "/v1/completions", body)
    assert streamed.text == whole["choices"][0]["text"] != ""
