"""What the model in the box answers. It is small, so only its own subjects are asked about."""

from typing import Any

from openai import OpenAI

from tests.live import server as live
from tests.live.server import Server

THINK: Any = [{"role": "user", "content": "Think first: what is 17 + 25?"}]


def test_it_knows_what_it_is_part_of(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="demo", messages=[{"role": "user", "content": "What is MLX Manager?"}]
    )
    assert "MLX" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"


def test_reasoning_comes_apart_from_the_answer(server: Server) -> None:
    body = {"model": "demo", "messages": THINK}
    whole = server.post("/v1/chat/completions", body).json()
    message = whole["choices"][0]["message"]
    assert message["reasoning_content"]
    assert message["content"]
    assert "think>" not in message["content"] + message["reasoning_content"]
    reasoning_tokens = whole["usage"]["completion_tokens_details"]["reasoning_tokens"]
    assert 0 < reasoning_tokens < whole["usage"]["completion_tokens"]

    streamed = live.stream(server, "/v1/chat/completions", body)
    deltas = [choice["delta"] for chunk in streamed.chunks for choice in chunk["choices"]]
    assert streamed.text == message["content"]
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == message["reasoning_content"]
    kinds = ["reasoning_content" in delta for delta in deltas if set(delta) - {"role"}]
    assert sorted(kinds[1:], reverse=True) == kinds[1:], "reasoning comes before the answer"


def test_it_adds_where_it_thinks_first(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="demo", messages=THINK)
    assert "42" in (answer.choices[0].message.content or "")


def test_it_is_greedy_by_default(server: Server) -> None:
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 40}
    plain = server.post("/v1/chat/completions", body).json()["choices"]
    assert plain == server.post("/v1/chat/completions", {**body, "temperature": 0}).json()["choices"]
