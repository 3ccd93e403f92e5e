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


ALLOWED = {"tools": [{"type": "function", "function": {"name": "get_weather"}}]}


@pytest.mark.parametrize("temperature", [0, 1.5])
@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", {"get_weather", "get_time"}),
        ({"type": "function", "function": {"name": "get_weather"}}, {"get_weather"}),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", **ALLOWED}}, {"get_weather"}),
    ],
)
def test_a_forced_call_is_made_whatever_the_model_would_say(
    server: Server, choice: Any, names: set[str], temperature: float
) -> None:
    greeting = [{"role": "user", "content": "Good morning!"}]
    body = {
        **ASKED,
        "messages": greeting,
        "tool_choice": choice,
        "temperature": temperature,
    }
    for seed in range(3):
        response = server.post(PATH, {**body, "seed": seed, "max_tokens": 80})
        assert response.status_code == 200
        message = response.json()["choices"][0]["message"]
        assert message["content"] is None
        for call in message["tool_calls"]:
            assert call["function"]["name"] in names
        assert isinstance(json.loads(message["tool_calls"][0]["function"]["arguments"])["city"], str)


def test_of_the_allowed_tools_only_is_one_called(server: Server) -> None:
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", **ALLOWED}}
    free = server.post(PATH, ASKED).json()
    held = server.post(PATH, {**ASKED, "tool_choice": allowed}).json()
    # The model is told of both, so that the prompt is the same.
    assert held["usage"]["prompt_tokens"] == free["usage"]["prompt_tokens"]
    names = [
        [call["function"]["name"] for call in answer["choices"][0]["message"].get("tool_calls") or []]
        for answer in (free, held)
    ]
    assert names[0] == ["get_time"]
    assert set(names[1]) <= {"get_weather"}


def test_no_second_call_where_one_is_wanted(server: Server) -> None:
    asked = {**ASKED, "tool_choice": "required", "parallel_tool_calls": False, "max_tokens": 300}
    for seed in range(4):
        answer = server.post(PATH, {**asked, "temperature": 2, "seed": seed}).json()["choices"][0]
        assert len(answer["message"]["tool_calls"]) == 1
        assert answer["finish_reason"] in ("tool_calls", "length")


@pytest.mark.parametrize(
    ("choice", "param"),
    [
        ("x", "tool_choice"),
        (5, "tool_choice"),
        ({"type": "allowed_tools"}, "tool_choice.allowed_tools"),
        ({"type": "function", "function": {"name": "nobody"}}, "tool_choice"),
    ],
)
def test_a_choice_that_is_none(server: Server, choice: Any, param: str) -> None:
    for streaming in (False, True):
        response = server.post(PATH, {**ASKED, "tool_choice": choice, "stream": streaming})
        assert response.status_code == 400
        assert response.json()["error"]["param"] == param


UNENFORCEABLE = {"type": "object", "properties": {"x": {"type": "array", "uniqueItems": True}}}


def test_a_schema_that_cannot_be_enforced_is_refused_where_it_must_be(server: Server) -> None:
    def ask(choice: Any, **fields: Any) -> Any:
        function = {"name": "f", "parameters": UNENFORCEABLE, **fields}
        tools = [{"type": "function", "function": function}]
        return server.post(PATH, {**ASKED, "tools": tools, "tool_choice": choice, "max_tokens": 5})

    path = "tools.0.function.parameters"
    for response in (ask("required"), ask("auto", strict=True)):
        assert response.status_code == 400
        error = response.json()["error"]
        assert (error["param"], error["code"]) == (path, "grammar_not_enforceable")
        assert "uniqueItems" in error["message"]
    free = ask("auto")
    assert (free.status_code, free.headers["x-ignored-fields"]) == (200, path)


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
