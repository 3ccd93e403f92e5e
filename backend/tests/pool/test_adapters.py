"""Adapters beside models: which are offered, with which base, and why others are not."""

import json
from pathlib import Path
from typing import Any

import pytest
from model_folders import write_listed

from mlx_manager.mlx_server.pool.catalogue import Catalogue, Listing

NOWHERE = Path("/nonexistent")


def write_adapter(
    path: Path, base: str | None, *, weights: str = "adapters.safetensors", **config: Any
) -> Path:
    """As mlx-lm's training leaves it, but for its weights."""
    path.mkdir(parents=True)
    if base is not None:
        config["model"] = base
    (path / "adapter_config.json").write_text(json.dumps({"fine_tune_type": "lora", **config}))
    if weights:
        (path / weights).write_bytes(b"1234")
    return path


def scanned(*folders: Path, hub: Path | None = None) -> Listing:
    return Catalogue(folders, demo=NOWHERE, hub=hub).scan()


def test_an_adapter_is_offered_with_its_base(tmp_path: Path) -> None:
    base = write_listed(tmp_path / "base")
    write_listed(tmp_path / "other")
    adapter = write_adapter(tmp_path / "poet", "base")
    models = scanned(tmp_path).models
    assert list(models) == ["base", "other", "base+poet"]
    plain, adapted = models["base"], models["base+poet"]
    assert (adapted.path, adapted.adapter_path, plain.adapter_path) == (base, adapter, None)
    assert (adapted.weight_bytes, adapted.disk_bytes) == (plain.weight_bytes + 4, plain.disk_bytes + 4)
    assert adapted.family == plain.family
    assert adapted.key != plain.key
    catalogue = Catalogue([tmp_path], demo=NOWHERE, aliases={"p": "base+poet"})
    assert catalogue.resolve("p") == adapted


def test_a_change_of_either_is_noticed(tmp_path: Path) -> None:
    base = write_listed(tmp_path / "base")
    adapter = write_adapter(tmp_path / "poet", "base")
    catalogue = Catalogue([tmp_path], demo=NOWHERE)
    revisions = [catalogue.scan().models["base+poet"].revision]
    (adapter / "adapters.safetensors").write_bytes(b"12345")
    revisions.append(catalogue.scan().models["base+poet"].revision)
    (base / "tokenizer.json").write_text("{ }")
    revisions.append(catalogue.scan().models["base+poet"].revision)
    assert len({*revisions, catalogue.scan().models["base"].revision}) == 4
    assert catalogue.scan().models["base+poet"].revision == revisions[-1]


def test_a_base_is_named_in_several_ways(tmp_path: Path) -> None:
    folder = write_listed(tmp_path / "all" / "owner" / "name")
    write_listed(tmp_path / "all" / "local")
    by_path = [str(folder), f"{folder}/", f"{folder}/../name"]
    for index, base in enumerate(["owner/name", *by_path, "someone/local", "./local", "local"]):
        write_adapter(tmp_path / "all" / f"a{index}", base)
    found = [name for name in scanned(tmp_path / "all").models if "+" in name]
    assert found == [
        *("owner/name+a0", "owner/name+a1", "owner/name+a2", "owner/name+a3"),
        *("local+a4", "local+a5", "local+a6"),
    ]


@pytest.mark.parametrize("base", [None, "", "absent", "owner/absent", "/", ".", "\0", "name", "Owner/Name"])
def test_an_adapter_without_a_base_is_ignored(tmp_path: Path, base: str | None) -> None:
    write_listed(tmp_path / "all" / "owner" / "name")
    write_adapter(tmp_path / "all" / "x", base)
    write_adapter(tmp_path / "all" / "peft", None, weights="adapter_model.safetensors")
    listing = scanned(tmp_path / "all")
    assert list(listing.models) == ["owner/name"]
    assert listing.unusable == {}


@pytest.mark.parametrize("weights", ["adapter_model.safetensors", "adapter_model.bin"])
def test_pefts_format_is_not_read(tmp_path: Path, weights: str) -> None:
    write_listed(tmp_path / "base")
    write_adapter(tmp_path / "poet", None, weights=weights, base_model_name_or_path="org/base", r=8)
    listing = scanned(tmp_path)
    assert list(listing.models) == ["base"]
    found = listing.unusable["base+poet"]
    assert (found.path, found.is_incomplete) == (tmp_path / "poet", False)
    assert "PEFT's format" in found.reason


def test_an_adapter_whose_weights_are_not_there(tmp_path: Path) -> None:
    write_listed(tmp_path / "base")
    adapter = write_adapter(tmp_path / "poet", "base", weights="")
    found = scanned(tmp_path).unusable["base+poet"]
    assert (found.reason, found.is_incomplete) == ("the adapter's adapters.safetensors is not there", False)
    (adapter / "adapters.safetensors").symlink_to(tmp_path / "absent")
    assert scanned(tmp_path).unusable["base+poet"].is_incomplete


def test_an_adapter_of_the_cache(tmp_path: Path) -> None:
    write_listed(tmp_path / "all" / "base")
    repo = tmp_path / "hub" / "models--me--poet"
    write_adapter(repo / "snapshots" / "abc", "base")
    listing = scanned(tmp_path / "all", hub=tmp_path / "hub")
    assert list(listing.models) == ["base", "base+me/poet"]
    (repo / "snapshots" / "abc" / "adapters.safetensors").unlink()
    (repo / "blobs").mkdir()
    (repo / "blobs" / "x.incomplete").write_text("")
    listing = scanned(tmp_path / "all", hub=tmp_path / "hub")
    assert listing.unusable["base+me/poet"].is_incomplete


@pytest.mark.parametrize("config", ["", "{", "[]", '{"model": 5}', '{"model": ["base"]}'])
def test_a_strange_adapter_does_not_hide_the_others(tmp_path: Path, config: str) -> None:
    write_listed(tmp_path / "base")
    write_adapter(tmp_path / "good", "base")
    strange = write_adapter(tmp_path / "strange", "base")
    (strange / "adapter_config.json").write_text(config)
    assert list(scanned(tmp_path).models) == ["base", "base+good"]


def test_a_models_own_id_counts_before_an_adapters(tmp_path: Path) -> None:
    write_listed(tmp_path / "base")
    write_adapter(tmp_path / "poet", "base")
    own = write_listed(tmp_path / "base+poet")
    assert scanned(tmp_path).models["base+poet"].path == own
