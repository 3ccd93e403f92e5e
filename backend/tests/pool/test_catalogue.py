"""What is offered, in which order, and what a strange folder must not break."""

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from model_folders import write_listed

from mlx_manager.mlx_server.pool import catalogue as catalogue_module
from mlx_manager.mlx_server.pool.catalogue import Catalogue

NOWHERE = Path("/nonexistent")


def of(*folders: Path, **options: Any) -> Catalogue:
    return Catalogue(folders, **({"demo": NOWHERE} | options))


def ids(*folders: Path, demo: Path = NOWHERE) -> list[str]:
    return [model.model_id for model in of(*folders, demo=demo).list()]


def test_folders_of_models_and_models(tmp_path: Path) -> None:
    demo = write_listed(tmp_path / "demo-files")
    single = write_listed(tmp_path / "one")
    write_listed(tmp_path / "many" / "b")
    write_listed(tmp_path / "many" / "a")
    write_listed(tmp_path / "many" / "owner" / "name")
    write_listed(tmp_path / "many" / ".hidden")
    write_listed(tmp_path / "many" / "x" / "too" / "deep")
    (tmp_path / "many" / "a file").write_text("")
    found = ids(tmp_path / "many", single, tmp_path / "absent", demo=demo)
    assert found == ["demo", "a", "b", "owner/name", "one"]


def test_one_id_one_model(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    demo = write_listed(tmp_path / "demo-files")
    write_listed(tmp_path / "x" / "m")
    write_listed(tmp_path / "y" / "m")
    write_listed(tmp_path / "y" / "demo")
    catalogue = of(tmp_path / "x", tmp_path / "y", demo=demo)
    for _ in range(2):
        listing = catalogue.scan()
        assert list(listing.models) == ["demo", "m"]
        assert listing.models["m"].path == tmp_path / "x" / "m"
        assert listing.duplicates == {"demo": [tmp_path / "y" / "demo"], "m": [tmp_path / "y" / "m"]}
    assert caplog.text.count("is hidden") == 2


def test_a_folder_that_is_named_twice_is_no_duplicate(tmp_path: Path) -> None:
    model = write_listed(tmp_path / "all" / "m")
    (tmp_path / "link").symlink_to(tmp_path / "all")
    listing = of(tmp_path / "all", model, tmp_path / "link", tmp_path / "all").scan()
    assert (list(listing.models), listing.duplicates) == (["m"], {})


def test_a_whole_folder_counts_before_an_incomplete_one(tmp_path: Path) -> None:
    (write_listed(tmp_path / "x" / "m") / "model.safetensors").rename(
        tmp_path / "x" / "m" / "model-00001-of-00002.safetensors"
    )
    whole = write_listed(tmp_path / "y" / "m")
    listing = of(tmp_path / "x", tmp_path / "y").scan()
    assert listing.models["m"].path == whole
    assert (listing.unusable, listing.duplicates) == ({}, {})
    shutil.rmtree(whole)
    listing = of(tmp_path / "x", tmp_path / "y").scan()
    assert listing.models == {}
    assert listing.unusable["m"].is_incomplete


def test_folders_come_change_and_go(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    catalogue = of(tmp_path / "all")
    assert catalogue.list() == []
    folder = write_listed(tmp_path / "all" / "new")
    [first] = catalogue.list()
    (folder / "model.safetensors").write_bytes(b"123456789")
    [second] = catalogue.list()
    assert (first.weight_bytes, second.weight_bytes) == (8, 9)
    assert first.revision != second.revision
    assert catalogue.list() == [second]
    (folder / "tokenizer.json").unlink()
    assert catalogue.scan().unusable["new"].reason == "it has no tokenizer"
    shutil.rmtree(folder)
    assert catalogue.scan() == of(NOWHERE).scan()


def test_what_has_not_changed_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(200):
        write_listed(tmp_path / "all" / f"m{index:03}")
    described: list[str] = []
    describe = catalogue_module.describe

    def counting(model_id: str, path: Path) -> Any:
        described.append(model_id)
        return describe(model_id, path)

    monkeypatch.setattr(catalogue_module, "describe", counting)
    catalogue = of(tmp_path / "all")
    first = catalogue.list()
    assert len(first) == 200
    described.clear()

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a file was opened")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        patch.setattr("builtins.open", refuse)
        assert catalogue.list() == first
    assert described == []
    (tmp_path / "all" / "m007" / "README.md").write_text("---\nlicense: mit\n---\n")
    assert catalogue.list()[7].licence == "mit"
    assert described == ["m007"]


def test_a_name_that_was_found_is_looked_up_without_a_scan(tmp_path: Path) -> None:
    now = 0.0
    catalogue = of(tmp_path, clock=lambda: now)
    folder = write_listed(tmp_path / "m")
    first = catalogue.resolve("m")
    (folder / "config.json").write_text('{"model_type": "other"}')
    assert catalogue.resolve("m") is first
    now = 60.0
    assert catalogue.resolve("m").family == "other"
    write_listed(tmp_path / "new")
    assert catalogue.resolve("new").model_id == "new"


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
        {"model_type": "x", "quantization": {"bits": 1e400, "group_size": -1}},
        {"model_type": "x", "quantization": [4], "quantization_config": 4},
        {"model_type": "x", "quantization_config": {"quant_method": ["mxfp4"]}},
        {"model_type": "x", "num_hidden_layers": 10**400, "num_attention_heads": True},
        {"model_type": "x", "num_attention_heads": 3, "hidden_size": "wide", "layer_types": [None, {}]},
        {"model_type": "x", "num_hidden_layers": float("nan"), "kv_lora_rank": float("inf")},
        {"model_type": "x", "vision_config": 0, "audio_config": "loud"},
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
    assert ids(tmp_path / "all") == ["good", "strange"]


def test_a_fault_of_ours_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    describe = catalogue_module.describe

    def failing(model_id: str, path: Path) -> Any:
        if model_id == "bad":
            raise KeyError("surprise")
        return describe(model_id, path)

    monkeypatch.setattr(catalogue_module, "describe", failing)
    for name in ("bad", "good"):
        write_listed(tmp_path / name)
    catalogue = of(tmp_path)
    for _ in range(2):
        listing = catalogue.scan()
        assert list(listing.models) == ["good"]
        assert "surprise" in listing.unusable["bad"].reason
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1


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
    listing = of(folder / "loop", folder).scan()
    assert list(listing.models) == ["good"]
    assert {name: found.is_incomplete for name, found in listing.unusable.items()} == {
        "half-downloaded": True,
        "no-config": True,
    }


def test_a_linked_model_is_offered(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "linked").symlink_to(write_listed(tmp_path / "elsewhere"))
    assert ids(tmp_path / "all") == ["linked"]


def test_broken_bytes_in_a_config(tmp_path: Path) -> None:
    write_listed(tmp_path / "all" / "good")
    (write_listed(tmp_path / "all" / "bytes") / "config.json").write_bytes(b'{"model_type": "\xff"}')
    assert ids(tmp_path / "all") == ["good"]
