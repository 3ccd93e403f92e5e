"""What a folder's files say of the model."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_folders import CONFIG, write_listed, write_loadable

from mlx_manager.mlx_server.domain.models import ModelDescription, Quantization, UnusableModel
from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.pool.model_files import describe
from mlx_manager.mlx_server.pool.safetensors_header import WeightsError
from mlx_manager.mlx_server.pool.weight_files import UnusableError, check_weights


def described(folder: Path) -> ModelDescription:
    model = describe("m", folder)
    assert isinstance(model, ModelDescription)
    return model


def refused(folder: Path) -> UnusableModel:
    model = describe("m", folder)
    assert isinstance(model, UnusableModel)
    assert (model.model_id, model.path) == ("m", folder)
    return model


def test_a_description(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / "model-00002.safetensors").write_bytes(b"1234")
    (folder / "other.safetensors").write_bytes(b"12345")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    os.utime(folder / "config.json", (0, 1_700_000_000))
    model = described(folder)
    assert (model.model_id, model.path, model.family) == ("m", folder, "llama")
    assert (model.context_length, model.weight_bytes, model.created) == (128, 12, 1_700_000_000)
    small = sum((folder / name).stat().st_size for name in ("config.json", "tokenizer.json"))
    assert model.disk_bytes == 12 + 5 + small
    assert not model.has_half_weights
    assert model.default_sampling == SamplingParams(temperature=1.0)
    assert (model.num_parameters, model.quantization, model.licence) == (0, None, None)
    assert model.capabilities == ()


def test_parameters_and_cache_of_a_real_model(tmp_path: Path) -> None:
    model = described(write_loadable(tmp_path / "m"))
    attention, mlp, norms = 16 * 16 + 8 * 16 * 2 + 16 * 16, 3 * 32 * 16, 3 * 16
    assert model.num_parameters == 32 * 16 + attention + mlp + norms
    assert model.kv_bytes_per_token == 2 * 1 * 1 * 8 * 2  # K and V, a layer, a head, its width, 16 bits
    assert model.weight_bytes == (tmp_path / "m" / "model.safetensors").stat().st_size


def test_the_revision_changes_with_any_file(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    seen = {described(folder).revision}
    assert {described(folder).revision} == seen
    os.utime(folder / "model.safetensors", (0, 1))
    seen.add(described(folder).revision)
    (folder / "tokenizer.json").write_text("{ }")
    seen.add(described(folder).revision)
    (folder / "chat_template.jinja").write_text("x")
    seen.add(described(folder).revision)
    (folder / "chat_template.jinja").rename(folder / "notes")
    seen.add(described(folder).revision)
    assert len(seen) == 5
    assert all(len(revision) == 16 and int(revision, 16) >= 0 for revision in seen)


@pytest.mark.parametrize(
    ("change", "half"),
    [
        ({"torch_dtype": "bfloat16"}, True),
        ({"torch_dtype": None, "dtype": "float16"}, True),
        ({"torch_dtype": None, "text_config": {"dtype": "bfloat16"}}, True),
        ({"torch_dtype": "bfloat16", "quantization": {"bits": 4}}, False),
        ({"torch_dtype": "float32"}, False),
    ],
)
def test_half_weights(tmp_path: Path, change: dict[str, Any], half: bool) -> None:
    assert described(write_listed(tmp_path / "m", CONFIG | change)).has_half_weights is half


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"quantization": {"bits": 4, "group_size": 64}}, Quantization(4, 64)),
        ({"quantization": {"bits": 4, "group_size": 32, "mode": "mxfp4"}}, Quantization(4, 32, "mxfp4")),
        ({"quantization": {"bits": 8, "group_size": 64, "lm_head": False}}, Quantization(8, 64)),
        ({"quantization_config": {"quant_method": "mxfp4"}}, Quantization(4, 32, "mxfp4")),
        ({"quantization_config": {"quant_method": "unheard-of"}}, None),
        ({"quantization": {"bits": True, "group_size": 64}}, None),
        ({"quantization": {"bits": 4}}, None),
        ({}, None),
    ],
)
def test_quantization(tmp_path: Path, change: dict[str, Any], wanted: Quantization | None) -> None:
    assert described(write_listed(tmp_path / "m", CONFIG | change)).quantization == wanted


def test_a_text_config_inside(tmp_path: Path) -> None:
    config = {"model_type": "gemma3", "text_config": {"max_position_embeddings": 77}}
    model = described(write_listed(tmp_path / "m", config))
    assert (model.family, model.context_length) == ("gemma3", 77)


@pytest.mark.parametrize("length", [None, 0, -1, "many", 1.5, True, 10**30])
def test_a_context_length_that_says_nothing(tmp_path: Path, length: Any) -> None:
    folder = write_listed(tmp_path / "m", CONFIG | {"max_position_embeddings": length})
    assert described(folder).context_length is None


@pytest.mark.parametrize(
    ("generation", "wanted"),
    [
        (None, SamplingParams()),
        ({}, SamplingParams()),
        ({"do_sample": False, "temperature": 0.7}, SamplingParams(temperature=0.0)),
        ({"do_sample": True, "temperature": 0.7, "top_k": 20}, SamplingParams(temperature=0.7, top_k=20)),
        ({"repetition_penalty": 1.1}, SamplingParams(repetition_penalty=1.1)),
        (
            {"do_sample": False, "repetition_penalty": 1.2},
            SamplingParams(temperature=0.0, repetition_penalty=1.2),
        ),
        ({"repetition_penalty": 0}, SamplingParams()),
        ({"repetition_penalty": -1.1}, SamplingParams()),
        ({"repetition_penalty": 11}, SamplingParams()),
        ({"repetition_penalty": True}, SamplingParams()),
        ('{"repetition_penalty": NaN}', SamplingParams()),
        ({"top_p": 0.8, "min_p": 0.05}, SamplingParams(top_p=0.8, min_p=0.05)),
        ({"temperature": None, "top_k": "x", "top_p": -1}, SamplingParams()),
        ('{"temperature": NaN}', SamplingParams()),
        ("[1]", SamplingParams()),
        ("{", SamplingParams()),
    ],
)
def test_default_sampling(tmp_path: Path, generation: Any, wanted: SamplingParams) -> None:
    assert described(write_listed(tmp_path / "m", generation=generation)).default_sampling == wanted


@pytest.mark.parametrize(
    ("card", "wanted"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# M", "apache-2.0"),
        ("---\nlicense: 'mit'\n---\n", "mit"),
        ("---\ntags: x\n---\nlicense: mit\n", None),
        ("# M\nlicense: mit\n", None),
        ("---\nlicense_name: qwen\n---\n", None),
        ("", None),
    ],
)
def test_the_licence_is_the_cards(tmp_path: Path, card: str, wanted: str | None) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / "README.md").write_text(card)
    assert described(folder).licence == wanted


# What cannot be offered


def test_missing_weights_are_counted(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "model-00002-of-00004.safetensors")
    model = refused(folder)
    assert model.is_incomplete
    assert "3 of its 4 weight files are missing, such as model-00001-of-00004.safetensors" in model.reason
    for number in (1, 3, 4):
        (folder / f"model-{number:05}-of-00004.safetensors").write_bytes(b"12345678")
    assert described(folder).weight_bytes == 32


def test_the_index_says_which_there_must_be(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    index = {"weight_map": {"a": "model.safetensors", "b": "model-b.safetensors", "c": "model-b.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert refused(folder).is_incomplete
    assert "1 of its 2 weight files are missing, such as model-b.safetensors" in refused(folder).reason
    (folder / "model-b.safetensors").write_bytes(b"12")
    assert described(folder).weight_bytes == 10


@pytest.mark.parametrize("index", ["", "{", '{"weight_map": []}', '{"weight_map": {}}', "[1]"])
def test_an_index_that_says_nothing(tmp_path: Path, index: str) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / "model.safetensors.index.json").write_text(index)
    assert described(folder).weight_bytes == 8


@pytest.mark.parametrize("index", ['{"weight_map": {"a": 1, "b": null, "c": "../secret", "d": "\\u0000"}}'])
def test_an_index_that_lies(tmp_path: Path, index: str) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / "model.safetensors.index.json").write_text(index)
    assert refused(folder).is_incomplete


def test_names_that_promise_very_many_files(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / f"model-00001-of-{10**18}.safetensors").write_bytes(b"12")
    assert refused(folder).is_incomplete


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "merges.txt"])
def test_a_link_to_nothing_is_an_incomplete_download(tmp_path: Path, name: str) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "blobs" / "absent")
    model = refused(folder)
    assert model.is_incomplete
    assert name in model.reason


def test_other_links_to_nothing_do_not_matter(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    for name in ("picture.png", "consolidated.safetensors", "README.md"):
        (folder / name).symlink_to(tmp_path / "absent")
    assert described(folder).weight_bytes == 8


@pytest.mark.parametrize(
    ("name", "reason"), [("tokenizer.json", "no tokenizer"), ("config.json", "names no model_type")]
)
def test_a_missing_file_is_named(tmp_path: Path, name: str, reason: str) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / name).unlink()
    model = refused(folder)
    assert not model.is_incomplete
    assert reason in model.reason


def test_weights_of_another_format(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    model = refused(folder)
    assert not model.is_incomplete
    assert "another format: pytorch_model.bin" in model.reason


def test_a_folder_without_weights_is_no_model(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    assert describe("m", folder) is None
    assert describe("m", tmp_path / "absent") is None
    assert describe("m", folder / "config.json") is None


def test_a_pipe_among_the_files_is_not_waited_for(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    for name in ("README.md", "generation_config.json", "chat_template.jinja"):
        os.mkfifo(folder / name)
    assert described(folder).licence is None
    (folder / "model.safetensors").unlink()
    os.mkfifo(folder / "model.safetensors")
    assert refused(folder).is_incomplete


def test_weights_are_checked_without_reading_them(tmp_path: Path) -> None:
    check_weights(write_loadable(tmp_path / "good"))
    with pytest.raises(WeightsError, match=r"model\.safetensors"):
        check_weights(write_listed(tmp_path / "damaged"))
    (tmp_path / "damaged" / "model.safetensors").rename(
        tmp_path / "damaged" / "model-00001-of-00002.safetensors"
    )
    with pytest.raises(UnusableError, match="missing"):
        check_weights(tmp_path / "damaged")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
KEYS = (
    *("model_type", "text_config", "torch_dtype", "max_position_embeddings", "vision_config", "layer_types"),
    *("quantization", "quantization_config", "num_hidden_layers", "num_attention_heads", "block_configs"),
    *("bits", "group_size", "mode", "quant_method", "kv_lora_rank", "linear_attn_config", "hidden_size"),
    *("added_tokens_decoder", "chat_template", "template", "content", "temperature", "repetition_penalty"),
)
OBJECTS = st.dictionaries(
    st.sampled_from(KEYS), JSON | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4), max_size=6
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=OBJECTS, tokenizer=OBJECTS, generation=OBJECTS, index=JSON)
def test_whatever_the_files_say_there_is_an_answer(
    tmp_path: Path, config: Any, tokenizer: Any, generation: Any, index: Any
) -> None:
    folder = tmp_path / "m"
    if not folder.exists():
        write_loadable(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"} | config))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (folder / "generation_config.json").write_text(json.dumps(generation))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    found = describe("m", folder)
    assert isinstance(found, ModelDescription | UnusableModel)
    if isinstance(found, ModelDescription):
        assert isinstance(config.get("model_type", "llama"), str)
        assert found.num_parameters > 0
        assert found.kv_bytes_per_token >= 0
