"""Completion bodies that are taken, and those that are refused with the field's name."""

from typing import Any

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import TextPrompt, TokenPrompt
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
    assert request.prompts[0] == wanted
    assert (request.max_tokens, wire.include_usage) == (3, False)


@pytest.mark.parametrize(
    "prompt",
    [None, [], [[]], ["a", "b"], [[1], [2]], [-1], [True], [1.0], [1, "a"], {}, 3, [["a"]], [[[1]]]],
)
def test_refused_prompts(prompt: Any) -> None:
    with pytest.raises(ApiError) as caught:
        parse_completion({"model": "m", "prompt": prompt}, "r")
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_REQUEST, "prompt")


def test_a_prompt_is_needed() -> None:
    with pytest.raises(ApiError) as caught:
        parse_completion({"model": "m"}, "r")
    assert caught.value.param == "prompt"


@pytest.mark.parametrize(
    "fields", [{"echo": True}, {"suffix": "x"}, {"top_logprobs": 1}, {"best_of": 2}, {"n": 3}]
)
def test_unsupported_fields(fields: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        parse_completion({"model": "m", "prompt": "x", **fields}, "r")
    assert (caught.value.code, caught.value.param) == (ErrorCode.UNSUPPORTED_FIELD, next(iter(fields)))


@pytest.mark.parametrize("fields", [{"echo": False}, {"suffix": ""}, {"logprobs": None}, {"best_of": 1}])
def test_neutral_fields(fields: dict[str, Any]) -> None:
    assert parse_completion({"model": "m", "prompt": "x", **fields}, "r")[0].model == "m"
