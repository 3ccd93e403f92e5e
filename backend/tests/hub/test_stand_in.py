"""The stand-in speaks the hub's protocol: huggingface_hub itself is content with it."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from mlx_manager.hub.site import hugging_face
from tests.hub_stand_in import HubStandIn

QWEN = "mlx-community/Qwen3-0.6B-4bit"
GATED = "mlx-community/Gated-4bit"


@pytest.fixture
def api(stand_in: HubStandIn) -> HfApi:
    hugging_face()  # with the network, whatever a test before has said
    return HfApi(endpoint=stand_in.url, token="hf_good")


def test_lists_and_pages(api: HfApi) -> None:
    every = [model.id for model in api.list_models(filter="mlx", sort="downloads")]
    assert every[0] == QWEN
    assert [model.id for model in api.list_models(filter="mlx", sort="downloads", limit=3)] == every[:3]
    (found,) = api.list_models(search="qwen3 8bit", expand=["safetensors", "gated", "config"])
    assert found.safetensors is not None
    assert found.safetensors.total == 8192 // 4
    assert found.config == {
        "model_type": "qwen3",
        "architectures": ["Qwen3ForCausalLM"],
        "quantization_config": {"bits": 8, "group_size": 64},
    }


def test_a_model_and_its_files(api: HfApi, stand_in: HubStandIn) -> None:
    info = api.model_info(QWEN, files_metadata=True)
    repo = stand_in.repositories[QWEN]
    listed = {sibling.rfilename: sibling for sibling in info.siblings or []}
    weights = listed["model.safetensors"]
    assert weights.lfs is not None
    assert (weights.size, weights.lfs.sha256) == (
        len(repo.contents["model.safetensors"]),
        repo.files["model.safetensors"].sha256,
    )
    assert listed["config.json"].blob_id == repo.files["config.json"].blob_id
    tree = {entry.path for entry in api.list_repo_tree(QWEN, recursive=True)}
    assert tree == set(repo.contents)
    assert api.whoami()["name"] == "somebody"
    api.auth_check(GATED)


def test_files(stand_in: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hugging_face()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    repo = stand_in.repositories[QWEN]
    folder = Path(snapshot_download(QWEN, endpoint=stand_in.url, cache_dir=tmp_path, token=False))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == repo.contents
    asked = [each for each in stand_in.asked if each.path.endswith("model.safetensors")]
    assert [(each.host, each.method) for each in asked] == [("hub", "HEAD"), ("files", "GET")]


def test_refusals(api: HfApi, stand_in: HubStandIn, tmp_path: Path) -> None:
    stranger = HfApi(endpoint=stand_in.url, token=False)
    with pytest.raises(HfHubHTTPError, match="401"):
        stranger.model_info("nobody/nothing")
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("nobody/nothing")
    with pytest.raises(RevisionNotFoundError):
        api.model_info(QWEN, revision="v9")
    with pytest.raises(HfHubHTTPError, match="401"):
        HfApi(endpoint=stand_in.url, token="hf_bad").model_info(QWEN)
    with pytest.raises(GatedRepoError):
        hf_hub_download(GATED, "config.json", endpoint=stand_in.url, cache_dir=tmp_path, token=False)
    with pytest.raises(EntryNotFoundError):
        hf_hub_download(QWEN, "nothing.json", endpoint=stand_in.url, cache_dir=tmp_path, token=False)


def test_as_a_program() -> None:
    command = [sys.executable, "-m", "tests.hub_stand_in", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with httpx.Client(base_url=url, trust_env=False) as client:
                assert len(client.get("/api/models").json()) == 10
                fault = {"kind": "status", "where": "/api/models", "status": 503}
                assert client.post("/_faults", json=fault).status_code == 200
                assert client.get("/api/models").status_code == 503
                assert client.get("/api/models").status_code == 200
                client.post("/_faults", json=fault)
                client.post("/_faults/clear", json={})
                assert client.get("/api/models").status_code == 200
                assert [asked["status"] for asked in client.get("/_asked").json()] == [200, 503, 200, 200]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
