"""What the hub says of a model, and what it says wrongly."""

from typing import Any

import pytest

from mlx_manager.hub.about import model_of, quantization_of


@pytest.mark.parametrize(
    ("config", "tags", "name", "expected"),
    [
        ({"quantization": {"bits": 4, "group_size": 64}}, ["8-bit"], "a/x", "4-bit"),
        ({"quantization_config": {"bits": 6}}, [], "a/x", "6-bit"),
        ({"quantization": {"bits": 4, "mode": "mxfp4"}}, [], "a/x", "mxfp4"),
        ({"quantization_config": {"quant_method": "mxfp4"}}, [], "a/x", "mxfp4"),
        ({}, ["mlx", "8-bit"], "a/x", "8-bit"),
        ({}, [], "mlx-community/Qwen3-0.6B-4bit", "4-bit"),
        ({}, [], "a/gemma-3-bf16", "bf16"),
        ({}, [], "a/Model-fp16-mlx", "fp16"),
        ({}, [], "a/gpt-oss-20b-MXFP4-Q8", "mxfp4"),
        ({}, [], "4bit/model", None),
        ({}, [], "a/orbit-4bitter", None),
        ({"quantization": "yes"}, [], "a/x", None),
    ],
)
def test_quantization(config: dict[str, Any], tags: list[str], name: str, expected: str | None) -> None:
    assert quantization_of(config, tags, name) == expected


def test_the_size_is_that_of_the_numbers_in_the_weights() -> None:
    model = model_of({"id": "a/x", "safetensors": {"parameters": {"BF16": 10, "U32": 5}, "total": 50}})
    assert model is not None
    assert model.size_bytes == 40


@pytest.mark.parametrize(
    "said",
    [
        {"safetensors": {"parameters": {"NEW8": 3}}},
        {"safetensors": {"parameters": {"BF16": "many"}}},
        {"safetensors": []},
        {"config": "x", "tags": {"a": 1}, "downloads": "9", "likes": -1, "createdAt": "yesterday"},
        {"siblings": ["x", {"rfilename": None}], "gated": "perhaps", "author": 7, "sha": 1},
    ],
)
def test_what_is_of_the_wrong_type_is_as_if_it_were_not_said(said: dict[str, Any]) -> None:
    model = model_of({"id": "a/x"} | said)
    assert model is not None
    assert model.size_bytes is None
    assert (model.author, model.downloads, model.likes, model.created_at) == ("a", 0, 0, None)
    assert (model.files, model.gated, model.tags) == ([], None, [])


@pytest.mark.parametrize("entry", [None, [], "x", {}, {"id": 5}])
def test_what_is_no_model_is_left_out(entry: Any) -> None:
    assert model_of(entry) is None
