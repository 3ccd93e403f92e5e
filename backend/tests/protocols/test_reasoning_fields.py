"""How much to reason, in the words of OpenAI's chat and of those who speak its dialect."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest
from mlx_manager.mlx_server.protocols.openai_chat.parse import parse_chat
from mlx_manager.mlx_server.protocols.openai_chat.schema import ChatCompletionRequest
from mlx_manager.mlx_server.protocols.openai_responses.parse import parse_responses, read_request

ON, OFF = {"enable_thinking": True, "thinking": True}, {"enable_thinking": False, "thinking": False}


def parse(**fields: Any) -> tuple[GenerationRequest, ChatCompletionRequest]:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    return parse_chat(body | fields, "req_1")


def hints(request: GenerationRequest) -> dict[str, Any]:
    (prompt,) = request.prompts
    assert isinstance(prompt, ChatPrompt)
    return {hint.path: dict(hint.variables) for hint in prompt.hints}


@pytest.mark.parametrize(
    ("fields", "wanted", "budget", "path"),
    [
        ({}, {}, None, ""),
        ({"enable_thinking": True}, {"enable_thinking": ON}, None, ""),
        ({"enable_thinking": False}, {"enable_thinking": OFF | {"thinking_budget": 0}}, None, ""),
        (
            {"thinking_budget": 99},
            {"thinking_budget": ON | {"thinking_budget": 99}},
            99,
            "thinking_budget",
        ),
        (
            {"thinking_token_budget": 0},
            {"thinking_token_budget": OFF | {"thinking_budget": 0}},
            0,
            "thinking_token_budget",
        ),
        # Beside a switch a budget is a bound and no more.
        (
            {"enable_thinking": False, "thinking_budget": 99},
            {"enable_thinking": OFF | {"thinking_budget": 0}},
            99,
            "thinking_budget",
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 5}},
            {"thinking": ON | {"thinking_budget": 5}},
            5,
            "thinking.budget_tokens",
        ),
        (
            {"reasoning": {"max_tokens": 7}},
            {"reasoning.max_tokens": ON | {"thinking_budget": 7}},
            7,
            "reasoning.max_tokens",
        ),
        ({"reasoning": {"enabled": True}}, {"reasoning.enabled": ON}, None, ""),
        (
            {"reasoning_effort": "low", "thinking": {"type": "disabled"}},
            {
                "reasoning_effort": {"reasoning_effort": "low", "thinking_budget": 1024},
                "thinking": OFF | {"thinking_budget": 0},
            },
            None,
            "",
        ),
    ],
)
def test_wishes(fields: dict[str, Any], wanted: dict[str, Any], budget: int | None, path: str) -> None:
    request, _ = parse(**fields)
    assert hints(request) == wanted
    assert (request.reasoning_budget, request.reasoning_budget_path) == (budget, path)


def test_the_least_of_several_budgets_keeps_all() -> None:
    request, _ = parse(thinking_budget=9, reasoning={"max_tokens": 4}, thinking_token_budget=7)
    assert (request.reasoning_budget, request.reasoning_budget_path) == (4, "reasoning.max_tokens")


@pytest.mark.parametrize("fields", [{"reasoning": {"effort": "none"}}, {"reasoning_effort": "minimal"}])
def test_the_least_efforts_are_none(fields: dict[str, Any]) -> None:
    request, _ = parse(**fields)
    [variables] = hints(request).values()
    assert variables.items() >= OFF.items()


@pytest.mark.parametrize(
    ("thinking", "ignored"),
    [
        ("on", ("thinking",)),
        ({"type": "sometimes"}, ("thinking",)),
        ({"type": "enabled", "budget_tokens": -1}, ("thinking.budget_tokens",)),
        ({"type": "enabled", "clear_thinking": True}, ("thinking.clear_thinking",)),
    ],
)
def test_what_is_unknown_of_thinking_is_named(thinking: Any, ignored: tuple[str, ...]) -> None:
    _, wire = parse(thinking=thinking)
    assert wire.reasoning_wish.ignored == ignored


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"reasoning_effort": "heroic"}, "reasoning_effort"),
        ({"reasoning": {"effort": "heroic"}}, "reasoning.effort"),
        ({"reasoning": {"max_tokens": -1}}, "reasoning.max_tokens"),
        ({"thinking_budget": "many"}, "thinking_budget"),
    ],
)
def test_what_is_wrong_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(**fields)
    assert caught.value.param == param


def test_responses_take_a_budget_too() -> None:
    wire = read_request({"model": "m", "input": "Hi", "reasoning": {"effort": "low", "max_tokens": 12}})
    request = parse_responses(wire, "req_1").generation
    assert (request.reasoning_budget, request.reasoning_budget_path) == (12, "reasoning.max_tokens")
    assert hints(request)["reasoning.effort"] == {"reasoning_effort": "low", "thinking_budget": 1024}
