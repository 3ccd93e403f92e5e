"""The rule for fields: honoured, refused by name, or named as ignored. None is dropped in silence."""

import json
from typing import Any

import httpx
import pytest

from mlx_manager.mlx_server.protocols.openai_chat.schema import UNSUPPORTED as CHAT_UNSUPPORTED
from mlx_manager.mlx_server.protocols.openai_completions.schema import UNSUPPORTED as COMPLETION_UNSUPPORTED
from tests.live.server import Server

CHAT: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "Hi"}],
    "max_tokens": 1,
    "temperature": 0,
}
COMPLETION: dict[str, Any] = {"model": "demo", "prompt": "Hi", "max_tokens": 1, "temperature": 0}
DIALECTS = {
    "/v1/chat/completions": (CHAT, CHAT_UNSUPPORTED),
    "/v1/completions": (COMPLETION, COMPLETION_UNSUPPORTED),
}
REFUSED = [
    pytest.param(path, name, neutral, id=f"{path.rpartition('v1/')[2]}-{name}")
    for path, (_, table) in DIALECTS.items()
    for name, neutral in table.items()
]
VALUES: tuple[Any, ...] = (2, -1, 0, 1, 10**9, 0.5, True, False, "x", "", [1], [], ["text"], {"a": 1}, {})


def ignored(response: httpx.Response) -> set[str]:
    """The paths that `X-Ignored-Fields` names."""
    assert response.status_code == 200, response.text
    header = response.headers.get("x-ignored-fields")
    assert header != ""
    return set(header.split(", ")) if header else set()


@pytest.mark.sample(16)
@pytest.mark.parametrize(("path", "name", "neutral"), REFUSED)
def test_a_field_that_would_change_the_answer_is_refused(
    server: Server, path: str, name: str, neutral: tuple[Any, ...]
) -> None:
    written = {json.dumps(value) for value in neutral}
    for value in VALUES:
        if json.dumps(value) in written or (value == 0 and 0.0 in neutral and type(value) is int):
            continue
        for streaming in (False, True):
            body = {**DIALECTS[path][0], name: value, "stream": streaming}
            response = server.post(path, body)
            assert response.status_code == 400, (value, response.text)
            error = response.json()["error"]
            assert (error["param"], error["code"]) == (name, "unsupported_field")
            assert error["type"] == "invalid_request_error"


@pytest.mark.sample(16)
@pytest.mark.parametrize("path", DIALECTS)
def test_values_that_ask_for_nothing_are_taken(server: Server, path: str) -> None:
    body, table = DIALECTS[path]
    most = max(map(len, table.values()))
    for index in range(most + 1):  # one past the last: null everywhere
        neutral = {name: values[index] if index < len(values) else None for name, values in table.items()}
        assert ignored(server.post(path, {**body, **neutral})) == set()


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("streaming", [False, True])
def test_unknown_fields_are_named(server: Server, path: str, streaming: bool) -> None:
    body = {**DIALECTS[path][0], "stream": streaming}
    assert ignored(server.post(path, body)) == set()
    odd = {"user": "me", "store": None, "metadata": {"a": "b"}, "$odd[0]@name": 1}
    options = {"include_usage": True, "include_obfuscation": False}
    assert ignored(server.post(path, {**body, **odd, "stream_options": options})) == {
        *odd,
        "stream_options.include_obfuscation",
    }


def test_unknown_fields_inside_messages_are_named(server: Server) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "extra": 1,
        "function": {"name": "f", "arguments": "{}", "strict": True},
    }
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {}}], "foo": 1},
        {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None},
        {"role": "tool", "content": "done", "tool_call_id": "call_1"},
    ]
    assert ignored(server.post("/v1/chat/completions", {**CHAT, "messages": messages})) == {
        "messages.0.foo",
        "messages.0.content.0.cache_control",
        "messages.1.refusal",
        "messages.1.tool_calls.0.extra",
        "messages.1.tool_calls.0.function.strict",
    }


@pytest.mark.parametrize(
    "name",
    [
        "x\r\nX-Evil: 1",
        "x\nX-Evil: 1",
        "ünï",
        "日本語",
        "\x00",
        "a, b",
        "x" * 5000,
        "",
        " ",
        "\x7f",
        "é\r\n\r\n<p>",
    ],
)
def test_names_cannot_forge_headers(server: Server, name: str) -> None:
    for streaming in (False, True):
        response = server.post("/v1/completions", {**COMPLETION, name: 1, "stream": streaming})
        assert response.status_code == 200
        assert "x-evil" not in response.headers
        assert len(response.headers.get("x-ignored-fields", "")) < 4096


def test_the_header_is_bounded(server: Server) -> None:
    response = server.post("/v1/completions", {**COMPLETION, **{f"unknown_{n}": n for n in range(20_000)}})
    assert response.status_code == 200
    assert response.headers["x-ignored-fields"].endswith("...")
    assert len(response.headers["x-ignored-fields"]) < 4096


def test_reserved_template_variables_are_refused(server: Server) -> None:
    response = server.post("/v1/chat/completions", {**CHAT, "chat_template_kwargs": {"messages": []}})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "chat_template_kwargs"
    for harmless in ({}, {"enable_thinking": False}, None):
        response = server.post("/v1/chat/completions", {**CHAT, "chat_template_kwargs": harmless})
        assert response.status_code == 200


def test_a_template_variable_that_nobody_reads_is_named(server: Server) -> None:
    asked = {**CHAT, "chat_template_kwargs": {"enable_thinking": False, "mood": "calm"}}
    assert ignored(server.post("/v1/chat/completions", asked)) == {"chat_template_kwargs.mood"}
