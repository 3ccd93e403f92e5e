"""Text completions: prompts as text and as token ids."""

import json
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from openai.types import Completion
from tokenizers import Tokenizer

from tests.live import server as live
from tests.live.server import Server

STORIES = "stories260k-fp32"


def test_greedy_text_equals_the_published_one(stories_server: Server, test_models: Path) -> None:
    golden = json.loads((test_models / "golden.json").read_text())[STORIES]
    for prompt in (golden["prompt"], golden["prompt_ids"], [golden["prompt"]], [golden["prompt_ids"]]):
        body = {"model": STORIES, "prompt": prompt, "max_tokens": 64, "temperature": 0}
        whole = stories_server.post("/v1/completions", body).json()
        assert whole["choices"][0]["text"] == golden["greedy_64"]
        assert whole["choices"][0]["finish_reason"] == "length"
        assert whole["usage"]["prompt_tokens"] == len(golden["prompt_ids"])
        assert whole["usage"]["completion_tokens"] == 64
        streamed = live.stream(stories_server, "/v1/completions", body)
        assert streamed.text == golden["greedy_64"]
        assert streamed.finish_reason == "length"
        assert streamed.done


@pytest.mark.parametrize("settings", [{"temperature": 0}, {"temperature": 1, "seed": 3}])
def test_the_sdk_gets_the_same_both_ways(client: OpenAI, settings: dict[str, Any]) -> None:
    create: Any = client.completions.create
    asked: dict[str, Any] = {"model": "demo", "prompt": "Hello, this is", "max_tokens": 32, **settings}
    whole = create(**asked)
    Completion.model_validate(whole.model_dump(), strict=True)
    chunks = list(create(**asked, stream=True, stream_options={"include_usage": True}))
    for chunk in chunks:
        Completion.model_validate(chunk.model_dump(exclude_unset=True) | {"choices": []}, strict=True)
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == whole.choices[0].text
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[-1].choices == []
    # But for the cached tokens, which the second request has.
    for usage in (chunks[-1].usage, whole.usage):
        usage.prompt_tokens_details = None
    assert chunks[-1].usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_usage_counts_what_the_tokenizer_counts(client: OpenAI, demo_tokenizer: Tokenizer) -> None:
    for prompt in ("Hello", "What is the capital of France?", "naïve café, 12345\n\n"):
        answer = client.completions.create(model="demo", prompt=prompt, max_tokens=1)
        assert answer.usage is not None
        assert answer.usage.prompt_tokens == len(demo_tokenizer.encode(prompt).ids)


def test_token_ids_are_the_same_as_their_text(client: OpenAI, demo_tokenizer: Tokenizer) -> None:
    ids = demo_tokenizer.encode("Hello, what is").ids
    asked: Any = {"model": "demo", "max_tokens": 16, "temperature": 0}
    by_text = client.completions.create(prompt="Hello, what is", **asked)
    by_ids = client.completions.create(prompt=ids, **asked)
    assert by_ids.choices[0].text == by_text.choices[0].text


@pytest.mark.parametrize("token", [-1, 2**31, 2**63, 2**64, 10**6])
def test_ids_outside_the_vocabulary_are_refused(server: Server, token: int) -> None:
    for streaming in (False, True):
        body = {"model": "demo", "prompt": [1, token], "max_tokens": 1, "stream": streaming}
        response = server.post("/v1/completions", body)
        assert response.status_code == 400
        assert response.json()["error"]["param"] == "prompt"


@pytest.mark.parametrize("prompt", [[], [[]], [[1], []], ["x"] * 129, [1, "a"], [1.5], [True], {}, 7])
def test_prompts_that_cannot_be_read_are_refused(stories_server: Server, prompt: Any) -> None:
    body = {"model": STORIES, "prompt": prompt, "max_tokens": 1}
    response = stories_server.post("/v1/completions", body)
    assert response.status_code == 400
    assert response.json()["error"]["param"].startswith("prompt")


def test_a_greedy_stream_of_whole_characters_has_no_replacement(stories_server: Server) -> None:
    body = {"model": STORIES, "prompt": "Once upon a time", "max_tokens": 100, "temperature": 0}
    streamed = live.stream(stories_server, "/v1/completions", body)
    assert "\N{REPLACEMENT CHARACTER}" not in streamed.text
    assert len(streamed.text) > 200


def test_a_limit_beyond_the_window_is_cut_to_it(stories_server: Server) -> None:
    body = {"model": STORIES, "prompt": "Once upon a time", "max_tokens": 10**9, "temperature": 0}
    answer = stories_server.post("/v1/completions", body).json()
    assert answer["usage"]["total_tokens"] <= 512
    if answer["choices"][0]["finish_reason"] == "length":
        assert answer["usage"]["total_tokens"] == 512
