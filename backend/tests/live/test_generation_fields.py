"""Penalties, biases, logprobs and the server's own fields over HTTP: what is taken and what is refused."""

from typing import Any

import httpx
import pytest

from tests.live.server import Server, stream

CHAT: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
TEXT: dict[str, Any] = {"model": "demo", "prompt": "Hi", "max_tokens": 2}
DIALECTS = {"/v1/chat/completions": CHAT, "/v1/completions": TEXT}
VALUES: dict[str, tuple[Any, ...]] = {
    "presence_penalty": (2.1, -2.1, 10**9, "1", True, [1]),
    "frequency_penalty": (2.1, -2.1, 10**9, "1", True, {}),
    "repetition_penalty": (0, -1, 10**9, "1", True),
    "repeat_penalty": (0, -1, 10**9, "1", True),
    "logit_bias": ([], "x", 1, {"x": 1}, {"1": 101}, {"1": True}, {"-1": 1}, {"9" * 4000: 1}),
    "ignore_eos": (1, "true", []),
    "priority": (0, 10**9, True, "urgent"),
    "cache_salt": ("x" * 257, 1, []),
    "cache_debug": (1, "true"),
    "timeout": (0, -1, "1", True, 10**400),
}
REFUSED = [(name, value) for name, values in VALUES.items() for value in values]


def check(response: httpx.Response, param: str) -> None:
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert (error["param"], error["code"]) == (param, "invalid_request")


@pytest.mark.sample(20)
@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_refused_values(server: Server, name: str, value: Any) -> None:
    for path, body in DIALECTS.items():
        for streaming in (False, True):
            check(server.post(path, {**body, name: value, "stream": streaming}), name)


@pytest.mark.parametrize("name", [*VALUES, "logprobs"])
def test_numbers_that_are_none(server: Server, name: str) -> None:
    for number in (b"NaN", b"Infinity", b"-Infinity"):
        content = b'{"model": "demo", "prompt": "Hi", "%s": %s}' % (name.encode(), number)
        headers = {"Content-Type": "application/json"}
        response = server.client.post("/v1/completions", content=content, headers=headers)
        assert response.status_code == 400
        assert response.json()["error"]["code"] == "invalid_json"


@pytest.mark.parametrize("value", [21, -1, 10**6, 10**9, True, "5", 1.5])
def test_refused_counts_of_logprobs(server: Server, value: Any) -> None:
    for streaming in (False, True):
        chat = {**CHAT, "logprobs": True, "top_logprobs": value, "stream": streaming}
        check(server.post("/v1/chat/completions", chat), "top_logprobs")
        check(server.post("/v1/completions", {**TEXT, "logprobs": value, "stream": streaming}), "logprobs")


def test_top_logprobs_need_logprobs(server: Server) -> None:
    check(server.post("/v1/chat/completions", {**CHAT, "top_logprobs": 3}), "top_logprobs")


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("streaming", [False, True])
def test_a_bias_outside_the_vocabulary(server: Server, path: str, streaming: bool) -> None:
    body = {**DIALECTS[path], "stream": streaming, "logit_bias": {"999999": 1}}
    check(server.post(path, body), "logit_bias")


@pytest.mark.parametrize("path", DIALECTS)
def test_what_is_honoured_is_not_named_as_ignored(server: Server, path: str) -> None:
    fields = {
        "presence_penalty": 0.1,
        "frequency_penalty": -0.1,
        "repetition_penalty": 1.01,
        "logit_bias": {"5": 1},
        "ignore_eos": False,
        "priority": "background",
        "cache_salt": "salt",
        "cache_debug": False,
        "timeout": 60,
    }
    response = server.post(path, {**DIALECTS[path], **fields})
    assert response.status_code == 200, response.text
    assert "x-ignored-fields" not in response.headers


def test_a_sequence_goes_on_over_its_end(server: Server) -> None:
    body = {**CHAT, "max_tokens": 200, "temperature": 0}
    plain = server.post("/v1/chat/completions", body).json()
    assert plain["choices"][0]["finish_reason"] == "stop"
    longer = plain["usage"]["completion_tokens"] + 9
    body |= {"ignore_eos": True, "max_tokens": longer}
    on = server.post("/v1/chat/completions", body).json()
    assert (on["choices"][0]["finish_reason"], on["usage"]["completion_tokens"]) == ("length", longer)
    assert on["choices"][0]["message"]["content"].startswith(plain["choices"][0]["message"]["content"])


def test_a_credential_is_not_logged(server: Server) -> None:
    for headers in ({"Authorization": "Bearer sk-s3cret-one"}, {"x-api-key": "sk-s3cret-two"}):
        response = server.post("/v1/completions", TEXT, headers=headers)
        assert response.status_code == 200
        assert "s3cret" not in response.text + str(response.headers)
    assert "s3cret" not in server.log


@pytest.mark.parametrize("path", DIALECTS)
def test_streams_with_every_field_end_well(server: Server, path: str) -> None:
    body = {**DIALECTS[path], "cache_debug": True, "timeout": 60, "stream_options": {"include_usage": True}}
    answer = stream(server, path, body)
    assert answer.done
    assert answer.error is None
    assert answer.chunks[-1]["usage"]["prompt_tokens_details"]["cached_tokens"] >= 0
