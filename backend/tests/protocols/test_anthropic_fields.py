"""Fields of messages: honoured, refused by name, or named as ignored."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatPrompt, Priority, SamplingOverrides, TemplateHint
from mlx_manager.mlx_server.protocols.anthropic_messages.parse import Parsed, parse_messages


def parse(**fields: Any) -> Parsed:
    messages = [{"role": "user", "content": "hi"}]
    return parse_messages({"model": "m", "max_tokens": 9, "messages": messages, **fields}, "r")


def prompt_of(parsed: Parsed) -> ChatPrompt:
    (prompt,) = parsed.generation.prompts
    assert isinstance(prompt, ChatPrompt)
    return prompt


@pytest.mark.parametrize(
    ("fields", "attribute", "wanted"),
    [
        ({"max_tokens": 128_000}, "max_tokens", 128_000),
        ({"max_tokens": 2**70}, "max_tokens", 2**31 - 1),
        ({"stop_sequences": ["x", "\n\nHuman:"]}, "stop", ("x", "\n\nHuman:")),
        ({"stop_sequences": None}, "stop", ()),
        ({"stop_sequences": [str(number) for number in range(64)]}, "stop", tuple(map(str, range(64)))),
        ({"temperature": 0}, "sampling", SamplingOverrides(temperature=0)),
        ({"temperature": 1.0}, "sampling", SamplingOverrides(temperature=1)),
        ({"top_p": 0.5, "top_k": 0}, "sampling", SamplingOverrides(top_p=0.5, top_k=0)),
        ({"min_p": 0.5, "seed": -3}, "sampling", SamplingOverrides(min_p=0.5, seed=-3)),
        (
            {"presence_penalty": 1, "frequency_penalty": -1, "repetition_penalty": 1.5},
            "sampling",
            SamplingOverrides(presence_penalty=1, frequency_penalty=-1, repetition_penalty=1.5),
        ),
        ({"priority": "background"}, "priority", Priority.BACKGROUND),
        ({"cache_salt": "s"}, "cache_salt", "s"),
        ({"cache_debug": True}, "explain_cache", True),
        ({"timeout": 3}, "timeout_s", 3),
        ({"keep_alive": "5m"}, "keep_alive_s", 300),
    ],
)
def test_honoured(fields: dict[str, Any], attribute: str, wanted: Any) -> None:
    parsed = parse(**fields)
    assert getattr(parsed.generation, attribute) == wanted
    assert parsed.ignored == ()


def test_a_stream() -> None:
    assert parse(stream=True).is_stream
    assert not parse(stream=None).is_stream


def test_template_variables() -> None:
    assert prompt_of(parse(chat_template_kwargs={"x": 1})).template_kwargs == {"x": 1}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"system": 3}, "system"),
        ({"system": [{"type": "image"}]}, "system.0.type"),
        ({"system": [{"type": "text"}]}, "system.0.text"),
        ({"temperature": 1.1}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"stop_sequences": ["a", ""]}, "stop_sequences.1"),
        ({"stop_sequences": ["a"] * 65}, "stop_sequences"),
        ({"stream": 1}, "stream"),
        ({"tools": {}}, "tools"),
        ({"tools": [3]}, "tools.0"),
        ({"tools": [{"description": "x"}]}, "tools.0.name"),
        ({"tools": [{"name": "x", "input_schema": "x"}]}, "tools.0.input_schema"),
        ({"tools": [{"name": "x", "type": 3}]}, "tools.0.type"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({"chat_template_kwargs": {"messages": []}}, "chat_template_kwargs"),
        ({"keep_alive": "soon"}, "keep_alive"),
    ],
)
def test_refused(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(**fields)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, param)
    assert caught.value.message.startswith(param)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"stop": ["x"]}, "stop"),
        ({"min_tokens": 4}, "min_tokens"),
    ],
)
def test_what_would_change_the_answer_is_refused(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(**fields)
    assert (caught.value.code, caught.value.param) == (ErrorCode.UNSUPPORTED_FIELD, param)


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"metadata": {"user_id": '{"device_id": "x"}'}}, ["metadata"]),
        ({"context_management": {"edits": [{"type": "clear_thinking_20251015"}]}}, ["context_management"]),
        ({"safeguards": [], "speed": "fast"}, ["safeguards", "speed"]),
        ({"service_tier": "auto", "inference_geo": "eu"}, ["inference_geo", "service_tier"]),
        ({"container": "c", "mcp_servers": [{"url": "x"}]}, ["container", "mcp_servers"]),
        ({"from_next_week": {"a": [1]}}, ["from_next_week"]),
        ({"cache_control": {"type": "ephemeral"}}, []),
        ({"cache_control": {"type": "ephemeral", "ttl": "1h"}}, ["cache_control.ttl"]),
        (
            {"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
            ["system.0.cache_control.ttl"],
        ),
        (
            {"tools": [{"name": "a", "cache_control": {"type": "ephemeral", "ttl": "5m"}}]},
            ["tools.0.cache_control.ttl"],
        ),
        ({"output_format": None, "n": 1, "stop": []}, []),
    ],
)
def test_accepted_and_named(fields: dict[str, Any], paths: list[str]) -> None:
    assert sorted(parse(**fields).ignored) == paths


ON = {"enable_thinking": True, "thinking": True}
OFF = {"enable_thinking": False, "thinking": False, "thinking_budget": 0}


@pytest.mark.parametrize(
    ("thinking", "variables", "ignored"),
    [
        ({"type": "adaptive"}, ON, []),
        ({"type": "adaptive", "display": "omitted"}, ON, ["thinking.display"]),
        ({"type": "enabled", "budget_tokens": 31_999}, ON | {"thinking_budget": 31_999}, []),
        ({"type": "adaptive", "budget_tokens": 31_999}, ON, ["thinking.budget_tokens"]),
        ({"type": "enabled", "budget_tokens": True}, ON, ["thinking.budget_tokens"]),
        ({"type": "enabled", "budget_tokens": "many", "x": {}}, ON, ["thinking.budget_tokens", "thinking.x"]),
        ({"type": "disabled"}, OFF, []),
        ({"type": "from_next_week"}, None, ["thinking"]),
        ({"type": ["enabled"]}, None, ["thinking"]),
        ({}, None, ["thinking"]),
        (True, None, ["thinking"]),
        ([], None, ["thinking"]),
        (None, None, []),
    ],
)
def test_thinking_is_never_refused(thinking: Any, variables: Any, ignored: list[str]) -> None:
    parsed = parse(thinking=thinking)
    assert list(parsed.ignored) == ignored
    wanted = () if variables is None else (TemplateHint("thinking", variables),)
    assert prompt_of(parsed).hints == wanted
    budget = (variables or {}).get("thinking_budget") if thinking != {"type": "disabled"} else None
    assert parsed.generation.reasoning_budget == budget
    assert parsed.generation.reasoning_budget_path == ("thinking.budget_tokens" if budget else "")


@pytest.mark.parametrize("effort", ["low", "medium", "high", "xhigh", "max"])
def test_effort(effort: str) -> None:
    parsed = parse(output_config={"effort": effort, "format": None})
    assert parsed.ignored == ()
    [hint] = prompt_of(parsed).hints
    assert hint.path == "output_config.effort"
    assert hint.variables.items() >= {"reasoning_effort": effort, **ON}.items()


@pytest.mark.parametrize("effort", ["heroic", 3, [], {"level": "low"}])
def test_an_unknown_effort_is_named(effort: Any) -> None:
    parsed = parse(output_config={"effort": effort, "task_budget": {}})
    assert sorted(parsed.ignored) == ["output_config.effort", "output_config.task_budget"]
    assert prompt_of(parsed).hints == ()


def test_an_output_config_of_another_shape_is_named() -> None:
    assert parse(output_config="high").ignored == ("output_config",)


def test_the_effort_has_no_say_in_whether_to_think() -> None:
    parsed = parse(thinking={"type": "disabled"}, output_config={"effort": "high"})
    assert prompt_of(parsed).hints == (
        TemplateHint("output_config.effort", {"reasoning_effort": "high", "thinking_budget": 16384}),
        TemplateHint("thinking", OFF),
    )
