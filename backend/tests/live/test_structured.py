"""Held answers on the running server: what is too much is refused or enforced, and nobody else notices."""

import json
from typing import Any

import jsonschema
import pytest

from tests.live import server as live
from tests.live.server import BackgroundStream, Server

PATH = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Good morning!"}]


def schema_format(schema: Any) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}}


def nested(depth: int) -> dict[str, Any]:
    """Arrays in arrays."""
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


NODE = {"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}, "required": ["n"]}
BOMBS = {
    "a regex that backtracks": {"guided_regex": "(a+)+(b+)+(c|cc)*$"},
    "a regex of many states": {"guided_regex": "(?:a?){200}a{200}"},
    "a regex of more states": {"guided_regex": "((a{1,100}b{1,100}){1,100}c{1,100}){1,100}"},
    "a regex with an exponential automaton": {"guided_regex": "(a|b)*a(a|b){24}"},
    "a pattern": schema_format({"type": "string", "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"}),
    "a recursive schema": schema_format(NODE),
    "a schema that is nothing but itself": schema_format({"$ref": "#"}),
    "a large minItems": schema_format({"type": "array", "items": {"type": "integer"}, "minItems": 10**9}),
    "a large maxItems": schema_format({"type": "array", "items": {"enum": [1]}, "maxItems": 10**6}),
    "a large minLength": schema_format({"type": "string", "minLength": 10**7}),
    "a large maxLength": schema_format({"type": "string", "maxLength": 10**7}),
    "a deep schema": schema_format(nested(60)),
    "a schema that is too deep": schema_format(nested(400)),
    "many properties": schema_format(
        {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(2000)}}
    ),
    "many choices": {"guided_choice": [f"choice number {n}" for n in range(4000)]},
    "an ambiguous grammar": {"guided_grammar": "start: a\na: a a | a a a | /x?/\n"},
}


@pytest.mark.parametrize("fields", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_enforced_or_refused_and_other_streams_go_on(
    server: Server, fields: dict[str, Any]
) -> None:
    with_others = BackgroundStream(
        server, "/v1/completions", live.endless_completion(model="demo", ignore_eos=True)
    )
    try:
        with_others.wait_flowing()
        body = {"model": "demo", "messages": MESSAGES, "max_tokens": 12, **fields}
        response = server.post(PATH, body)
        if response.status_code != 200:
            error = response.json()["error"]
            assert (response.status_code, error["code"]) == (400, "grammar_not_enforceable"), error
            assert server.post(PATH, {**body, "stream": True}).status_code == 400
        assert with_others.is_running
    finally:
        with_others.leave()
    assert server.post(PATH, {"model": "demo", "messages": MESSAGES, "max_tokens": 3}).status_code == 200


@pytest.mark.parametrize("temperature", [0, 1.4])
def test_a_stream_is_what_the_whole_answer_is(server: Server, temperature: float) -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 20},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3},
            "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "required": ["name", "tags", "size"],
        "additionalProperties": False,
    }
    body = {
        "model": "demo",
        "messages": MESSAGES,
        "max_tokens": 120,
        "temperature": temperature,
        "seed": 7,
        **schema_format(schema),
    }
    whole = server.post(PATH, body).json()["choices"][0]
    assert whole["finish_reason"] == "stop"
    jsonschema.validate(json.loads(whole["message"]["content"]), schema)
    streamed = live.stream(server, PATH, body)
    assert (streamed.text, streamed.finish_reason) == (whole["message"]["content"], "stop")


def test_an_answer_ends_validly_where_its_tokens_run_out(server: Server) -> None:
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    for seed in range(6):
        body = {"model": "demo", "messages": MESSAGES, "max_tokens": 40, "temperature": 1.5, "seed": seed}
        answer = server.post(PATH, {**body, **schema_format(schema)}).json()["choices"][0]
        assert answer["finish_reason"] == "stop"
        jsonschema.validate(json.loads(answer["message"]["content"]), schema)
    cut = server.post(PATH, {**body, **schema_format(schema), "max_tokens": 2}).json()["choices"][0]
    assert cut["finish_reason"] == "length"


def test_many_schemas_at_once(server: Server) -> None:
    """Each of the choices, and each of the requests, is held to its own."""
    streams = []
    for number in range(8):
        schema = {
            "type": "object",
            "properties": {f"k{number}": {"const": number}},
            "required": [f"k{number}"],
        }
        closed = {**schema, "additionalProperties": False}
        body = {
            "model": "demo",
            "messages": MESSAGES,
            "max_tokens": 40,
            "stream": True,
            **schema_format(closed),
        }
        streams.append(BackgroundStream(server, PATH, {**body, "temperature": 1.0}))
    for number, running in enumerate(streams):
        assert json.loads(running.wait().text) == {f"k{number}": number}
