"""Several choices, several prompts, prompts that are repeated, answers that go on with a message."""

from typing import Any

import pytest
from openai import OpenAI

from tests.live import server as live
from tests.live.server import ENDLESS, Server, endless_chat

CHAT = "/v1/chat/completions"
TEXT = "/v1/completions"
SEEDED: dict[str, Any] = {"model": "demo", "max_tokens": 24, "temperature": 1.5, "seed": 11}
MESSAGES = [{"role": "user", "content": "Tell me something about models."}]


def text_of(choice: dict[str, Any]) -> str:
    """The choice's text, of either dialect."""
    text: str = choice["text"] if "text" in choice else choice["message"]["content"]
    return text


@pytest.mark.parametrize("path", [CHAT, TEXT])
def test_choices_are_what_their_seeds_give_alone(server: Server, path: str) -> None:
    body = SEEDED | ({"messages": MESSAGES} if path == CHAT else {"prompt": "Models are"})
    whole = server.post(path, {**body, "n": 3}).json()
    assert [choice["index"] for choice in whole["choices"]] == [0, 1, 2]
    alone = [server.post(path, {**body, "seed": 11 + number}).json() for number in range(3)]
    assert [text_of(choice) for choice in whole["choices"]] == [text_of(one["choices"][0]) for one in alone]
    assert len({text_of(choice) for choice in whole["choices"]}) > 1
    usage = whole["usage"]
    assert usage["prompt_tokens"] == alone[0]["usage"]["prompt_tokens"]
    assert usage["completion_tokens"] == sum(one["usage"]["completion_tokens"] for one in alone)


@pytest.mark.parametrize("path", [CHAT, TEXT])
def test_a_stream_of_choices_folds_to_the_whole(server: Server, path: str) -> None:
    body = SEEDED | ({"messages": MESSAGES} if path == CHAT else {"prompt": ["Models are", "A key is"]})
    whole = server.post(path, {**body, "n": 2}).json()["choices"]
    streamed = live.stream(server, path, {**body, "n": 2, "stream_options": {"include_usage": True}})
    assert streamed.done
    texts = dict.fromkeys(range(len(whole)), "")
    ends: dict[int, str] = {}
    for chunk in streamed.chunks:
        for choice in chunk["choices"]:
            assert choice["index"] not in ends, "nothing comes after a choice's end"
            piece = choice["text"] if "text" in choice else choice["delta"].get("content", "")
            texts[choice["index"]] += piece
            if choice["finish_reason"]:
                ends[choice["index"]] = choice["finish_reason"]
    assert texts == {choice["index"]: text_of(choice) for choice in whole}
    assert ends == {choice["index"]: choice["finish_reason"] for choice in whole}
    assert streamed.chunks[-1]["usage"]["completion_tokens"] > 0


def test_a_prompt_of_several_choices_is_read_once(server: Server) -> None:
    body = {**SEEDED, "prompt": "Zebra quilts, " * 40, "n": 3, "max_tokens": 2}
    first, again = (server.post(TEXT, body).json() for _ in range(2))
    cached = [one["usage"]["prompt_tokens_details"]["cached_tokens"] for one in (first, again)]
    # What the others found when the first had read it is no hit of the request's.
    assert cached[0] < 8
    assert cached[1] == first["usage"]["prompt_tokens"] - 1
    assert again["choices"] == first["choices"]


def test_several_prompts(client: OpenAI) -> None:
    asked: Any = {"model": "demo", "max_tokens": 12, "temperature": 0}
    alone = [client.completions.create(prompt=prompt, **asked) for prompt in ("Hello, what", "A key")]
    both = client.completions.create(prompt=["Hello, what", "A key"], **asked)
    assert [choice.text for choice in both.choices] == [one.choices[0].text for one in alone]
    assert both.usage is not None
    assert both.usage.prompt_tokens == sum(one.usage.prompt_tokens for one in alone if one.usage)


@pytest.mark.parametrize("as_ids", [False, True])
def test_an_echoed_prompt_stands_before_the_answer(server: Server, as_ids: bool) -> None:
    text = "Hello, what is"
    prompt = server.post("/tokenize", {"model": "demo", "prompt": text}).json()["tokens"] if as_ids else text
    body = {"model": "demo", "prompt": prompt, "max_tokens": 8, "temperature": 0}
    plain = server.post(TEXT, body).json()["choices"][0]["text"]
    echoed = server.post(TEXT, {**body, "echo": True}).json()["choices"][0]["text"]
    assert echoed == text + plain
    assert live.stream(server, TEXT, {**body, "echo": True}).text == echoed


def test_a_gap_needs_a_model_that_knows_gaps(server: Server) -> None:
    for streaming in (False, True):
        body = {"model": "demo", "prompt": "def f(", "suffix": "return x", "stream": streaming}
        response = server.post(TEXT, body)
        assert response.status_code == 400
        assert response.json()["error"]["param"] == "suffix"


@pytest.mark.parametrize("streaming", [False, True])
def test_a_message_is_gone_on_with(server: Server, streaming: bool) -> None:
    question = {"role": "user", "content": "What is MLX Manager?"}
    body = {"model": "demo", "temperature": 0, "messages": [question]}
    whole = text_of(server.post(CHAT, body).json()["choices"][0])
    begun = "MLX Manager is two"  # it ends where a token does
    assert whole.startswith(begun)
    rest = whole.removeprefix(begun)
    more = {
        **body,
        "messages": [question, {"role": "assistant", "content": begun}],
        "continue_final_message": True,
        "add_generation_prompt": False,
    }
    if streaming:
        assert live.stream(server, CHAT, more).text == rest
    else:
        assert text_of(server.post(CHAT, more).json()["choices"][0]) == rest


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"continue_final_message": True}, "continue_final_message"),
        ({"add_generation_prompt": False}, "add_generation_prompt"),
    ],
)
def test_nothing_to_go_on_with(server: Server, fields: dict[str, Any], param: str) -> None:
    response = server.post(CHAT, {"model": "demo", "messages": MESSAGES, **fields})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


def test_leaving_ends_every_choice(server: Server) -> None:
    stream = live.BackgroundStream(server, CHAT, endless_chat(n=3))
    stream.wait_flowing(12)
    engine = server.engine()
    assert engine is not None
    stream.leave()
    server.wait_idle()


@pytest.mark.full
def test_more_choices_than_are_ever_taken(start_server: Any) -> None:
    small = start_server({"MLX_SERVER_MAX_CONCURRENT_REQUESTS": "2", "MLX_SERVER_MAX_QUEUED_REQUESTS": "1"})
    body = {"model": "demo", "messages": MESSAGES, "max_tokens": 2}
    assert small.post(CHAT, {**body, "n": 3}).status_code == 200
    response = small.post(CHAT, {**body, "n": 4})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "n"
    endless = {"model": ENDLESS, "messages": MESSAGES, "max_tokens": 60_000, "n": 2}
    running = live.BackgroundStream(small, CHAT, endless)
    running.wait_flowing(8)
    # All of a request's choices begin, or none does.
    refused = small.post(CHAT, {**endless, "stream": True})
    assert refused.status_code == 429
    running.leave()
    small.wait_idle()


def test_effort_is_a_variable_of_the_template_where_it_has_one(server: Server) -> None:
    body = {"model": "demo", "messages": MESSAGES}
    plain = server.post("/apply-template", body).json()["prompt"]
    thinking = server.post("/apply-template", {**body, "reasoning_effort": "low"}).json()["prompt"]
    assert "Think first." in thinking
    assert "Think first." not in plain
    assert server.post("/apply-template", {**body, "reasoning_effort": "none"}).json()["prompt"] == plain
    assert server.post(CHAT, {**body, "reasoning_effort": "huge"}).status_code == 400


def test_timings(server: Server) -> None:
    body = {"model": "demo", "messages": MESSAGES, "max_tokens": 8}
    whole = server.post(CHAT, body).json()["timings"]
    streamed = live.stream(server, CHAT, body).chunks[-1]["timings"]
    for timings in (whole, streamed):
        assert 0 <= timings["queue_ms"] <= timings["time_to_first_token_ms"] <= timings["total_ms"]
        parts = timings["queue_ms"] + timings["prefill_ms"]
        assert parts == pytest.approx(timings["time_to_first_token_ms"], abs=0.01)
        assert timings["tokens_per_second"] > 0
