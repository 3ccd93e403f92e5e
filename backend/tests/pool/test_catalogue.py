"""What is offered, and what a strange folder must not break."""

import os
from pathlib import Path
from typing import Any

import pytest
from model_folders import CONFIG, write_listed

from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.pool.catalogue import Catalogue, describe


def ids(*folders: Path, demo: Path = Path("/nonexistent")) -> list[str]:
    return [model.model_id for model in Catalogue(folders, demo=demo).list()]


def test_a_description(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "m")
    (folder / "model-00002.safetensors").write_bytes(b"1234")
    (folder / "other.safetensors").write_bytes(b"1234")
    os.utime(folder / "config.json", (0, 1_700_000_000))
    model = describe("m", folder)
    assert model is not None
    assert (model.model_id, model.path, model.family) == ("m", folder, "llama")
    assert (model.context_length, model.weight_bytes, model.created) == (128, 12, 1_700_000_000)
    assert not model.has_half_weights
    assert model.default_sampling == SamplingParams(temperature=1.0)


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
    model = describe("m", write_listed(tmp_path / "m", CONFIG | change))
    assert model is not None
    assert model.has_half_weights is half


def test_a_text_config_inside(tmp_path: Path) -> None:
    config = {"model_type": "gemma3", "text_config": {"max_position_embeddings": 77}}
    model = describe("m", write_listed(tmp_path / "m", config))
    assert model is not None
    assert (model.family, model.context_length) == ("gemma3", 77)


@pytest.mark.parametrize("length", [None, 0, -1, "many", 1.5])
def test_a_context_length_that_says_nothing(tmp_path: Path, length: Any) -> None:
    folder = write_listed(tmp_path / "m", CONFIG | {"max_position_embeddings": length})
    model = describe("m", folder)
    assert model is not None
    assert model.context_length is None


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
    model = describe("m", write_listed(tmp_path / "m", generation=generation))
    assert model is not None
    assert model.default_sampling == wanted


def test_folders_of_models_and_models(tmp_path: Path) -> None:
    demo = write_listed(tmp_path / "demo-files")
    single = write_listed(tmp_path / "one")
    write_listed(tmp_path / "many" / "b")
    write_listed(tmp_path / "many" / "a")
    (tmp_path / "many" / "a file").write_text("")
    assert ids(tmp_path / "many", single, tmp_path / "absent", demo=demo) == ["demo", "a", "b", "one"]


def test_one_id_one_model(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    demo = write_listed(tmp_path / "demo-files")
    write_listed(tmp_path / "x" / "m")
    write_listed(tmp_path / "y" / "m")
    write_listed(tmp_path / "y" / "demo")
    catalogue = Catalogue([tmp_path / "x", tmp_path / "y"], demo=demo)
    assert [model.model_id for model in catalogue.list()] == ["demo", "m"]
    model = catalogue.get("m")
    assert model is not None
    assert model.path == tmp_path / "x" / "m"
    assert "is hidden" in caplog.text


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_an_incomplete_folder_is_not_offered(tmp_path: Path, name: str) -> None:
    folder = write_listed(tmp_path / "all" / "m")
    assert ids(tmp_path / "all") == ["m"]
    (folder / name).unlink()
    assert ids(tmp_path / "all") == []
    assert ids(folder) == []


def test_a_new_folder_appears(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    catalogue = Catalogue([tmp_path / "all"], demo=tmp_path / "no")
    assert catalogue.list() == []
    write_listed(tmp_path / "all" / "new")
    assert catalogue.get("new") is not None


def test_an_id_is_no_path(tmp_path: Path) -> None:
    write_listed(tmp_path / "all" / "m")
    write_listed(tmp_path / "secret")
    catalogue = Catalogue([tmp_path / "all"], demo=tmp_path / "no")
    for model_id in ("../secret", "./m", "m/", str(tmp_path / "secret"), "", "M"):
        assert catalogue.get(model_id) is None


@pytest.mark.parametrize(
    "config",
    [
        "{",
        "[]",
        "null",
        '"llama"',
        "",
        "[" * 100_000,
        "{}",
        {"hidden_size": 1},
        {"model_type": "x", "text_config": "none"},
        {"model_type": "x", "text_config": [1]},
        {"model_type": ["x"]},
    ],
)
def test_a_strange_config_does_not_hide_the_others(tmp_path: Path, config: Any) -> None:
    write_listed(tmp_path / "all" / "good")
    write_listed(tmp_path / "all" / "strange", config)
    assert "good" in ids(tmp_path / "all")


@pytest.mark.parametrize(
    "generation", ['{"top_k": Infinity}', '{"temperature": 1e999}', '{"top_k": 1e300}', '{"top_p": true}']
)
def test_a_strange_generation_config_does_not_hide_the_others(tmp_path: Path, generation: str) -> None:
    write_listed(tmp_path / "all" / "good")
    write_listed(tmp_path / "all" / "strange", generation=generation)
    assert "good" in ids(tmp_path / "all")


def test_links_that_lead_nowhere_do_not_hide_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    write_listed(folder / "good")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "self").symlink_to(folder)
    (folder / "gone").symlink_to(tmp_path / "absent")
    weights = write_listed(folder / "half-downloaded") / "model.safetensors"
    weights.unlink()
    weights.symlink_to(tmp_path / "absent-blob")
    config = write_listed(folder / "no-config") / "config.json"
    config.unlink()
    config.symlink_to(config)
    assert "good" in ids(folder)
    assert ids(folder / "loop", folder) == ids(folder)


def test_a_linked_model_is_offered(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "linked").symlink_to(write_listed(tmp_path / "elsewhere"))
    assert ids(tmp_path / "all") == ["linked"]


def test_broken_bytes_in_a_config(tmp_path: Path) -> None:
    write_listed(tmp_path / "all" / "good")
    (write_listed(tmp_path / "all" / "bytes") / "config.json").write_bytes(b'{"model_type": "\xff"}')
    assert ids(tmp_path / "all") == ["good"]
