"""Files that lie, lack or do not fit: the model says what is wrong with it, and the others go on."""

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.live.pool_server import NUM_LAYERS, Pool, text_body, write_tiny
from tests.live.server import Server, wait_until

GOOD, CACHED, PARTIAL = "good", "org/cached", "org/partial"


def no_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 4096)


def truncated(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def lying_offsets(folder: Path) -> None:
    def lie(header: dict[str, Any]) -> None:
        header["model.norm.weight"]["data_offsets"] = [2**40, 2**40 + 64]

    change_header(folder, lie)


def lying_shape(folder: Path) -> None:
    def lie(header: dict[str, Any]) -> None:
        header["model.embed_tokens.weight"]["shape"] = [32_000_000, 16]

    change_header(folder, lie)


def wrong_shape(folder: Path) -> None:
    """The header is true, and the config speaks of another model."""
    file = folder / "model.safetensors"
    weights = load_file(file)
    weights["model.embed_tokens.weight"] = weights["model.embed_tokens.weight"][:, :8].copy()
    save_file(weights, file)


def no_vocabulary(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()


def unsupported(folder: Path) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model_type": "no_such_family"}))


def no_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def change_header(folder: Path, lie: Any) -> None:
    """Rewrite a safetensors file with a changed header and the same tensors."""
    file = folder / "model.safetensors"
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    lie(header)
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


# Each with a word that its reason must have.
FAULTS = {
    no_safetensors: "safetensors",
    truncated: "safetensors",
    lying_offsets: "model.norm.weight",
    lying_shape: "model.embed_tokens.weight",
    no_tokenizer: "tokenizer",
    no_config: "model_type",
    wrong_shape: "shape",
    no_vocabulary: "tokenizer",
    unsupported: "no_such_family",
}
# These are found out before a worker is asked.
CHEAP = {no_safetensors, truncated, lying_offsets, lying_shape, no_tokenizer, no_config}


def name_of(fault: Any) -> str:
    """The id of the model that has it."""
    return str(fault.__name__).replace("_", "-")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of models and a Hugging Face cache."""
    root = tmp_path_factory.mktemp("files")
    write_tiny(root / "first" / GOOD, seed=1)
    write_tiny(root / "first" / "twin", seed=2)
    write_tiny(root / "second" / GOOD, seed=3)
    for fault in FAULTS:
        fault(write_tiny(root / "first" / name_of(fault)))
    write_adapter(root / "second" / "style")
    write_snapshot(root / "hf", CACHED)
    snapshot = write_snapshot(root / "hf", PARTIAL)
    (snapshot / "model.safetensors").unlink()
    (snapshot / "model-00001-of-00002.safetensors").symlink_to(snapshot / "../../blobs/first")
    (snapshot / "model-00002-of-00002.safetensors").symlink_to(snapshot / "../../blobs/second")
    shutil.copyfile(root / "first" / GOOD / "model.safetensors", snapshot / "../../blobs/first")
    return root


def write_adapter(folder: Path) -> None:
    """A LoRA adapter for the good model, as mlx-lm trains them."""
    folder.mkdir(parents=True)
    parameters = {"rank": 2, "scale": 20.0, "dropout": 0.0, "keys": ["self_attn.q_proj", "mlp.down_proj"]}
    config = {"model": GOOD, "fine_tune_type": "lora", "num_layers": 1, "lora_parameters": parameters}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    layer, random = f"model.layers.{NUM_LAYERS - 1}", np.random.default_rng(0)
    shapes = {"self_attn.q_proj": (16, 16), "mlp.down_proj": (32, 16)}
    weights = {}
    for name, (inputs, outputs) in shapes.items():
        weights[f"{layer}.{name}.lora_a"] = random.normal(0, 1, (inputs, 2)).astype(np.float32)
        weights[f"{layer}.{name}.lora_b"] = random.normal(0, 1, (2, outputs)).astype(np.float32)
    save_file(weights, folder / "adapters.safetensors")


def write_snapshot(home: Path, model_id: str) -> Path:
    """A model as Hugging Face's programs keep it; returns its folder."""
    repo = home / "hub" / f"models--{model_id.replace('/', '--')}"
    write_tiny(repo / "snapshots" / "0123abc")
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("0123abc")
    (repo / "blobs").mkdir()
    return repo / "snapshots" / "0123abc"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, folders: Path) -> Iterator[Pool]:
    """A server that is given all of them."""
    env = {
        "MLX_SERVER_MODEL_DIRS": json.dumps([str(folders / "first"), str(folders / "second")]),
        "MLX_SERVER_ALIASES": json.dumps({"gpt-4o": GOOD, "twin": GOOD}),
        "MLX_SERVER_PRELOAD": json.dumps([GOOD]),
        "HF_HOME": str(folders / "hf"),
        "HF_HUB_CACHE": "",
        "HUGGINGFACE_HUB_CACHE": "",
    }
    with Server(tmp_path_factory.mktemp("server"), env) as running:
        yield Pool(running)


def listed(files: Pool) -> set[str]:
    """Ids of `/v1/models`."""
    return {model["id"] for model in files.get("/v1/models")["data"]}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=name_of(fault), marks=() if fault in CHEAP else pytest.mark.full)
        for fault in FAULTS
        if fault is not unsupported
    ]
    + [pytest.param(unsupported, id=name_of(unsupported))],
)
def test_a_bad_model_says_what_is_wrong(files: Pool, fault: Any) -> None:
    name, before = name_of(fault), files.pid(GOOD)
    for stream in (False, True):
        refused = files.server.post("/v1/completions", text_body(name, stream=stream))
        assert refused.status_code == 503, refused.text
        error = refused.json()["error"]
        assert error["code"] == "model_load_failed"
        assert name in error["message"]
    view = files.model(name)
    assert view["status"] == "failed"
    assert FAULTS[fault] in view["reason"]
    assert "Traceback" not in view["reason"]
    assert files.answer(GOOD)
    assert files.pid(GOOD) == before
    assert files.server.client.get("/health").status_code == 200


@pytest.mark.full
def test_a_repaired_model_is_tried_again(files: Pool, folders: Path) -> None:
    folder = folders / "first" / "repaired"
    truncated(write_tiny(folder))
    wait_until(lambda: "repaired" in listed(files), "the new folder is listed")
    assert files.ask("repaired").status_code == 503
    assert files.model("repaired")["status"] == "failed"
    shutil.copyfile(folders / "first" / GOOD / "model.safetensors", folder / "model.safetensors")
    wait_until(lambda: files.ask("repaired").status_code == 200, "the repaired model answers")
    files.do("repaired", "unload")


def test_an_incomplete_download_is_shown_and_not_offered(files: Pool) -> None:
    view = files.model(PARTIAL)
    assert view["status"] == "incomplete"
    assert "model-00002-of-00002.safetensors" in view["reason"]
    assert PARTIAL in view["path"].replace("--", "/")
    assert PARTIAL not in listed(files)
    refused = files.ask(PARTIAL)
    assert refused.status_code == 503
    assert "model-00002-of-00002" in refused.json()["error"]["message"]


def test_a_model_of_the_cache_is_served(files: Pool) -> None:
    assert CACHED in listed(files)
    assert files.answer(CACHED)
    files.do(CACHED, "unload")


def test_a_download_that_is_completed_appears(files: Pool, folders: Path) -> None:
    snapshot = write_snapshot(folders / "hf", "org/late")
    weights = snapshot / "model.safetensors"
    content = weights.read_bytes()
    weights.unlink()
    weights.symlink_to(snapshot / "../../blobs/late")
    wait_until(lambda: files.models().get("org/late", {}).get("status") == "incomplete", "it is shown")
    (snapshot / "../../blobs/late").write_bytes(content)
    wait_until(lambda: "org/late" in listed(files), "it is offered")
    assert files.model("org/late")["status"] == "unloaded"


def test_a_new_folder_appears_and_a_deleted_one_goes(files: Pool, folders: Path) -> None:
    assert files.ask("fresh").status_code == 404
    write_tiny(folders / "second" / "fresh")
    assert "fresh" in listed(files)
    assert files.get("/v1/models/fresh")["status"] == "unloaded"
    shutil.rmtree(folders / "second" / "fresh")
    assert "fresh" not in listed(files)
    wait_until(lambda: files.ask("fresh").status_code == 404, "it is forgotten")


def test_a_model_whose_folder_has_gone_can_be_unloaded(files: Pool, folders: Path) -> None:
    folder = write_tiny(folders / "second" / "leaving")
    files.do("leaving", "load")
    pid = files.pid("leaving")
    folder.rename(folders / "elsewhere")
    wait_until(lambda: "leaving" not in listed(files), "it is not offered")
    assert files.pid("leaving") == pid
    assert files.do("leaving", "unload")["status"] == "unloaded"
    files.wait_gone(pid)


def test_duplicates_are_shown(files: Pool, folders: Path) -> None:
    view = files.model(GOOD)
    assert Path(view["path"]) == folders / "first" / GOOD
    assert [Path(path) for path in view["duplicates"]] == [folders / "second" / GOOD]


def test_an_alias_is_a_name(files: Pool) -> None:
    assert files.model(GOOD)["aliases"] == ["gpt-4o"]
    assert files.get("/v1/models/gpt-4o")["id"] == GOOD
    assert files.answer("gpt-4o") == files.answer(GOOD)


def test_a_name_that_collides_is_refused(files: Pool) -> None:
    for refused in (
        files.ask("twin"),
        files.command("twin", "load"),
        files.server.client.get("/v1/models/twin"),
    ):
        assert refused.status_code == 409
        error = refused.json()["error"]
        assert error["code"] == "model_name_collides"
        assert GOOD in error["message"]
    # It is not hidden: its owner sees both.
    assert "twin" in files.models()


def test_an_adapter_is_a_model_of_its_own(files: Pool, folders: Path) -> None:
    name = f"{GOOD}+style"
    assert name in listed(files)
    assert Path(files.model(name)["adapter_path"]) == folders / "second" / "style"
    plain = files.answer(GOOD, max_tokens=12)
    assert files.answer(name, max_tokens=12) != plain
    assert files.pid(name) != files.pid(GOOD)
    assert files.answer(GOOD, max_tokens=12) == plain
    files.do(name, "unload")
