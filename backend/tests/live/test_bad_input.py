"""What cannot be read is refused in OpenAI's envelope, before any byte of a stream, and harms nobody."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.live.server import Server

CHAT_PATH, TEXT_PATH = "/v1/chat/completions", "/v1/completions"
USER = {"role": "user", "content": "Hi"}
CHAT: dict[str, Any] = {"model": "demo", "messages": [USER], "max_tokens": 1}
TEXT: dict[str, Any] = {"model": "demo", "prompt": "Hi", "max_tokens": 1}
JSON_TYPE = {"Content-Type": "application/json"}


def check_error(response: httpx.Response, status: int, param: str | None, code: str) -> dict[str, Any]:
    """The envelope, complete and not a stream."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    body = response.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert (error["param"], error["code"]) == (param, code)
    return error


def call(call_id: str, arguments: str = "{}") -> dict[str, Any]:
    """An assistant's message that calls a tool."""
    function = {"name": "f", "arguments": arguments}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
BAD_MESSAGES: list[Any] = [
    ([], "messages"),
    (None, "messages"),
    ("Hi", "messages"),
    ([5], "messages.0"),
    ([{}], "messages.0.role"),
    ([{"role": "wizard", "content": "Hi"}], "messages.0.role"),
    ([{"role": 5, "content": "Hi"}], "messages.0.role"),
    ([{"role": "user"}], "messages.0.content"),
    ([{"role": "user", "content": None}], "messages.0.content"),
    ([{"role": "user", "content": 5}], "messages.0.content"),
    ([{"role": "user", "content": {"text": "Hi"}}], "messages.0.content"),
    ([{"role": "user", "content": [IMAGE]}], "messages.0.content"),
    ([USER, {"role": "user", "content": [{"type": "text", "text": "a"}, IMAGE]}], "messages.1.content"),
    ([{"role": "user", "content": ["Hi"]}], "messages.0.content"),
    ([{"role": "user", "content": [{"type": "text"}]}], "messages.0.content.0.text"),
    ([USER, {"role": "tool", "content": "x"}], "messages.1.tool_call_id"),
    ([USER, {"role": "tool", "content": "x", "tool_call_id": "none"}], "messages.1.tool_call_id"),
    (
        [USER, call("a"), {"role": "tool", "content": "x", "tool_call_id": "b"}],
        "messages.2.tool_call_id",
    ),
    ([{**call("a"), "role": "user", "content": "x"}], "messages.0.tool_calls"),
    ([USER, {"role": "assistant", "tool_calls": [{"id": "a"}]}], "messages.1.tool_calls.0.function"),
]
BAD_VALUES: dict[str, tuple[Any, ...]] = {
    "max_tokens": (0, -1, True, "5", 1.5, [], 1.0),
    "temperature": (3, -0.1, "hot", True, [1], 10**400),
    "top_p": (0, -1, 1.1, "1"),
    "top_k": (-2, 1.5, "3", True),
    "min_p": (-0.1, 1.1, "0"),
    "seed": (2**63, 2**64, -(2**63) - 1, 1.5, "7", True),
    "stream": ("true", 1, 0, []),
    "stream_options": ("x", [], 1),
    "model": ("", None, 5, ["demo"], "x" * 600),
}
BAD_FIELDS = [(name, value) for name, values in BAD_VALUES.items() for value in values]


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(("messages", "param"), BAD_MESSAGES)
def test_bad_messages(server: Server, messages: Any, param: str, streaming: bool) -> None:
    response = server.post(CHAT_PATH, {**CHAT, "messages": messages, "stream": streaming})
    check_error(response, 400, param, "invalid_request")


@pytest.mark.parametrize(("name", "value"), BAD_FIELDS)
def test_bad_values(server: Server, name: str, value: Any) -> None:
    for path, body in ((CHAT_PATH, CHAT), (TEXT_PATH, TEXT)):
        for streaming in (False, True):
            response = server.post(path, {**body, "stream": streaming, name: value})
            check_error(response, 400, name, "invalid_request")


@pytest.mark.parametrize("name", ["messages", "model"])
def test_missing_fields(server: Server, name: str) -> None:
    body = {key: value for key, value in CHAT.items() if key != name}
    check_error(server.post(CHAT_PATH, body), 400, name, "invalid_request")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("n", 10**9, "invalid_request"), ("n", 0, "invalid_request"), ("best_of", 2, "unsupported_field")],
)
def test_numbers_that_would_cost_too_much_are_refused(
    server: Server, name: str, value: int, code: str
) -> None:
    for path, body in ((CHAT_PATH, CHAT), (TEXT_PATH, TEXT)):
        check_error(server.post(path, {**body, name: value}), 400, name, code)


def nested(depth: int) -> bytes:
    """A body whose one value is that many lists deep."""
    return b'{"model": "demo", "messages": ' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"5",
        b"true",
        b'{"model": "demo", "messages": [{"role": "us',
        b'{"model": "demo",}',
        b'{"model": "demo"} {"model": "demo"}',
        b'{"model": "demo", "prompt": "\\ud800"}',
        b'{"model": "demo", "prompt": "\xff\xfe"}',
        b'{"model": "demo", "prompt": "Hi", "temperature": NaN}',
        b'{"model": "demo", "prompt": "Hi", "temperature": Infinity}',
        '{"model": "demo"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        nested(100_000),
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"model=demo&prompt=Hi",
    ],
    ids=range(18),
)
def test_bodies_that_are_no_json_object(server: Server, body: bytes) -> None:
    for path in (CHAT_PATH, TEXT_PATH):
        response = server.client.post(path, content=body, headers=JSON_TYPE)
        check_error(response, 400, None, "invalid_json")


def test_nesting_below_the_decoders_limit_is_a_bad_value(server: Server) -> None:
    response = server.client.post(CHAT_PATH, content=nested(500), headers=JSON_TYPE)
    check_error(response, 400, "messages.0", "invalid_request")


@pytest.mark.parametrize("arguments", ["", "not json", "[" * 100_000, "1" * 10_000, "NaN", "\x00", "[1]"])
def test_arguments_of_past_calls_may_be_anything(server: Server, arguments: str) -> None:
    answer = {"role": "tool", "content": "x", "tool_call_id": "a"}
    body = {**CHAT, "messages": [USER, call("a", arguments), answer]}
    response = server.post(CHAT_PATH, body)
    assert response.status_code in (200, 400), response.text


def test_a_number_beyond_floats_is_refused(server: Server) -> None:
    for number in (b"1e999", b"-1e999", b"1" * 5000):
        content = b'{"model": "demo", "prompt": "Hi", "temperature": %s}' % number
        response = server.client.post(TEXT_PATH, content=content, headers=JSON_TYPE)
        assert response.status_code == 400
        assert response.json()["error"]["code"] in ("invalid_json", "invalid_request")


@pytest.mark.parametrize("path", [CHAT_PATH, TEXT_PATH])
def test_a_body_over_the_limit(server: Server, path: str) -> None:
    body = b'{"model": "demo", "prompt": "' + b"x" * (65 * 2**20) + b'"}'
    stated = server.client.post(path, content=body, headers=JSON_TYPE)
    check_error(stated, 413, None, "body_too_large")

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(body), 2**20):
            yield body[start : start + 2**20]

    unstated = server.client.post(path, content=chunks(), headers=JSON_TYPE)
    check_error(unstated, 413, None, "body_too_large")
    assert server.post(TEXT_PATH, TEXT).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": ""},
        {"Content-Type": "application/jsonx"},
        {},
        {**JSON_TYPE, "Content-Encoding": "br"},
    ],
)
def test_other_types_of_content(server: Server, headers: dict[str, str]) -> None:
    response = server.client.post(CHAT_PATH, content=json.dumps(CHAT), headers=headers)
    check_error(response, 415, None, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"]
)
def test_json_by_other_names(server: Server, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    response = server.client.post(CHAT_PATH, content=json.dumps(CHAT), headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize("streaming", [False, True])
def test_a_prompt_over_the_window_is_refused_with_the_numbers(server: Server, streaming: bool) -> None:
    window = server.client.get("/v1/models/demo").json()["context_length"]
    exact = {**TEXT, "prompt": [3] * window, "stream": streaming}
    error = check_error(server.post(TEXT_PATH, exact), 400, "prompt", "context_length_exceeded")
    assert {int(number) for number in re.findall(r"\d+", error["message"])} >= {window, window - 1}
    long = {**CHAT, "messages": [{"role": "user", "content": "word " * 3 * window}], "stream": streaming}
    error = check_error(server.post(CHAT_PATH, long), 400, "messages", "context_length_exceeded")
    assert str(window) in error["message"]


def test_the_longest_prompt_that_fits_is_answered(stories_server: Server) -> None:
    body = {"model": "stories260k-fp32", "prompt": [3] * 511, "max_tokens": 50}
    answer = stories_server.post(TEXT_PATH, body).json()
    assert answer["usage"]["completion_tokens"] == 1


def test_the_sdk_knows_the_errors(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        client.chat.completions.create(model="demo", messages=[])
    assert bad.value.param == "messages"
    assert bad.value.code == "invalid_request"
    messages: Any = [USER]
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="nothing", messages=messages, stream=True)
    assert missing.value.code == "model_not_found"


def test_no_bad_input_was_a_fault_of_the_server(server: Server) -> None:
    """Runs after the tests above: none of them made the server log a traceback."""
    assert "Traceback" not in server.log
