"""Fields of a Responses request: honoured, refused by name, or named as ignored."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatPrompt, Priority, SamplingOverrides
from mlx_manager.mlx_server.protocols.openai_responses.parse import (
    ParsedResponses,
    parse_responses,
    read_request,
)


def parse(**fields: Any) -> ParsedResponses:
    return parse_responses(read_request({"model": "m", "input": "hi", **fields}), "req_1", "tenant")


def test_the_least() -> None:
    request = parse().generation
    assert (request.request_id, request.model, request.tenant) == ("req_1", "m", "tenant")
    assert (request.max_tokens, request.top_logprobs, request.prompt_field) == (None, None, "input")
    assert request.sampling == SamplingOverrides()
    assert parse().ignored == []


@pytest.mark.parametrize(
    ("fields", "attribute", "wanted"),
    [
        ({"max_output_tokens": 5}, "max_tokens", 5),
        ({"max_output_tokens": 10**12}, "max_tokens", 2**31 - 1),
        ({"max_tokens": 5}, "max_tokens", 5),
        ({"max_tokens": 5, "max_output_tokens": 6}, "max_tokens", 6),
        ({"temperature": 0, "top_p": 0.5}, "sampling", SamplingOverrides(temperature=0, top_p=0.5)),
        ({"top_k": -1, "min_p": 0.5, "seed": 3}, "sampling", SamplingOverrides(top_k=0, min_p=0.5, seed=3)),
        ({"presence_penalty": 1}, "sampling", SamplingOverrides(presence_penalty=1)),
        ({"stop": "x"}, "stop", ("x",)),
        ({"priority": "background"}, "priority", Priority.BACKGROUND),
        ({"cache_salt": "s"}, "cache_salt", "s"),
        ({"cache_debug": True}, "explain_cache", True),
        ({"timeout": 3}, "timeout_s", 3),
        ({"keep_alive": "5m"}, "keep_alive_s", 300),
        ({"include": ["message.output_text.logprobs"]}, "top_logprobs", 0),
        ({"include": ["message.output_text.logprobs"], "top_logprobs": 3}, "top_logprobs", 3),
        ({"top_logprobs": 0}, "top_logprobs", None),
    ],
)
def test_fields(fields: dict[str, Any], attribute: str, wanted: Any) -> None:
    parsed = parse(**fields)
    assert getattr(parsed.generation, attribute) == wanted
    assert parsed.ignored == []


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "xhigh", "max"])
def test_effort(effort: str) -> None:
    prompt = parse(reasoning={"effort": effort}).generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    [hint] = prompt.hints
    assert (hint.path, hint.variables["reasoning_effort"]) == ("reasoning.effort", effort)


def test_template_kwargs() -> None:
    prompt = parse(chat_template_kwargs={"enable_thinking": True}).generation.prompts[0]
    assert isinstance(prompt, ChatPrompt)
    assert prompt.template_kwargs == {"enable_thinking": True}


@pytest.mark.parametrize(
    "fields",
    [
        {"background": False},
        {"background": None},
        {"conversation": None},
        {"prompt": None},
        {"n": 1},
        {"text": {"format": {"type": "text"}}},
        {"text": {"format": None}},
        {"text": None},
        {"reasoning": None},
        {"reasoning": {"effort": None}},
        {"tools": None},
        {"tool_choice": "none"},
        {"parallel_tool_calls": True},
        {"store": True},
        {"store": False},
        {"metadata": {"a": "b"}},
        {"metadata": {str(number): "x" * 512 for number in range(16)}},
        {"truncation": "disabled"},
        {"include": ["reasoning.encrypted_content"]},
        {"include": None},
        {"stream_options": {}},
    ],
)
def test_fields_that_are_taken(fields: dict[str, Any]) -> None:
    assert parse(**fields).ignored == []


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ({"user": "u"}, ["user"]),
        ({"safety_identifier": "s"}, ["safety_identifier"]),
        ({"prompt_cache_key": "k"}, ["prompt_cache_key"]),
        ({"prompt_cache_retention": "24h"}, ["prompt_cache_retention"]),
        ({"client_metadata": {"a": 1}}, ["client_metadata"]),
        ({"service_tier": "auto"}, ["service_tier"]),
        ({"max_tool_calls": 3}, ["max_tool_calls"]),
        ({"context_management": [{"type": "compaction"}]}, ["context_management"]),
        ({"thought_of_tomorrow": {}}, ["thought_of_tomorrow"]),
        ({"truncation": "auto"}, ["truncation"]),
        ({"text": {"verbosity": "low"}}, ["text.verbosity"]),
        (
            {"reasoning": {"summary": "auto", "context": "x", "generate_summary": "auto"}},
            ["reasoning.summary", "reasoning.context", "reasoning.generate_summary"],
        ),
        ({"stream_options": {"include_obfuscation": False}}, ["stream_options.include_obfuscation"]),
        ({"stream_options": {"include_usage": True}}, ["stream_options.include_usage"]),
        ({"top_logprobs": 3}, ["top_logprobs"]),
        (
            {"include": ["reasoning.encrypted_content", "file_search_call.results", "x"]},
            ["include.1", "include.2"],
        ),
    ],
)
def test_fields_without_effect_are_named(fields: dict[str, Any], ignored: list[str]) -> None:
    assert parse(**fields).ignored == ignored


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"n": 2}, "n"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"min_tokens": 3}, "min_tokens"),
    ],
)
def test_unsupported_fields(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(**fields)
    assert (caught.value.code, caught.value.param) == (ErrorCode.UNSUPPORTED_FIELD, param)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"input": 1}, "input"),
        ({"input": ["hi"]}, "input.0"),
        ({"input": None}, "input"),
        ({"instructions": ["x"]}, "instructions"),
        ({"previous_response_id": 1}, "previous_response_id"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": "5"}, "max_output_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"include": "x"}, "include"),
        ({"include": [1]}, "include.0"),
        ({"text": {"format": "json"}}, "text.format"),
        ({"text": {"format": {}}}, "text.format"),
        ({"text": "short"}, "text"),
        ({"reasoning": {"effort": "heroic"}}, "reasoning.effort"),
        ({"reasoning": "high"}, "reasoning"),
        ({"store": "yes"}, "store"),
        ({"stream": 1}, "stream"),
        ({"parallel_tool_calls": 1}, "parallel_tool_calls"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: ""}}, "metadata"),
        ({"metadata": {"k": "v" * 513}}, "metadata"),
        ({"truncation": "middle"}, "truncation"),
        ({"chat_template_kwargs": {"messages": []}}, "chat_template_kwargs"),
    ],
)
def test_refused_fields(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(**fields)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, param)
    assert caught.value.message.startswith(param)
