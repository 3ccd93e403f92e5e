"""Completion bodies that are taken, and those that are refused with the field's name."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import InfillPrompt, TextPrompt, TokenPrompt
from mlx_manager.mlx_server.protocols.openai_completions.parse import parse_completion


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("text", TextPrompt("text")),
        ("", TextPrompt("")),
        (["text"], TextPrompt("text")),
        ([1, 2], TokenPrompt((1, 2))),
        ([[1, 2]], TokenPrompt((1, 2))),
        ([0], TokenPrompt((0,))),
    ],
)
def test_prompts(prompt: Any, wanted: TextPrompt | TokenPrompt) -> None:
    request, wire = parse_completion({"model": "m", "prompt": prompt, "max_tokens": 3}, "req_1")
    assert request.prompts == (wanted,)
    assert (request.max_tokens, wire.include_usage) == (3, False)


@pytest.mark.parametrize(
    "prompt",
    [None, [], [[]], [[1], []], ["x"] * 129, [-1], [True], [1.0], [1, "a"], {}, 3, [["a"]], [[[1]]]],
)
def test_refused_prompts(prompt: Any) -> None:
    with pytest.raises(ApiError) as caught:
        parse_completion({"model": "m", "prompt": prompt}, "r")
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, "prompt")


def test_several_prompts_and_choices() -> None:
    body = {"model": "m", "prompt": ["a", [1, 2]], "n": 3, "best_of": 3, "echo": True}
    request, wire = parse_completion(body, "r")
    assert request.prompts == (TextPrompt("a"), TokenPrompt((1, 2)))
    assert (request.num_choices, request.echo, wire.num_choices) == (3, True, 3)
    with pytest.raises(ApiError, match="129 choices") as caught:
        parse_completion({"model": "m", "prompt": ["a"] * 43, "n": 3}, "r")
    assert caught.value.param == "prompt"


def test_a_gap() -> None:
    request, _ = parse_completion({"model": "m", "prompt": ["a", "b"], "suffix": "z"}, "r")
    assert request.prompts == (InfillPrompt("a", "z"), InfillPrompt("b", "z"))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": [1], "suffix": "x"}, "suffix"),
        ({"echo": True, "suffix": "x"}, "suffix"),
        ({"echo": True, "logprobs": 0}, "logprobs"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": True}, "n"),
        ({"echo": 1}, "echo"),
        ({"suffix": 1}, "suffix"),
    ],
)
def test_refused_fields(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_completion({"model": "m", "prompt": "x", **fields}, "r")
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, param)


def test_a_prompt_is_needed() -> None:
    with pytest.raises(ApiError) as caught:
        parse_completion({"model": "m"}, "r")
    assert caught.value.param == "prompt"


@pytest.mark.parametrize(
    "fields",
    [{"top_logprobs": 1}, {"best_of": 2}, {"best_of": 2, "n": 3}, {"guided_whitespace_pattern": " "}],
)
def test_unsupported_fields(fields: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        parse_completion({"model": "m", "prompt": "x", **fields}, "r")
    assert (caught.value.code, caught.value.param) == (ErrorCode.UNSUPPORTED_FIELD, next(iter(fields)))


@pytest.mark.parametrize("fields", [{"echo": False}, {"suffix": ""}, {"logprobs": None}, {"best_of": 1}])
def test_neutral_fields(fields: dict[str, Any]) -> None:
    assert parse_completion({"model": "m", "prompt": "x", **fields}, "r")[0].model == "m"
