"""Chat bodies that are taken, and those that are refused with the field's name."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest, SamplingOverrides
from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.engine import wire
from mlx_manager.mlx_server.protocols.openai_chat.parse import parse_chat

USER = {"role": "user", "content": "hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
ASSISTANT = {"role": "assistant", "content": None, "tool_calls": [CALL]}


def parse(*messages: Any, **fields: Any) -> GenerationRequest:
    return parse_chat({"model": "m", "messages": list(messages or [USER]), **fields}, "req_1")[0]


def prompt_of(*messages: Any) -> ChatPrompt:
    prompt = parse(*messages).prompts[0]
    assert isinstance(prompt, ChatPrompt)
    return prompt


def test_the_least() -> None:
    request = parse()
    assert (request.request_id, request.model, request.max_tokens, request.stop) == ("req_1", "m", None, ())
    assert request.sampling == SamplingOverrides()
    assert [(m.role, m.content) for m in prompt_of(USER).messages] == [("user", "hi")]


@pytest.mark.parametrize(
    ("fields", "attribute", "wanted"),
    [
        ({"max_tokens": 5}, "max_tokens", 5),
        ({"max_completion_tokens": 6}, "max_tokens", 6),
        ({"max_completion_tokens": 6, "max_tokens": 5}, "max_tokens", 6),
        ({"max_completion_tokens": None, "max_tokens": 5}, "max_tokens", 5),
        ({"stop": "x"}, "stop", ("x",)),
        ({"stop": ["x", "y"]}, "stop", ("x", "y")),
        ({"stop": None}, "stop", ()),
        ({"stop": []}, "stop", ()),
        ({"temperature": 0}, "sampling", SamplingOverrides(temperature=0)),
        ({"temperature": None, "top_p": 1}, "sampling", SamplingOverrides(top_p=1)),
        ({"top_k": -1, "min_p": 0.5, "seed": -3}, "sampling", SamplingOverrides(top_k=0, min_p=0.5, seed=-3)),
    ],
)
def test_fields(fields: dict[str, Any], attribute: str, wanted: Any) -> None:
    assert getattr(parse(**fields), attribute) == wanted


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"model": 1}, "model"),
        ({"model": "x" * 513}, "model"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "1"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_k": -2}, "top_k"),
        ({"min_p": 1.01}, "min_p"),
        ({"seed": 2**63}, "seed"),
        ({"seed": "1"}, "seed"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", ""]}, "stop"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": 3}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": True}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"chat_template_kwargs": {"chat_template": "x"}}, "chat_template_kwargs"),
        ({"chat_template_kwargs": {"tokenize": True}}, "chat_template_kwargs"),
        ({"chat_template_kwargs": []}, "chat_template_kwargs"),
    ],
)
def test_refused_fields(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(**fields) if "messages" not in fields else parse_chat({"model": "m", **fields}, "r")
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, param)
    assert caught.value.message.startswith(param)


@pytest.mark.parametrize(
    "fields",
    [
        {"min_tokens": 3},
        {"modalities": ["audio"]},
        {"functions": [{}]},
    ],
)
def test_unsupported_fields(fields: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        parse(**fields)
    assert (caught.value.code, caught.value.param) == (ErrorCode.UNSUPPORTED_FIELD, next(iter(fields)))


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": []},
        {"tool_choice": "auto"},
        {"response_format": {"type": "text"}},
        {"n": 1},
        {"user": "u"},
        {"chat_template_kwargs": {"enable_thinking": False}},
    ],
)
def test_fields_that_are_taken(fields: dict[str, Any]) -> None:
    assert parse(**fields).model == "m"


def test_messages() -> None:
    messages = prompt_of(
        {"role": "developer", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            "name": "Al",
        },
        ASSISTANT,
        {"role": "tool", "content": "8", "tool_call_id": "c1"},
        {"role": "assistant", "content": ""},
    ).messages
    assert [message.role for message in messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert [message.content for message in messages] == ["be brief", "ab", "", "8", ""]
    assert messages[1].name == "Al"
    assert messages[3].tool_call_id == "c1"
    assert messages[2].tool_calls == (ToolCall("c1", "f", '{"x": 1}'),)


@pytest.mark.parametrize("arguments", ["", "not json", "[" * 100_000, "1" * 10_000])
def test_arguments_are_taken_as_they_are(arguments: str) -> None:
    call = CALL | {"function": {"name": "f", "arguments": arguments}}
    message = prompt_of(USER, {"role": "assistant", "tool_calls": [call]}).messages[1]
    assert message.tool_calls[0].arguments == arguments


IMAGE = {"type": "image_url", "image_url": {"url": "data:,"}}


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([{"role": "robot", "content": "x"}], "messages.0.role"),
        ([{"content": "x"}], "messages.0.role"),
        ([USER, {"role": "user"}], "messages.1.content"),
        ([{"role": "user", "content": None}], "messages.0.content"),
        ([{"role": "user", "content": 3}], "messages.0.content"),
        ([{"role": "user", "content": [IMAGE]}], "messages.0.content"),
        ([{"role": "user", "content": ["x"]}], "messages.0.content"),
        ([USER, {"role": "user", "content": [{"type": "text"}]}], "messages.1.content.0.text"),
        ([{"role": "user", "content": "x", "tool_calls": [CALL]}], "messages.0.tool_calls"),
        ([{"role": "tool", "content": "x", "tool_call_id": "c1"}], "messages.0.tool_call_id"),
        ([ASSISTANT, {"role": "tool", "content": "x", "tool_call_id": "c2"}], "messages.1.tool_call_id"),
        ([ASSISTANT, {"role": "tool", "content": "x"}], "messages.1.tool_call_id"),
        ([{"role": "assistant", "tool_calls": [{"id": "c"}]}], "messages.0.tool_calls.0.function"),
        (["hi"], "messages.0"),
    ],
)
def test_refused_messages(messages: list[Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(*messages)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, param)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "top_k"])
@pytest.mark.parametrize("value", [2**31, 2**63 - 1, 2**63, 2**64, 2**70])
def test_enormous_numbers_are_refused_or_reach_the_worker(name: str, value: int) -> None:
    try:
        request = parse(**{name: value})
    except ApiError as error:
        assert (error.code, error.param) == (ErrorCode.INVALID_REQUEST, name)  # noqa: PT017
        return
    submit = wire.Submit(1, [1], request.max_tokens or 1, [], 1.0, request.sampling.top_k or 0, 1.0, 0.0, 0)
    assert wire.decode_command(wire.encode_frame(submit)[wire.HEADER_BYTES :]) == submit
    assert (request.sampling.top_k or 0) < 2**63
