"""The demo calls a tool and answers with its result; its calls are never text."""

import json
from typing import Any

import pytest
from openai import OpenAI

from tests.live import server as live
from tests.live.server import Server

PATH = "/v1/chat/completions"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "description": description, "parameters": CITY}}
    for name, description in [("get_weather", "Get the weather"), ("get_time", "Get the time of a city")]
]
QUESTION: dict[str, Any] = {"role": "user", "content": "What time is it in Oslo?"}
ASKED: dict[str, Any] = {"model": "demo", "messages": [QUESTION], "tools": TOOLS}


def test_a_question_a_call_its_result_an_answer(client: OpenAI) -> None:
    create: Any = client.chat.completions.create
    question = {"role": "user", "content": "What is the weather in Paris?"}
    asked: Any = {"model": "demo", "tools": TOOLS[:1]}
    first = create(messages=[question], **asked).choices[0]
    assert first.finish_reason == "tool_calls"
    assert first.message.content is None
    (call,) = first.message.tool_calls
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "17 degrees and sunny"}
    last = create(messages=[question, first.message.model_dump(exclude_none=True), result], **asked)
    assert last.choices[0].finish_reason == "stop"
    assert "17 degrees and sunny" in last.choices[0].message.content
    assert last.usage.prompt_tokens_details.cached_tokens > 0


def test_a_streamed_call_adds_up(client: OpenAI) -> None:
    with client.chat.completions.stream(**ASKED) as stream:
        events = list(stream)
        final: Any = stream.get_final_completion().choices[0]
    assert final.finish_reason == "tool_calls"
    (call,) = final.message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_time", {"city": "Oslo"})
    pieces = [event for event in events if event.type == "tool_calls.function.arguments.delta"]
    assert len(pieces) > 1
    assert not any(event.type == "content.delta" and event.delta for event in events)


def test_a_call_that_is_cut_off_is_one_of_length(server: Server) -> None:
    whole = server.post(PATH, {**ASKED, "max_tokens": 14}).json()["choices"][0]
    assert whole["finish_reason"] == "length"
    assert "tool_call" not in (whole["message"]["content"] or "")
    streamed = live.stream(server, PATH, {**ASKED, "max_tokens": 14})
    assert (streamed.finish_reason, streamed.text) == ("length", "")


def test_what_is_not_to_be_called_is_not_offered(server: Server) -> None:
    plain = server.post(PATH, {"model": "demo", "messages": [QUESTION]}).json()
    unoffered = server.post(PATH, {**ASKED, "tool_choice": "none"}).json()
    assert unoffered["choices"] == plain["choices"]
    assert unoffered["usage"]["prompt_tokens"] == plain["usage"]["prompt_tokens"]


@pytest.mark.parametrize(
    ("choice", "param"),
    [
        ({"type": "function", "function": {"name": "nobody"}}, "tool_choice"),
        ({"type": "function", "function": {}}, "tool_choice.function.name"),
        ({"type": "allowed_tools"}, "tool_choice.allowed_tools"),
        ("x", "tool_choice"),
        (5, "tool_choice"),
    ],
)
def test_a_choice_of_what_there_is_not(server: Server, choice: Any, param: str) -> None:
    for streaming in (False, True):
        response = server.post(PATH, {**ASKED, "tool_choice": choice, "stream": streaming})
        error = response.json()["error"]
        assert (response.status_code, error["param"], error["code"]) == (400, param, "invalid_request")


@pytest.mark.parametrize(
    ("tools", "param"),
    [
        ([{}], "tools.0.type"),
        ([{"type": "function"}], "tools.0.function"),
        ([{"type": "function", "function": {}}], "tools.0.function.name"),
        ([{"type": "function", "function": {"name": "f", "parameters": []}}], "tools.0.function.parameters"),
        ([{"type": "web_search"}], "tools.0.type"),
        ("x", "tools"),
    ],
)
def test_tools_that_are_none(server: Server, tools: Any, param: str) -> None:
    response = server.post(PATH, {**ASKED, "tools": tools})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
